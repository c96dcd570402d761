use super::*;
use crate::model::{Chunk, Kind, StatusView, ValueView};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn chunk(list: &Json) -> Chunk {
    let checked = Chunk::check(from_json(list.to_string().as_bytes()).unwrap()).unwrap();
    assert_eq!(checked.rejected, 0);
    checked.chunk
}

fn whole() -> Json {
    json!({
        "traceId": "abc", "id": "1", "parentId": "2", "kind": "SERVER", "name": "Read",
        "timestamp": 1_764_150_000_000_000_u64, "duration": 5,
        "localEndpoint": {"serviceName": "Sensor", "ipv4": "10.0.0.1", "port": 80},
        "remoteEndpoint": {"serviceName": "hub", "ipv6": "::1", "ipv4": "999.0.0.1", "port": 70_000},
        "annotations": [{"timestamp": 1_764_150_000_000_002_u64, "value": "retry"}],
        "tags": {"bus": "1", "error": "no answer", "w3c.tracestate": "a=b"},
        "shared": true, "debug": true, "more": {"a": [1]},
    })
}

fn same_in_protobuf() -> Vec<u8> {
    let mut list = Writer::default();
    list.message(1, |span| {
        span.bytes(1, &0xabc_u64.to_be_bytes());
        span.bytes(2, &2_u64.to_be_bytes());
        span.bytes(3, &1_u64.to_be_bytes());
        span.varint(4, 2);
        span.bytes(5, b"Read");
        span.fixed64(6, 1_764_150_000_000_000);
        span.varint(7, 5);
        span.message(8, |endpoint| {
            endpoint.bytes(1, b"Sensor");
            endpoint.bytes(2, &[10, 0, 0, 1]);
            endpoint.varint(4, 80);
        });
        span.message(9, |endpoint| {
            endpoint.bytes(1, b"hub");
            endpoint.bytes(3, &core::net::Ipv6Addr::LOCALHOST.octets());
        });
        span.message(10, |annotation| {
            annotation.fixed64(1, 1_764_150_000_000_002);
            annotation.bytes(2, b"retry");
        });
        for (key, value) in [("bus", "1"), ("error", "no answer"), ("w3c.tracestate", "a=b")] {
            span.message(11, |tag| {
                tag.bytes(1, key.as_bytes());
                tag.bytes(2, value.as_bytes());
            });
        }
        span.varint(12, 1);
        span.varint(13, 1);
    });
    list.into_bytes()
}

#[test]
fn a_span_is_what_it_says() {
    let chunk = chunk(&json!([whole()]));
    let (resource, _, span) = chunk.spans().next().unwrap();
    assert_eq!(
        (resource.service_name(), span.name(), span.kind()),
        ("Sensor", "Read", Kind::Server)
    );
    assert_eq!(span.trace_id().to_string(), "00000000000000000000000000000abc");
    assert_eq!(span.span_id().to_string(), "0000000000000001");
    assert_eq!(span.parent_span_id().unwrap().to_string(), "0000000000000002");
    let start = 1_764_150_000_000_000_000;
    assert_eq!((span.start_ns(), span.end_ns(), span.trace_state()), (start, start + 5000, "a=b"));
    let tags: Vec<_> =
        span.attributes().iter().map(|tag| (tag.key(), tag.value().to_text())).collect();
    let expected = [
        ("bus", "1"),
        ("net.host.ip", "10.0.0.1"),
        ("net.host.port", "80"),
        ("peer.service", "hub"),
        ("net.peer.ip", "::1"),
        ("zipkin.shared", "true"),
        ("zipkin.debug", "true"),
    ];
    assert_eq!(tags, expected.map(|(key, value)| (key, value.into())));
    let event = span.events().next().unwrap();
    assert_eq!((event.name(), event.time_ns()), ("retry", start + 2000));
    assert!(matches!(span.status(), StatusView::Error("no answer")));
}

