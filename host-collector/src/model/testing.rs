//! Random models for property tests: every type of value, hostile strings, times at the edges.

use super::opentracing::{Log, RefType, Reference};
use super::*;
use proptest::prelude::*;

/// The first boot of a device.
pub(crate) fn source(device: u64) -> Source {
    Source { device: DeviceId(device), session: Session::new(1) }
}

pub(crate) fn text() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![
        4 => "[a-z.]{1,8}",
        1 => any::<String>(),
        1 => Just(String::new()),
        1 => "[\\x00-\\x1f\"\\\\<>&]{1,4}",
    ]
    .prop_map(Arc::from)
}

pub(crate) fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-1000..1000_i64).prop_map(Value::Int),
        prop::num::f64::ANY.prop_map(Value::Double),
        text().prop_map(Value::Str),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(|bytes| Value::Bytes(bytes.into())),
    ]
}

pub(crate) fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    prop::collection::vec((text(), value()), 0..5)
        .prop_map(|list| list.into_iter().map(|(key, value)| Attribute { key, value }).collect())
}

fn tags() -> impl Strategy<Value = Vec<Attribute>> {
    let known = prop_oneof![
        Just(Attribute::new("span.kind", "client")),
        Just(Attribute::new("span.kind", "nonsense")),
        Just(Attribute::new("error", true)),
        Just(Attribute::new("error", false)),
        Just(Attribute::new("http.status_code", 503_i64)),
        text().prop_map(|text| Attribute::new("otel.status_description", text)),
    ];
    (attributes(), prop::collection::vec(known, 0..3)).prop_map(|(mut tags, known)| {
        tags.extend(known);
        tags
    })
}

pub(crate) fn resource() -> impl Strategy<Value = Arc<Resource>> {
    (text(), attributes(), prop::collection::vec(text(), 0..2)).prop_map(
        |(name, attributes, warnings)| {
            Arc::new(Resource { warnings, ..Resource::new(&name, attributes) })
        },
    )
}

/// A span of trace `id`; few span ids, so that parents and links are found now and then.
pub(crate) fn span(id: TraceId) -> impl Strategy<Value = Span> {
    let time = prop_oneof![
        Just(0),
        Just(u64::MAX),
        1_700_000_000_000_000_000..1_700_000_001_000_000_000_u64
    ];
    let span_id = |number: u8| SpanId([0, 0, 0, 0, 0, 0, 0, number]);
    let reference =
        (any::<bool>(), 1..9_u8, any::<bool>()).prop_map(move |(child, number, here)| Reference {
            ref_type: if child { RefType::ChildOf } else { RefType::FollowsFrom },
            trace_id: if here { id } else { TraceId([7; 16]) },
            span_id: span_id(number),
        });
    let log = (time.clone(), attributes()).prop_map(|(time_ns, fields)| Log {
        time_ns,
        fields,
        dropped_fields: 0,
    });
    (
        (1..9_u8, text(), time.clone(), time, any::<u32>()),
        tags(),
        prop::collection::vec(reference, 0..3),
        prop::collection::vec(log, 0..3),
        prop::collection::vec(text(), 0..2),
    )
        .prop_map(
            move |((number, name, start, end, flags), tags, references, logs, warnings)| {
                let mut span = Span::new(id, span_id(number), name, [start, end])
                    .with_tags(tags)
                    .with_references(&references)
                    .with_logs(logs);
                span.flags = flags;
                span.dropped_events = flags >> 30;
                span.warnings.extend(warnings);
                span
            },
        )
}

/// A trace of up to three processes.
pub(crate) fn trace() -> impl Strategy<Value = Trace> {
    let id = prop_oneof![
        any::<[u8; 16]>().prop_map(TraceId),
        any::<u64>().prop_map(|low| TraceId(u128::from(low).to_be_bytes())),
    ];
    id.prop_flat_map(|id| {
        let batch = (resource(), prop::collection::vec(span(id), 0..4));
        let batches = prop::collection::vec(batch, 0..4);
        batches.prop_map(move |batches| Trace {
            id,
            batches: (1..)
                .zip(batches)
                .map(|(device, (resource, spans))| Batch {
                    source: source(device),
                    resource,
                    spans,
                })
                .collect(),
        })
    })
}
