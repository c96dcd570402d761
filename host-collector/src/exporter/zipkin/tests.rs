use super::*;
use crate::model::{ChunkWriter, testing};
use crate::protobuf::Writer as Protobuf;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn text(out: &mut Protobuf, field: u32, key: &str, value: &str) {
    out.message(field, |out| {
        out.bytes(1, key.as_bytes());
        out.message(2, |out| out.bytes_always(1, value.as_bytes()));
    });
}

fn shown(write: impl FnOnce(&mut Protobuf)) -> Json {
    let mut resource = Protobuf::default();
    text(&mut resource, 1, "service.name", "Thermo");
    text(&mut resource, 1, "board", "an386");
    let mut chunk = ChunkWriter::default();
    chunk.resource_spans(&resource.into_bytes(), "", |scopes| {
        scopes.scope_spans(b"", "", |spans| {
            spans.span_with(|out| {
                out.bytes(1, &[7; 16]);
                out.bytes(2, &[8; 8]);
                out.bytes(5, b"Read");
                out.fixed64(7, 1_500_999);
                out.fixed64(8, 1_501_000);
                write(out);
            });
        });
    });
    let mut out = Writer::default();
    trace(&mut out, &chunk.finish());
    serde_json::from_slice::<Json>(&out.into_bytes()).unwrap()[0].take()
}

#[test]
fn what_otlp_has_fields_for_is_in_tags() {
    let span = shown(|out| {
        out.bytes(3, b"vendor=1");
        out.bytes(4, &[8; 8]);
        out.varint(6, 3);
        text(out, 9, "peer.service", "Sensor");
        text(out, 9, "net.peer.ip", "10.0.0.1");
        text(out, 9, "net.peer.port", "80");
        text(out, 9, "board", "of the span");
        out.varint(10, 2);
        out.message(11, |out| {
            out.fixed64(1, 1_501_000);
            out.bytes(2, b"retry");
            text(out, 3, "why", "n\"ack");
        });
        out.message(13, |out| {
            out.bytes(1, &[1; 16]);
            out.bytes(2, &[2; 8]);
            text(out, 4, "k", "v");
        });
        out.message(15, |out| {
            out.bytes(2, b"no answer");
            out.varint(3, 2);
        });
    });
    let expected = json!({
        "traceId": "07".repeat(16), "id": "08".repeat(8), "kind": "CLIENT", "name": "read",
        "timestamp": 1500, "duration": 1,
        "localEndpoint": {"serviceName": "thermo"},
        "remoteEndpoint": {"serviceName": "sensor", "ipv4": "10.0.0.1", "port": 80},
        "annotations": [{"timestamp": 1501, "value": "\"retry\": {\"why\":\"n\\\"ack\"}"}],
        "tags": {
            "board": "of the span", "error": "no answer", "otel.dropped_attributes_count": "2",
            "otel.status_code": "ERROR", "w3c.tracestate": "vendor=1",
            "otlp.link.0": format!("{}|{}||{{\"k\":\"v\"}}|0", "01".repeat(16), "02".repeat(8)),
        },
    });
    assert_eq!(span, expected);
}

#[test]
fn an_address_is_no_service() {
    let span = shown(|out| text(out, 9, "server.address", "::1"));
    assert_eq!(span["remoteEndpoint"], json!({"ipv6": "::1"}));
}

#[test]
fn what_did_not_fail_has_no_tag_that_says_so() {
    let error = |out: &mut Protobuf, value| {
        out.message(9, |out| {
            out.bytes(1, b"error");
            out.message(2, |out| out.varint_always(2, value));
        });
    };
    assert_eq!(shown(|out| error(out, 0))["tags"].get("error"), None);
    assert_eq!(shown(|out| error(out, 1))["tags"]["error"], "true");
}

#[test]
fn what_zipkin_said_of_a_span_it_says_again() {
    let flag = |out: &mut Protobuf, key: &str| {
        out.message(9, |out| {
            out.bytes(1, key.as_bytes());
            out.message(2, |out| out.varint_always(2, 1));
        });
    };
    let span = shown(|out| {
        out.varint(6, 2);
        flag(out, "zipkin.shared");
        flag(out, "zipkin.debug");
        text(out, 9, "net.host.ip", "::1");
        text(out, 9, "net.host.port", "7");
    });
    let local = json!({"serviceName": "thermo", "ipv6": "::1", "port": 7});
    assert_eq!(span["localEndpoint"], local);
    assert_eq!((&span["shared"], &span["debug"]), (&json!(true), &json!(true)));
    assert_eq!(span["tags"], json!({"board": "an386"}));
}

proptest! {
    #[test]
    fn any_trace_is_a_list_of_its_spans(trace in testing::trace()) {
        let bytes = crate::exporter::otlp::to_protobuf(&trace.batches);
        let chunk = Chunk::check(bytes).unwrap().chunk;
        let mut out = Writer::default();
        super::trace(&mut out, &chunk);
        let spans: Vec<Json> = serde_json::from_slice(&out.into_bytes()).unwrap();
        prop_assert_eq!(spans.len(), chunk.len());
        for span in spans {
            prop_assert!(span["duration"].as_u64().unwrap() > 0);
            prop_assert!(span["parentId"] != span["id"]);
            let tags = span["tags"].as_object();
            prop_assert!(tags.into_iter().flatten().all(|(_, value)| value.is_string()));
        }
    }
}
