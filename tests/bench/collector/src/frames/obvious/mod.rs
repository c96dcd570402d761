//! The obvious way: decode a frame, look names up in maps, build what others derive, encode that.
//!
//! It keeps no count of what is lost, waits for nothing, and takes the clock as it comes first: it does
//! less than a collector must.

mod jaeger;
mod otlp;

use anyhow::{Context as _, Result};
use spandrel::wire::{self, Body, NameRef, Parent, Process, Record, TraceRef, Value};
use spandrel::{DeviceId, Session, SpanId, TraceId};
use std::collections::HashMap;

pub(super) use jaeger::encode as jaeger_json;
pub(super) use otlp::encode as otlp;

/// Makes bytes of a service and its spans.
pub(super) type Encode = fn(&str, &mut dyn Iterator<Item = Facts<'_>>) -> Result<Vec<u8>>;

/// What is known of one span.
pub(super) struct Facts<'a> {
    trace_id: TraceId,
    span_id: SpanId,
    parent: Option<SpanId>,
    name: &'a str,
    start_ns: u64,
    end_ns: u64,
    keys: &'a [String],
    values: &'a [Value<'a>],
    names: &'a HashMap<u16, String>,
}

/// A value whose name is known.
enum Fact<'a> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
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
    /// Takes a frame; what is made of it, empty where there are no spans in it.
    pub(super) fn take(&mut self, bytes: &[u8], at_ns: u64, encode: Encode) -> Result<Vec<u8>> {
        match wire::decode(bytes)?.body {
            Body::Hello(hello) => self.device.hear(&hello, at_ns),
            Body::Data(data) => {
                for record in &data.records {
                    if let Record::Define(define) = record {
                        self.define(define);
                    }
                }
                let mut spans = data.records.iter().filter_map(|record| match record {
                    Record::Span(span) => self.facts(span),
                    _ => None,
                });
                return encode(&self.device.service, &mut spans);
            }
            _ => {}
        }
        Ok(Vec::new())
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

    fn facts<'a>(&'a self, span: &'a wire::SpanRecord<'a>) -> Option<Facts<'a>> {
        let (device, session, hz) = self.device.known?;
        let head = &span.head;
        let [name, keys @ ..] = self.sites.get(&head.site.id)?.as_slice() else { return None };
        let time_ns = |ticks: u64| {
            let ns = u128::from(ticks) * 1_000_000_000 / u128::from(hz);
            self.device.zero_ns + u64::try_from(ns).unwrap_or(u64::MAX)
        };
        Some(Facts {
            trace_id: match head.trace {
                TraceRef::Own(root) => TraceId::expand(device, session, root),
                TraceRef::Remote(trace) => trace,
            },
            span_id: SpanId::expand(device, session, head.own),
            parent: match head.parent {
                Parent::Local(parent) => Some(SpanId::expand(device, session, parent)),
                _ => None,
            },
            name,
            start_ns: time_ns(head.start_ticks),
            end_ns: time_ns(head.start_ticks + head.duration_ticks),
            keys,
            values: &span.values,
            names: &self.names,
        })
    }
}

impl<'a> Facts<'a> {
    fn tags(&self) -> impl Iterator<Item = (&'a str, Fact<'a>)> {
        let names = self.names;
        let values = self.values.iter().map(|value| Fact::of(value, names));
        self.keys.iter().map(String::as_str).zip(values)
    }
}

impl<'a> Fact<'a> {
    fn of(value: &Value<'a>, names: &'a HashMap<u16, String>) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::I32(value) => Self::Int((*value).into()),
            Value::U32(value) => Self::Int((*value).into()),
            Value::I64(value) => Self::Int(*value),
            Value::U64(value) => Self::Int(value.cast_signed()),
            Value::F32(value) => Self::Double((*value).into()),
            Value::F64(value) => Self::Double(*value),
            Value::Static(NameRef::Id(id)) | Value::CutStatic(NameRef::Id(id)) => {
                Self::Str(names.get(id).map_or("", String::as_str))
            }
            Value::Static(NameRef::Inline(text)) | Value::CutStatic(NameRef::Inline(text)) => {
                Self::Str(text)
            }
            Value::Text(text) | Value::CutText(text) => Self::Str(text),
            Value::Bytes(bytes) | Value::CutBytes(bytes) => Self::Bytes(bytes),
        }
    }
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