#[test]
fn protobuf_says_the_same() {
    let json = from_json(json!([whole()]).to_string().as_bytes()).unwrap();
    assert_eq!(from_protobuf(&same_in_protobuf()).unwrap(), json);
}

#[test]
fn what_is_absent_is_not_made_up() {
    let least = json!({
        "traceId": "a5000000000000000000000000000002", "id": "b", "parentId": "b", "kind": null,
        "tags": null, "timestamp": "0", "duration": -1, "shared": true,
        "annotations": [{"timestamp": 7, "value": "b"}, {"timestamp": 5, "value": "a"}],
    });
    let chunk = chunk(&json!([least]));
    let (resource, _, span) = chunk.spans().next().unwrap();
    assert_eq!((resource.service_name(), span.name()), ("missing-service-name", "empty-span-name"));
    assert_eq!(
        (span.kind(), span.parent_span_id(), span.start_ns()),
        (Kind::Unspecified, None, 5000)
    );
    assert!(span.attributes().get("zipkin.shared").is_none(), "only a server joins a span");
    assert!(matches!(span.status(), StatusView::Unset));
}

#[test]
fn the_status_is_in_two_tags() {
    let status = |tags: Json| {
        let mut span = whole();
        span["tags"] = tags;
        chunk(&json!([span]))
    };
    let is = |tags, expected: fn(StatusView<'_>) -> bool| {
        assert!(expected(status(tags).spans().next().unwrap().2.status()));
    };
    is(json!({"error": "true"}), |status| matches!(status, StatusView::Error("")));
    is(json!({"error": ""}), |status| matches!(status, StatusView::Error("")));
    is(json!({"otel.status_code": "ERROR"}), |status| matches!(status, StatusView::Error("")));
    is(json!({"otel.status_code": "OK"}), |status| matches!(status, StatusView::Ok));
    let numbers = status(json!({"a": 1, "b": -2.5}));
    let (_, _, span) = numbers.spans().next().unwrap();
    assert_eq!(span.attributes().get("b"), Some(ValueView::Str("-2.5")));
}

#[test]
fn spans_of_a_service_stand_together() {
    let of = |service: &str, id: &str| json!({"traceId": "1", "id": id, "name": "n", "localEndpoint": {"serviceName": service}});
    let chunk = chunk(&json!([of("b", "1"), of("a", "2"), of("b", "3"), of("", "4")]));
    let services: Vec<_> =
        chunk.resources().map(|group| group.resource().service_name().to_owned()).collect();
    assert_eq!(services, ["b", "a", "missing-service-name"]);
    let ids: Vec<_> = chunk.spans().map(|(.., span)| span.span_id().0[7]).collect();
    assert_eq!(ids, [1, 3, 2, 4]);
}

#[test]
fn a_wrong_span_is_named_by_its_place() {
    let mut second = whole();
    second["id"] = json!("B1");
    let error = from_json(json!([whole(), second]).to_string().as_bytes()).unwrap_err();
    let text = "span 1 of the list: id is no number in lower-case hexadecimal digits";
    assert_eq!(error.to_string(), text);
    let mut list = same_in_protobuf();
    list.extend_from_slice(b"\x0a\x03\x0a\x01x");
    let error = from_protobuf(&list).unwrap_err();
    assert_eq!(error.to_string(), "span 1 of the list: trace_id has another length than an id has");
}

proptest! {
    #[test]
    fn any_text_ends(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_json(&text);
        let _ = from_protobuf(&text);
    }

    #[test]
    fn what_is_damaged_ends_and_what_is_read_is_otlp(at in any::<prop::sample::Index>(), byte: u8) {
        let damaged = |mut bytes: Vec<u8>| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        };
        let json = damaged(json!([whole()]).to_string().into_bytes());
        let protobuf = damaged(same_in_protobuf());
        for request in [from_json(&json), from_protobuf(&protobuf)].into_iter().flatten() {
            let checked = Chunk::check(request).unwrap();
            prop_assert!(checked.chunk.len() <= 1 && checked.rejected == 0);
        }
    }
}
