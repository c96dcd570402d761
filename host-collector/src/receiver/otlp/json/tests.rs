use super::*;
use crate::exporter::otlp::{to_json, to_protobuf};
use crate::model::{Attribute, Chunk, Kind, Trace, Value, ValueView, testing};
use crate::protobuf::{Field, Fields};
use proptest::prelude::*;
use std::sync::Arc;

/// A span in the frame that a request needs.
fn request(span: &str) -> String {
    format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{span}]}}]}}]}}")
}

const IDS: &str = r#""traceId":"0102030405060708090A0b0c0d0e0f10","spanId":"a1a2a3a4a5a6a7a8""#;

/// The chunk of one span with these fields beside its ids.
fn chunk(fields: &str) -> Chunk {
    let text = request(&format!("{{{IDS}{fields}}}"));
    Chunk::check(from_json(text.as_bytes()).unwrap()).unwrap().chunk
}

fn refused(text: &str) -> String {
    from_json(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_request_of_one_span_is_read() {
    let text = include_bytes!("example.json");
    let checked = Chunk::check(from_json(text).unwrap()).unwrap();
    assert_eq!((checked.chunk.len(), checked.rejected), (1, 0));
    let (resource, scope, span) = checked.chunk.spans().next().unwrap();
    assert_eq!(resource.service_name(), "sensor");
    assert_eq!((scope.name(), scope.version()), ("bus", "1.0.0"));
    assert_eq!(scope.attributes().text("bus.number"), Some("one"));
    assert_eq!(span.trace_id().to_string(), "3c00f1a29b8e4d5566778899aabbccdd");
    assert_eq!(span.span_id().to_string(), "0a1b2c3d4e5f6071");
    assert_eq!(span.parent_span_id().unwrap().to_string(), "0a1b2c3d4e5f6070");
    assert_eq!((span.name(), span.kind()), ("it's read", Kind::Server));
    let times = (span.start_ns(), span.end_ns());
    assert_eq!(times, (1_764_150_000_000_000_000, 1_764_150_001_000_000_000));
    assert_eq!(span.attributes().text("state"), Some("idle"));
}

#[test]
fn what_is_written_is_the_protobuf_that_it_stands_for() {
    let text = r#"{"resourceSpans":[{"resource":{"attributes":[
        {"key":"s","value":{"stringValue":""}},{"key":"b","value":{"boolValue":false}},
        {"key":"i","value":{"intValue":"-1"}},{"key":"d","value":{"doubleValue":0}},
        {"key":"a","value":{"arrayValue":{"values":[{"intValue":2},{}]}}},
        {"key":"m","value":{"kvlistValue":{"values":[{"key":"x","value":null}]}}},
        {"key":"y","value":{"bytesValue":"/+8="}}]}}]}"#;
    let attributes = [
        &b"\x0a\x01s\x12\x02\x0a\x00"[..],
        b"\x0a\x01b\x12\x02\x10\x00",
        b"\x0a\x01i\x12\x0b\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\x01d\x12\x09\x21\0\0\0\0\0\0\0\0",
        b"\x0a\x01a\x12\x08\x2a\x06\x0a\x02\x18\x02\x0a\x00",
        b"\x0a\x01m\x12\x07\x32\x05\x0a\x03\x0a\x01x",
        b"\x0a\x01y\x12\x04\x3a\x02\xff\xef",
    ];
    let mut expected = Writer::default();
    expected.message(1, |resource_spans| {
        resource_spans.message(1, |resource| {
            attributes.iter().for_each(|attribute| resource.bytes(1, attribute));
        });
    });
    assert_eq!(from_json(text.as_bytes()).unwrap(), expected.into_bytes());
    // The alphabets of base64 are not mixed.
    assert!(refused(&text.replace("/+8=", "/-8=")).contains("bytesValue"));
}

