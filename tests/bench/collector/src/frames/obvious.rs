//! The obvious way: decode a frame, look names up in maps, build what prost derives, encode that.
//!
//! It keeps no count of what is lost, waits for nothing, and takes the clock as it comes first: it does
//! less than a collector must.

use anyhow::{Context as _, Result};
use prost::Message as _;
use spandrel::wire::{self, Body, NameRef, Parent, Process, Record, TraceRef, Value};
use spandrel::{DeviceId, Session, SpanId, TraceId};
use std::collections::HashMap;

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(fixed64, tag = "7")]
    start_time_unix_nano: u64,
    #[prost(fixed64, tag = "8")]
    end_time_unix_nano: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(fixed32, tag = "16")]
    flags: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AnyValue {
    #[prost(oneof = "One", tags = "1, 2, 3, 4, 7")]
    value: Option<One>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum One {
    #[prost(string, tag = "1")]
    Str(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
    #[prost(bytes = "vec", tag = "7")]
    Bytes(Vec<u8>),
}

/// What is known of one device.
#[derive(Default)]
pub(super) struct Collector {
    device: DeviceIdentity,
    sites: HashMap<u16, Vec<String>>,
    names: HashMap<u16, String>,
}

#[derive(Default)]
struct DeviceIdentity {
    known: Option<(DeviceId, Session, u32)>,
    service: String,
    process: Vec<u8>,
    /// The host's time when the device's clock was 0.
    zero_ns: u64,
}

impl Collector {
    /// Takes a frame; the request that it makes, empty where there are no spans in it.
    pub(super) fn take(&mut self, bytes: &[u8], at_ns: u64) -> Result<Vec<u8>> {
        match wire::decode(bytes)?.body {
            Body::Hello(hello) => self.device.hear(&hello, at_ns),
            Body::Data(data) => return self.spans(&data.records),
            _ => {}
        }
        Ok(Vec::new())
    }

    fn spans(&mut self, records: &[Record<'_>]) -> Result<Vec<u8>> {
        let mut spans = Vec::new();
        for record in records {
            match record {
                Record::Define(define) => self.define(define),
                Record::Span(span) => spans.extend(self.span(span)),
                _ => {}
            }
        }
        let service = One::Str(self.device.service.clone());
        let resource = Resource { attributes: vec![key_value("service.name".into(), service)] };
        let resource_spans =
            ResourceSpans { resource: Some(resource), scope_spans: vec![ScopeSpans { spans }] };
        Ok(Request { resource_spans: vec![resource_spans] }.encode_to_vec())
    }

    fn define(&mut self, define: &wire::Define<'_>) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if define.is_name {
            self.names.insert(define.id, text(define.bytes));
            return;
        }
        let (mut strings, mut rest) = (Vec::new(), define.bytes);
        while let [length, more @ ..] = rest
            && let Some((string, more)) = more.split_at_checked(usize::from(*length))
        {
            strings.push(text(string));
            rest = more;
        }
        self.sites.insert(define.id, strings);
    }

    fn span(&self, span: &wire::SpanRecord<'_>) -> Option<Span> {
        let (device, session, hz) = self.device.known?;
        let head = &span.head;
        let site = self.sites.get(&head.site.id)?;
        let trace_id = match head.trace {
            TraceRef::Own(root) => TraceId::expand(device, session, root),
            TraceRef::Remote(trace) => trace,
        };
        let parent_span_id = match head.parent {
            Parent::Local(parent) => SpanId::expand(device, session, parent).0.to_vec(),
            _ => Vec::new(),
        };
        let time_ns = |ticks: u64| {
            let ns = u128::from(ticks) * 1_000_000_000 / u128::from(hz);
            self.device.zero_ns + u64::try_from(ns).unwrap_or(u64::MAX)
        };
        let values = site.iter().skip(1).zip(&span.values);
        let attributes = values.map(|(key, value)| key_value(key.clone(), self.value(value)));
        Some(Span {
            trace_id: trace_id.0.to_vec(),
            span_id: SpanId::expand(device, session, head.own).0.to_vec(),
            parent_span_id,
            name: site.first()?.clone(),
            start_time_unix_nano: time_ns(head.start_ticks),
            end_time_unix_nano: time_ns(head.start_ticks + head.duration_ticks),
            attributes: attributes.collect(),
            flags: 1,
        })
    }

    fn value(&self, value: &Value<'_>) -> One {
        match value {
            Value::Bool(value) => One::Bool(*value),
            Value::I32(value) => One::Int((*value).into()),
            Value::U32(value) => One::Int((*value).into()),
            Value::I64(value) => One::Int(*value),
            Value::U64(value) => One::Int(value.cast_signed()),
            Value::F32(value) => One::Double((*value).into()),
            Value::F64(value) => One::Double(*value),
            Value::Static(NameRef::Id(id)) | Value::CutStatic(NameRef::Id(id)) => {
                One::Str(self.names.get(id).cloned().unwrap_or_default())
            }
            Value::Static(NameRef::Inline(text)) | Value::CutStatic(NameRef::Inline(text)) => {
                One::Str((*text).to_owned())
            }
            Value::Text(text) | Value::CutText(text) => One::Str((*text).to_owned()),
            Value::Bytes(bytes) | Value::CutBytes(bytes) => One::Bytes((*bytes).to_owned()),
        }
    }
}

fn key_value(key: String, value: One) -> KeyValue {
    KeyValue { key, value: Some(AnyValue { value: Some(value) }) }
}

impl DeviceIdentity {
    fn hear(&mut self, hello: &wire::Hello<'_>, at_ns: u64) {
        let session = Session::new(hello.session);
        if self.known.is_none() {
            self.known = Some((DeviceId(hello.device), session, hello.clock_hz));
            let up_ns = hello.sent_ticks * 1_000 / u64::from(hello.clock_hz / 1_000_000).max(1);
            self.zero_ns = at_ns.saturating_sub(up_ns);
        }
        // It fits one hello.
        self.process.clear();
        self.process.extend_from_slice(hello.process);
        type Read<'a> = Process<'a, Vec<(&'a str, Value<'a>)>>;
        let read: Result<Read<'_>, _> = wire_process(&self.process);
        if let Ok(read) = read {
            self.service = read.service.to_owned();
        }
    }
}

fn wire_process(bytes: &[u8]) -> Result<Process<'_, Vec<(&str, Value<'_>)>>> {
    postcard::from_bytes(bytes).context("the description is no postcard")
}
