//! Spans that are written as everybody writes them are read by a short way, and all others say the same.

use super::*;

type Part = Vec<u8>;

fn part(write: impl FnOnce(&mut Writer)) -> Part {
    let mut out = Writer::default();
    write(&mut out);
    out.into_bytes()
}

/// What stands in front, the tags, what else there is, and the flags.
fn parts() -> impl Strategy<Value = [Vec<Part>; 4]> {
    let head = (any::<bool>(), "[a-z]{1,4}|[a-z]{130}", 0..300_u64, any::<[u64; 2]>()).prop_map(
        |(has_parent, name, kind, [start, end])| {
            let parent = if has_parent { &SPAN[..] } else { &[] };
            vec![
                part(|out| out.bytes(1, &TRACE)),
                part(|out| out.bytes(2, &SPAN)),
                part(|out| out.bytes(4, parent)),
                part(|out| out.bytes(5, name.as_bytes())),
                part(|out| out.varint(6, kind)),
                part(|out| out.fixed64(7, start)),
                part(|out| out.fixed64(8, end)),
            ]
        },
    );
    let tag = ("[a-z]{1,4}", "[a-z]{0,9}|[a-z]{130}");
    let tags = prop::collection::vec(tag, 0..4).prop_map(|tags| {
        let tag = |(key, value): (String, String)| {
            part(|out| text(out, 9, key.as_bytes(), value.as_bytes()))
        };
        tags.into_iter().map(tag).collect()
    });
    let other = prop_oneof![
        any::<u32>().prop_map(|count| part(|out| out.varint(10, count.into()))),
        "[a-z]{0,4}"
            .prop_map(|name| part(|out| out.message(11, |out| out.bytes(2, name.as_bytes())))),
        Just(part(|out| out.message(13, |out| out.bytes(1, &TRACE)))),
        Just(part(|out| out.message(15, |out| out.varint(3, 2)))),
        Just(part(|out| out.bytes(3, b"a=b"))),
        Just(part(|out| out.varint(17, 1))),
    ];
    let others = prop::collection::vec(other, 0..3);
    let flags = any::<u32>().prop_map(|flags| vec![part(|out| out.fixed32(16, flags))]);
    (head, tags, others, flags).prop_map(|(head, tags, others, flags)| [head, tags, others, flags])
}

/// Everything that a view of a span says.
fn said(raw: &[u8]) -> String {
    let span = SpanView::new(raw);
    let tags: Vec<_> = span.attributes().iter().map(|tag| (tag.key(), tag.value())).collect();
    let events: Vec<_> = span.events().map(|event| event.name()).collect();
    let counts =
        [span.dropped_attributes(), span.dropped_events(), span.flags(), span.status_code()];
    let times = [span.start_ns(), span.end_ns()];
    let ids = (span.trace_id(), span.span_id(), span.parent_span_id());
    let texts = (span.name(), span.trace_state(), span.kind_number(), span.links().count());
    format!("{ids:?} {texts:?} {times:?} {tags:?} {events:?} {counts:?}")
}

proptest! {
    #[test]
    fn fields_say_the_same_wherever_they_stand(parts in parts()) {
        let [head, tags, others, flags] = parts.map(|parts| parts.concat());
        let usual = said(&[&*head, &tags, &others, &flags].concat());
        for order in [
            [&*tags, &head, &others, &flags],
            [&flags, &others, &tags, &head],
            [&head, &flags, &tags, &others],
            [&others, &head, &tags, &flags],
        ] {
            prop_assert_eq!(said(&order.concat()), usual.clone());
        }
    }

    #[test]
    fn what_is_said_twice_is_what_was_said_last(parts in parts(), name in "[a-z]{1,4}", start in 1..u64::MAX) {
        let [head, tags, _, flags] = parts.map(|parts| parts.concat());
        let again = part(|out| {
            out.bytes(5, name.as_bytes());
            out.fixed64(7, start);
        });
        for order in [[&*head, &tags, &again, &flags], [&head, &tags, &flags, &again]] {
            let message = order.concat();
            let (span, before) = (SpanView::new(&message), SpanView::new(&head));
            prop_assert_eq!((span.name(), span.start_ns()), (&*name, start));
            prop_assert_eq!(span.parent_span_id(), before.parent_span_id());
            prop_assert_eq!(span.end_ns(), before.end_ns());
        }
    }
}