#[test]
fn values_of_every_type_are_read() {
    let chunk = chunk(
        r#","attributes":[{"key":"s","value":{"stringValue":"a\u00e9"}},
        {"key":"b","value":{"boolValue":true}},{"key":"i","value":{"intValue":9007199254740993}},
        {"key":"j","value":{"intValue":"-9223372036854775808"}},{"key":"d","value":{"doubleValue":1.5}},
        {"key":"n","value":{"doubleValue":"NaN"}},{"key":"y","value":{"bytesValue":"_-8"}},
        {"key":"a","value":{"arrayValue":{"values":[{"intValue":1e3},{"stringValue":"x"}]}}},
        {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"boolValue":false}}]}}}]"#,
    );
    let (_, _, span) = chunk.spans().next().unwrap();
    let get = |key| span.attributes().get(key).unwrap();
    assert!(matches!(get("s"), ValueView::Str("a\u{e9}")));
    assert!(matches!(get("b"), ValueView::Bool(true)));
    assert!(matches!(get("i"), ValueView::Int(9_007_199_254_740_993)));
    assert!(matches!(get("j"), ValueView::Int(i64::MIN)));
    assert!(matches!(get("d"), ValueView::Double(value) if value.to_bits() == 1.5_f64.to_bits()));
    assert!(matches!(get("n"), ValueView::Double(value) if value.is_nan()));
    assert!(matches!(get("y"), ValueView::Bytes(b"\xff\xef")));
    assert_eq!(get("a").to_text(), r#"[1000,"x"]"#);
    assert_eq!(get("m").to_text(), r#"{"k":false}"#);
}

#[test]
fn senders_that_differ_from_the_specification_are_read_too() {
    let chunk = chunk(
        r#","name":null,"kind":"SPAN_KIND_CLIENT","start_time_unix_nano":1700000000000000000,
        "endTimeUnixNano":1.700000000000000001e18,"flags":"257","attributes":null,"parentSpanId":"",
        "status":{"code":"STATUS_CODE_ERROR","message":"bad"},"unknown":[{"deep":[1,{}]}],
        "droppedEventsCount":"7""#,
    );
    let (_, _, span) = chunk.spans().next().unwrap();
    assert_eq!(
        (span.kind(), span.start_ns(), span.flags()),
        (Kind::Client, 1_700_000_000_000_000_000, 257)
    );
    assert_eq!((span.dropped_events(), span.parent_span_id()), (7, None));
    assert_eq!(span.name(), "empty-span-name");
    assert!(
        Fields::new(span.raw())
            .any(|field| field == Ok((15, Field::Bytes(b"\x18\x02\x12\x03bad"))))
    );
}

#[test]
fn an_id_that_is_none_costs_its_span_alone() {
    let spans = format!(
        r#"{{{IDS}}},{{"traceId":"zz","spanId":"a1a2a3a4a5a6a7a8"}},{{{IDS},"parentSpanId":"abc"}}"#
    );
    let checked = Chunk::check(from_json(request(&spans).as_bytes()).unwrap()).unwrap();
    assert_eq!((checked.chunk.len(), checked.rejected), (1, 2));
    assert!(checked.why.contains("id"), "{}", checked.why);
}

#[test]
fn what_is_no_unicode_is_left_to_whoever_checks_it() {
    let mut text = request(&format!("{{{IDS},\"name\":\"a?\"}}")).into_bytes();
    let place = text.iter().position(|byte| *byte == b'?').unwrap();
    text[place] = 0xff;
    let checked = Chunk::check(from_json(&text).unwrap()).unwrap();
    assert_eq!(checked.chunk.spans().next().unwrap().2.name(), "invalid-span-name");
    let lone = request(&format!("{{{IDS},\"name\":\"\\ud800\"}}"));
    let checked = Chunk::check(from_json(lone.as_bytes()).unwrap()).unwrap();
    assert_eq!(checked.chunk.spans().next().unwrap().2.name(), "invalid-span-name");
}

#[test]
fn a_wrong_value_names_its_field_and_its_place() {
    let wrong = [
        (r#","kind":"SPAN_KIND_NONE""#, "`SPAN_KIND_NONE` is no value of `kind`"),
        (r#","startTimeUnixNano":-1"#, "-1 is no value of `startTimeUnixNano`"),
        (r#","endTimeUnixNano":1.5"#, "1.5 is no value of `endTimeUnixNano`"),
        (r#","droppedLinksCount":4294967296"#, "4294967296 is no value of `droppedLinksCount`"),
        (r#","name":7"#, "expected a string as `name`"),
        (r#","attributes":{}"#, "expected a list as `attributes`"),
        (r#","status":[]"#, "expected an object"),
        (r#","attributes":[{"key":"x","value":{"boolValue":1}}]"#, "1 is no value of `boolValue`"),
        (r#","attributes":[{"key":"x","value":{"bytesValue":"?"}}]"#, "no base64 in `bytesValue`"),
    ];
    for (fields, says) in wrong {
        let error = refused(&request(&format!("{{{IDS}{fields}}}")));
        assert!(error.starts_with("no OTLP in JSON: ") && error.contains(says), "{error}");
        assert!(error.contains("line 1 column "), "{error}");
    }
    for text in ["", "[]", "{", "{}x", "null", "\"a\"", "{\"resourceSpans\":[1]}"] {
        assert!(from_json(text.as_bytes()).is_err(), "{text}");
    }
    assert_eq!(from_json(b" {} ").unwrap(), b"");
}

#[test]
fn ten_thousand_levels_are_refused_or_skipped() {
    let nested = |open: &str, close: &str| open.repeat(10_000) + &close.repeat(10_000);
    let list = nested(r#"{"arrayValue":{"values":["#, "]}}");
    let error =
        refused(&request(&format!(r#"{{{IDS},"attributes":[{{"key":"x","value":{list}}}]}}"#)));
    assert!(error.contains("recursion limit"), "{error}");
    let unknown = nested("[", "]");
    assert_eq!(chunk(&format!(r#","unknown":{unknown}"#)).len(), 1);
}

/// The fields of a span in the order of their numbers; an empty status is none.
fn sorted(span: &[u8]) -> Vec<(u32, Field<'_>)> {
    let mut fields: Vec<_> = Fields::new(span).map(Result::unwrap).collect();
    fields.retain(|field| *field != (15, Field::Bytes(b"")));
    fields.sort_by_key(|(number, _)| *number);
    fields
}

/// JSON has one NaN; a device may have others.
fn one_nan(trace: &mut Trace) {
    let each = |attributes: &mut Vec<Attribute>| {
        for attribute in attributes {
            if matches!(attribute.value, Value::Double(value) if value.is_nan()) {
                attribute.value = Value::Double(f64::NAN);
            }
        }
    };
    for batch in &mut trace.batches {
        each(&mut Arc::make_mut(&mut batch.resource).attributes);
        for span in &mut batch.spans {
            each(&mut span.attributes);
            span.events.iter_mut().for_each(|event| each(&mut event.attributes));
            span.links.iter_mut().for_each(|link| each(&mut link.attributes));
        }
    }
}

proptest! {
    #[test]
    fn what_is_exported_as_json_is_what_is_exported_as_protobuf(mut trace in testing::trace()) {
        one_nan(&mut trace);
        let from_json = Chunk::check(from_json(&to_json(&trace.batches)).unwrap()).unwrap();
        let from_protobuf = Chunk::check(to_protobuf(&trace.batches)).unwrap();
        prop_assert_eq!(from_json.rejected, from_protobuf.rejected);
        prop_assert_eq!(from_json.chunk.len(), from_protobuf.chunk.len());
        for (json, protobuf) in from_json.chunk.spans().zip(from_protobuf.chunk.spans()) {
            prop_assert_eq!(json.0.raw(), protobuf.0.raw());
            prop_assert_eq!(sorted(json.2.raw()), sorted(protobuf.2.raw()));
        }
    }

    #[test]
    fn any_text_ends(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = from_json(&text);
    }

    #[test]
    fn what_is_damaged_ends(at in any::<prop::sample::Index>(), byte: u8) {
        let mut text = include_bytes!("example.json").to_vec();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(protobuf) = from_json(&text) {
            // What is written is protobuf, whatever was read.
            prop_assert!(Chunk::check(protobuf).is_ok());
        }
    }
}
