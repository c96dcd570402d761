mod hostile;
mod order;
mod usual;

use super::*;
use crate::exporter::otlp::to_protobuf;
use crate::model::{Kind, SpanId, TraceId, testing};
use crate::protobuf::Writer;
use proptest::prelude::*;

const TRACE: [u8; 16] = [7; 16];
const SPAN: [u8; 8] = [8; 8];

fn text(to: &mut Writer, field: u32, key: &[u8], value: &[u8]) {
    to.message(field, |to| {
        to.bytes(1, key);
        to.message(2, |to| to.bytes_always(1, value));
    });
}

/// A request with one span, which has ids and times, and what `write` adds.
fn request(service: impl FnOnce(&mut Writer), write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut out = Writer::default();
    out.message(1, |out| {
        out.message(1, service);
        out.message(2, |out| out.message(2, write));
    });
    out.into_bytes()
}

fn service(to: &mut Writer) {
    text(to, 1, b"service.name", b"thermometer");
}

fn ids(to: &mut Writer) {
    to.bytes(1, &TRACE);
    to.bytes(2, &SPAN);
    to.fixed64(7, 1_000);
    to.fixed64(8, 3_000);
}

fn whole(to: &mut Writer) {
    ids(to);
    to.bytes(5, b"read");
}

fn check(bytes: Vec<u8>) -> Checked {
    Chunk::check(bytes).unwrap()
}

/// The one span's attributes after the check, as text.
fn attributes(write: impl FnOnce(&mut Writer)) -> Vec<(String, String)> {
    let checked = check(request(service, write));
    let (.., span) = checked.chunk.spans().next().unwrap();
    texts(span.attributes())
}

fn texts(list: Attributes<'_>) -> Vec<(String, String)> {
    let shown = |value: ValueView<'_>| match value {
        ValueView::Bytes(bytes) => format!("{bytes:?}"),
        other => other.to_text().into_owned(),
    };
    list.iter().map(|item| (item.key().to_owned(), shown(item.value()))).collect()
}

#[test]
fn what_is_in_order_is_not_copied() {
    let bytes = Bytes::from(request(service, whole));
    let checked = Chunk::check(bytes.clone()).unwrap();
    assert_eq!(checked.chunk.bytes().as_ptr(), bytes.as_ptr());
    assert_eq!((checked.chunk.len(), checked.rejected, checked.why), (1, 0, ""));
}

#[test]
fn every_field_of_a_span_is_seen() {
    let bytes = request(service, |to| {
        whole(to);
        to.bytes(3, b"vendor=1");
        to.bytes(4, &[9; 8]);
        to.varint(6, 3);
        text(to, 9, b"bus", b"i2c");
        to.varint(10, 2);
        to.message(11, |to| {
            to.fixed64(1, 2_000);
            to.bytes(2, b"retry");
            text(to, 3, b"why", b"nack");
            to.varint(4, 5);
        });
        to.varint(12, 3);
        to.message(13, |to| {
            to.bytes(1, &[1; 16]);
            to.bytes(2, &[2; 8]);
            to.bytes(3, b"other=2");
            text(to, 4, b"opentracing.ref_type", b"follows_from");
            to.varint(5, 6);
            to.fixed32(6, 0x100);
        });
        to.varint(14, 4);
        to.message(15, |to| {
            to.bytes(2, b"no answer");
            to.varint(3, 2);
        });
        to.fixed32(16, 0x101);
    });
    let checked = check(bytes);
    let (resource, scope, span) = checked.chunk.spans().next().unwrap();
    assert_eq!((resource.service_name(), scope.name(), span.name()), ("thermometer", "", "read"));
    assert_eq!((span.trace_id(), span.span_id()), (TraceId(TRACE), SpanId(SPAN)));
    assert_eq!((span.parent_span_id(), span.trace_state()), (Some(SpanId([9; 8])), "vendor=1"));
    assert_eq!((span.kind(), span.flags(), span.duration_ns()), (Kind::Client, 0x101, 2_000));
    assert_eq!((span.start_ns(), span.end_ns()), (1_000, 3_000));
    assert_eq!(span.status(), StatusView::Error("no answer"));
    assert_eq!([span.dropped_attributes(), span.dropped_events(), span.dropped_links()], [2, 3, 4]);
    assert_eq!(span.attributes().text("bus"), Some("i2c"));
    let event = span.events().next().unwrap();
    assert_eq!((event.time_ns(), event.name(), event.dropped_attributes()), (2_000, "retry", 5));
    assert_eq!(event.attributes().text("why"), Some("nack"));
    let link = span.links().next().unwrap();
    assert_eq!((link.trace_id(), link.span_id()), (TraceId([1; 16]), SpanId([2; 8])));
    assert_eq!(
        (link.trace_state(), link.flags(), link.dropped_attributes()),
        ("other=2", 0x100, 6)
    );
    assert_eq!(link.attributes().text("opentracing.ref_type"), Some("follows_from"));
}

