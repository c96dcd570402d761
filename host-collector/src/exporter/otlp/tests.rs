use super::*;
use crate::model::{
    Attribute, Event, Link, PROCESS_WARNINGS, Resource, SERVICE_NAME, SPAN_WARNINGS, Span, SpanId,
    Status, TraceId, Value, testing,
};
use proptest::prelude::*;
use prost::Message;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The messages of opentelemetry-proto, declared once more and by other means.
mod proto {
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Request {
        #[prost(message, repeated, tag = "1")]
        pub(super) resource_spans: Vec<ResourceSpans>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ResourceSpans {
        #[prost(message, optional, tag = "1")]
        pub(super) resource: Option<Resource>,
        #[prost(message, repeated, tag = "2")]
        pub(super) scope_spans: Vec<ScopeSpans>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Resource {
        #[prost(message, repeated, tag = "1")]
        pub(super) attributes: Vec<KeyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct ScopeSpans {
        #[prost(message, repeated, tag = "2")]
        pub(super) spans: Vec<Span>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) span_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "4")]
        pub(super) parent_span_id: Vec<u8>,
        #[prost(string, tag = "5")]
        pub(super) name: String,
        #[prost(int32, tag = "6")]
        pub(super) kind: i32,
        #[prost(fixed64, tag = "7")]
        pub(super) start: u64,
        #[prost(fixed64, tag = "8")]
        pub(super) end: u64,
        #[prost(message, repeated, tag = "9")]
        pub(super) attributes: Vec<KeyValue>,
        #[prost(uint32, tag = "10")]
        pub(super) dropped_attributes: u32,
        #[prost(message, repeated, tag = "11")]
        pub(super) events: Vec<Event>,
        #[prost(uint32, tag = "12")]
        pub(super) dropped_events: u32,
        #[prost(message, repeated, tag = "13")]
        pub(super) links: Vec<Link>,
        #[prost(uint32, tag = "14")]
        pub(super) dropped_links: u32,
        #[prost(message, optional, tag = "15")]
        pub(super) status: Option<Status>,
        #[prost(fixed32, tag = "16")]
        pub(super) flags: u32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Event {
        #[prost(fixed64, tag = "1")]
        pub(super) time: u64,
        #[prost(string, tag = "2")]
        pub(super) name: String,
        #[prost(message, repeated, tag = "3")]
        pub(super) attributes: Vec<KeyValue>,
        #[prost(uint32, tag = "4")]
        pub(super) dropped_attributes: u32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Link {
        #[prost(bytes = "vec", tag = "1")]
        pub(super) trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub(super) span_id: Vec<u8>,
        #[prost(message, repeated, tag = "4")]
        pub(super) attributes: Vec<KeyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Status {
        #[prost(string, tag = "2")]
        pub(super) message: String,
        #[prost(int32, tag = "3")]
        pub(super) code: i32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct KeyValue {
        #[prost(string, tag = "1")]
        pub(super) key: String,
        #[prost(message, optional, tag = "2")]
        pub(super) value: Option<AnyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct AnyValue {
        #[prost(oneof = "Kind", tags = "1, 2, 3, 4, 5, 7")]
        pub(super) value: Option<Kind>,
    }
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub(super) enum Kind {
        #[prost(string, tag = "1")]
        Str(String),
        #[prost(bool, tag = "2")]
        Bool(bool),
        #[prost(int64, tag = "3")]
        Int(i64),
        #[prost(double, tag = "4")]
        Double(f64),
        #[prost(message, tag = "5")]
        Array(Array),
        #[prost(bytes, tag = "7")]
        Bytes(Vec<u8>),
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub(super) struct Array {
        #[prost(message, repeated, tag = "1")]
        pub(super) values: Vec<AnyValue>,
    }
}

/// The attributes of the model, and the warnings that stand among them.
fn attributes(list: Vec<proto::KeyValue>, key: &str) -> (Vec<Attribute>, Vec<Arc<str>>) {
    let (mut attributes, mut warnings) = (Vec::new(), Vec::new());
    for item in list {
        let value = match item.value.unwrap().value.unwrap() {
            proto::Kind::Str(text) => Value::from(text),
            proto::Kind::Bool(value) => Value::Bool(value),
            proto::Kind::Int(value) => Value::Int(value),
            proto::Kind::Double(value) => Value::Double(value),
            proto::Kind::Bytes(bytes) => Value::from(&*bytes),
            proto::Kind::Array(array) => {
                assert_eq!(item.key, key);
                warnings.extend(array.values.into_iter().map(|value| match value.value {
                    Some(proto::Kind::Str(text)) => Arc::from(text),
                    other => panic!("{other:?}"),
                }));
                continue;
            }
        };
        attributes.push(Attribute::new(item.key, value));
    }
    (attributes, warnings)
}

fn kind(number: i32) -> crate::model::Kind {
    use crate::model::Kind::{Client, Consumer, Internal, Producer, Server, Unspecified};
    [Unspecified, Internal, Server, Client, Producer, Consumer][usize::try_from(number).unwrap()]
}

fn span_of(span: proto::Span) -> Span {
    let id = |bytes: Vec<u8>| SpanId(bytes.try_into().unwrap());
    let (attributes_, warnings) = attributes(span.attributes, SPAN_WARNINGS);
    Span {
        trace_id: TraceId(span.trace_id.try_into().unwrap()),
        span_id: id(span.span_id),
        parent_span_id: (!span.parent_span_id.is_empty()).then(|| id(span.parent_span_id)),
        name: span.name.into(),
        kind: kind(span.kind),
        start_ns: span.start,
        end_ns: span.end,
        attributes: attributes_,
        dropped_attributes: span.dropped_attributes,
        events: span
            .events
            .into_iter()
            .map(|event| Event {
                time_ns: event.time,
                name: event.name.into(),
                attributes: attributes(event.attributes, "").0,
                dropped_attributes: event.dropped_attributes,
            })
            .collect(),
        dropped_events: span.dropped_events,
        links: span
            .links
            .into_iter()
            .map(|link| Link {
                trace_id: TraceId(link.trace_id.try_into().unwrap()),
                span_id: id(link.span_id),
                attributes: attributes(link.attributes, "").0,
            })
            .collect(),
        dropped_links: span.dropped_links,
        status: match span.status.map(|status| (status.code, status.message)) {
            None => Status::Unset,
            Some((1, _)) => Status::Ok,
            Some((2, message)) => Status::Error(message.into()),
            Some(other) => panic!("{other:?}"),
        },
        flags: span.flags,
        warnings,
    }
}

proptest! {
    #[test]
    fn protobuf_decodes_to_the_same_model(trace in testing::trace()) {
        let request = proto::Request::decode(&*to_protobuf(&trace.batches)).unwrap();
        let sent: Vec<_> =
            trace.batches.into_iter().filter(|batch| !batch.spans.is_empty()).collect();
        prop_assert_eq!(request.resource_spans.len(), sent.len());
        for (got, batch) in request.resource_spans.into_iter().zip(sent) {
            let (mut tags, warnings) =
                attributes(got.resource.unwrap().attributes, PROCESS_WARNINGS);
            let name = tags.remove(0);
            prop_assert_eq!(&*name.key, SERVICE_NAME);
            let service_name = name.value.as_str().unwrap().clone();
            let resource = Resource { service_name, attributes: tags, warnings };
            prop_assert_eq!(&resource, &*batch.resource);
            let [scope]: [_; 1] = got.scope_spans.try_into().unwrap();
            let spans: Vec<_> = scope.spans.into_iter().map(span_of).collect();
            prop_assert_eq!(spans, batch.spans);
        }
    }

    #[test]
    fn json_and_protobuf_say_the_same(trace in testing::trace()) {
        let json: Json = serde_json::from_slice(&to_json(&trace.batches)).unwrap();
        let proto = proto::Request::decode(&*to_protobuf(&trace.batches)).unwrap();
        for (index, resource_spans) in proto.resource_spans.iter().enumerate() {
            let json = &json["resourceSpans"][index];
            let resource = resource_spans.resource.as_ref().unwrap();
            let tags = json["resource"]["attributes"].as_array().unwrap();
            prop_assert_eq!(tags.len(), resource.attributes.len());
            for (index, span) in resource_spans.scope_spans[0].spans.iter().enumerate() {
                let json = &json["scopeSpans"][0]["spans"][index];
                let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                prop_assert_eq!(&json["traceId"], &hex(&span.trace_id));
                prop_assert_eq!(json["parentSpanId"].as_str().unwrap_or(""), &hex(&span.parent_span_id));
                prop_assert_eq!(json["startTimeUnixNano"].as_str().unwrap_or("0"), span.start.to_string());
                prop_assert_eq!(json["kind"].as_i64().unwrap_or(0), i64::from(span.kind));
                let code = span.status.as_ref().map_or(0, |status| status.code);
                prop_assert_eq!(json["status"]["code"].as_i64().unwrap_or(0), i64::from(code));
                let count = |key: &str| json[key].as_array().map_or(0, Vec::len);
                prop_assert_eq!(count("attributes"), span.attributes.len());
                prop_assert_eq!(count("events"), span.events.len());
            }
        }
    }

    #[test]
    fn any_answer_is_understood(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = partial_success(&bytes);
    }
}

#[test]
fn json_is_as_the_mapping_has_it() {
    let tags = [
        Attribute::new("int", i64::MIN),
        Attribute::new("double", 0.5),
        Attribute::new("nan", f64::NAN),
        Attribute::new("bytes", &[1_u8, 2][..]),
    ];
    let mut span = Span::new(TraceId([0xab; 16]), SpanId([0xcd; 8]), "read".into(), [5, 9])
        .with_tags(tags.to_vec());
    span.warnings.push("partial".into());
    let batch = Batch {
        source: testing::source(1),
        resource: Arc::new(Resource::new("sensor", Vec::new())),
        spans: vec![span],
    };
    let expected = json!({"resourceSpans": [{
        "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "sensor"}}]},
        "scopeSpans": [{"scope": {}, "spans": [{
            "traceId": "ab".repeat(16), "spanId": "cd".repeat(8), "name": "read",
            "startTimeUnixNano": "5", "endTimeUnixNano": "9",
            "attributes": [
                {"key": "int", "value": {"intValue": "-9223372036854775808"}},
                {"key": "double", "value": {"doubleValue": 0.5}},
                {"key": "nan", "value": {"doubleValue": "NaN"}},
                {"key": "bytes", "value": {"bytesValue": "AQI="}},
                {"key": "@jaeger@warnings",
                 "value": {"arrayValue": {"values": [{"stringValue": "partial"}]}}},
            ],
            "status": {},
        }]}],
    }]});
    assert_eq!(serde_json::from_slice::<Json>(&to_json([&batch])).unwrap(), expected);
}

#[test]
fn a_partial_success_is_read() {
    let mut writer = Writer::default();
    writer.message(1, |partial| {
        partial.varint(1, 3);
        partial.bytes(2, b"too old");
    });
    assert_eq!(partial_success(&writer.into_bytes()), (3, "too old".to_owned()));
    assert_eq!(partial_success(&[]), (0, String::new()));
}
