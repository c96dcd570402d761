//! What is put in order, and how.

use super::*;

#[test]
fn a_service_without_a_name_gets_one() {
    let name = |service: fn(&mut Writer)| {
        let checked = check(request(service, whole));
        let (resource, ..) = checked.chunk.spans().next().unwrap();
        resource.service_name().to_owned()
    };
    assert_eq!(name(|_| ()), "missing-service-name");
    assert_eq!(name(|to| text(to, 1, b"service.name", b"")), "empty-service-name");
    assert_eq!(name(|to| text(to, 1, b"service.name", b"\xff")), "service-name-wrong-type");
    assert_eq!(
        name(|to| to.message(1, |to| {
            to.bytes(1, b"service.name");
            to.message(2, |to| to.varint(3, 5));
        })),
        "service-name-wrong-type"
    );
    let mut out = Writer::default();
    out.message(1, |out| out.message(2, |out| out.message(2, whole)));
    let checked = check(out.into_bytes());
    assert_eq!(checked.chunk.spans().next().unwrap().0.service_name(), "missing-service-name");
}

#[test]
fn a_span_without_a_name_gets_one() {
    let checked = check(request(service, ids));
    assert_eq!(checked.chunk.spans().next().unwrap().2.name(), "empty-span-name");
}

#[test]
fn a_span_that_ends_before_it_starts_ends_behind_it_with_a_warning() {
    for (start, end, adjusted, told) in [
        (
            5_000_000_000,
            0,
            5_000_000_001,
            "1970-01-01 00:00:00 +0000 UTC, adjusted to: 1970-01-01 00:00:05.000000001 +0000 UTC",
        ),
        (
            1_500_000_000,
            1_500_000_000,
            1_500_000_001,
            "1970-01-01 00:00:01.5 +0000 UTC, adjusted to: 1970-01-01 00:00:01.500000001 +0000 UTC",
        ),
        (
            0,
            0,
            1,
            "1970-01-01 00:00:00 +0000 UTC, adjusted to: 1970-01-01 00:00:00.000000001 +0000 UTC",
        ),
    ] {
        let checked = check(request(service, |to| {
            to.bytes(1, &TRACE);
            to.bytes(2, &SPAN);
            to.bytes(5, b"read");
            to.fixed64(7, start);
            to.fixed64(8, end);
        }));
        let (.., span) = checked.chunk.spans().next().unwrap();
        assert_eq!((span.start_ns(), span.end_ns()), (start, adjusted));
        let warnings = span.attributes().get(SPAN_WARNINGS).unwrap();
        let warnings: Vec<_> = warnings.items().collect();
        let expected = format!(
            "Negative duration detected, sanitizing end timestamp. Original end timestamp: {told}"
        );
        assert_eq!(warnings, [ValueView::Str(&expected)]);
    }
    let late = check(request(service, |to| {
        to.bytes(1, &TRACE);
        to.bytes(2, &SPAN);
        to.bytes(5, b"read");
        to.fixed64(7, u64::MAX);
    }));
    let (.., span) = late.chunk.spans().next().unwrap();
    assert_eq!((span.start_ns(), span.end_ns()), (u64::MAX - 1, u64::MAX));
}

#[test]
fn warnings_that_were_there_stay() {
    let checked = check(request(service, |to| {
        to.bytes(1, &TRACE);
        to.bytes(2, &SPAN);
        to.bytes(5, b"read");
        to.message(9, |to| {
            to.bytes(1, SPAN_WARNINGS.as_bytes());
            to.message(2, |to| to.message(5, |to| to.message(1, |to| to.bytes(1, b"old"))));
        });
    }));
    let (.., span) = checked.chunk.spans().next().unwrap();
    let warnings: Vec<_> = span.attributes().get(SPAN_WARNINGS).unwrap().items().collect();
    assert_eq!((warnings.len(), warnings[0]), (2, ValueView::Str("old")));
    assert_eq!(span.attributes().iter().count(), 1);
}

#[test]
fn what_is_no_utf8_becomes_bytes_under_a_key_that_says_so() {
    let pair = |key: &str, bytes: &[u8]| (key.to_owned(), format!("{bytes:?}"));
    let name = attributes(|to| {
        ids(to);
        to.bytes(5, b"re\xffad");
    });
    assert_eq!(name, [pair("invalid-span-name", b"re\xffad")]);
    let value = attributes(|to| {
        whole(to);
        text(to, 9, b"bus", b"\xc3");
    });
    assert_eq!(value, [pair("bus", b"\xc3")]);
    let keys = attributes(|to| {
        whole(to);
        text(to, 9, b"\xff", b"one");
        text(to, 9, b"bus", b"i2c");
        text(to, 9, b"\xfe", b"\xfd");
    });
    assert_eq!(
        keys,
        [
            ("bus".to_owned(), "i2c".to_owned()),
            pair("invalid-tag-key-1", b"\xff:one"),
            pair("invalid-tag-key-2", b"\xfe:\xfd"),
        ]
    );
    let state = attributes(|to| {
        whole(to);
        to.bytes(3, b"\xff");
        to.message(15, |to| to.bytes(2, b"\xfe"));
    });
    assert_eq!(
        state,
        [pair("invalid-trace-state", b"\xff"), pair("invalid-status-message", b"\xfe")]
    );
}

#[test]
fn a_span_without_ids_is_left_out_and_the_others_stay() {
    let mut out = Writer::default();
    out.message(1, |out| {
        out.message(1, service);
        out.message(2, |out| {
            for (trace, span, parent) in [
                (&TRACE[..], &SPAN[..], &[][..]),
                (&[0; 16], &SPAN, &[]),
                (&TRACE[..8], &SPAN, &[]),
                (&TRACE, &[0; 8], &[]),
                (&TRACE, &[], &[]),
                (&TRACE, &SPAN, &[1; 3]),
                (&TRACE, &[3; 8], &[0; 8]),
            ] {
                out.message(2, |out| {
                    out.bytes(1, trace);
                    out.bytes(2, span);
                    out.bytes(4, parent);
                    out.bytes(5, b"read");
                    out.fixed64(7, 1);
                    out.fixed64(8, 2);
                });
            }
        });
    });
    let checked = check(out.into_bytes());
    assert_eq!((checked.chunk.len(), checked.rejected), (2, 5));
    assert!(checked.why.contains("trace id"), "{}", checked.why);
    let ids: Vec<_> =
        checked.chunk.spans().map(|(.., span)| (span.span_id(), span.parent_span_id())).collect();
    assert_eq!(ids, [(SpanId(SPAN), None), (SpanId([3; 8]), None)]);
}

#[test]
fn a_link_with_ids_of_another_length_is_left_out_and_counted() {
    let checked = check(request(service, |to| {
        whole(to);
        to.message(13, |to| to.bytes(1, &[1; 5]));
        to.message(13, |to| to.bytes(1, &[1; 16]));
        to.varint(14, 2);
    }));
    let (.., span) = checked.chunk.spans().next().unwrap();
    assert_eq!((span.links().count(), span.dropped_links()), (1, 3));
}