#[test]
fn what_is_no_otlp_is_refused_with_a_reason() {
    let error = |bytes: &[u8]| Chunk::check(bytes.to_vec()).unwrap_err().to_string();
    assert!(error(b"\x0a\x05\x01").contains("no protobuf message"));
    assert!(error(b"\x08\x01").contains("field 1 of TracesData"));
    let mut deep = Vec::new();
    for _ in 0..=MAX_DEPTH {
        let mut out = Writer::default();
        out.message(5, |out| out.bytes_always(1, &deep));
        deep = out.into_bytes();
    }
    let deep = request(service, |to| {
        whole(to);
        to.message(9, |to| to.bytes(2, &deep));
    });
    assert_eq!(Chunk::check(deep), Err(CheckError::TooDeep));
}

#[test]
fn values_are_text_as_a_jaeger_shows_them() {
    let shown = |write: fn(&mut Writer)| {
        let mut out = Writer::default();
        write(&mut out);
        ValueView::new(&out.into_bytes()).to_text().into_owned()
    };
    assert_eq!(shown(|_| ()), "");
    assert_eq!(shown(|to| to.varint_always(2, 1)), "true");
    assert_eq!(shown(|to| to.varint_always(3, (-5_i64).cast_unsigned())), "-5");
    for (value, expected) in [
        (0.5, "0.5"),
        (3.0, "3"),
        (1e21, "1e+21"),
        (1.5e-7, "1.5e-7"),
        (1e-6, "0.000001"),
        (123_456_789.0, "123456789"),
        (f64::INFINITY, "+Inf"),
    ] {
        let mut out = Writer::default();
        out.fixed64_always(4, f64::to_bits(value));
        assert_eq!(ValueView::new(&out.into_bytes()).to_text(), expected);
    }
    assert_eq!(shown(|to| to.bytes_always(7, b"\x01\x02")), "AQI=");
    let list = |to: &mut Writer| {
        to.message(5, |to| {
            to.message(1, |to| to.varint_always(3, 1));
            to.message(1, |to| to.bytes_always(1, b"a\"b"));
            to.message(1, |_| ());
            to.message(1, |to| to.message(6, |to| text(to, 1, b"k", b"v")));
        });
    };
    assert_eq!(shown(list), r#"[1,"a\"b",null,{"k":"v"}]"#);
}

#[test]
fn chunks_are_put_together_from_others() {
    let first = check(request(service, whole)).chunk;
    let mut writer = ChunkWriter::default();
    writer.chunk(&first);
    for group in first.resources() {
        writer.resource_spans(group.resource().raw(), group.schema_url(), |to| {
            for group in group.scopes() {
                to.scope_spans(group.scope().raw(), group.schema_url(), |to| {
                    group.spans().for_each(|span| to.span(span.raw()));
                });
            }
        });
    }
    let both = writer.finish();
    assert_eq!(both.len(), 2);
    assert_eq!(check(both.bytes().to_vec()).chunk, both);
    assert_eq!(both.bytes(), &[first.bytes().as_ref(); 2].concat());
}
