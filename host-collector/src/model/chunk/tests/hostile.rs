//! Messages with anything in them.

use super::*;

/// Messages that are OTLP, with anything at all as text and ids.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop_oneof![4 => "[a-z]{0,5}".prop_map(String::into_bytes), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    let id = |length| prop_oneof![8 => Just(vec![1; length]), 1 => prop::collection::vec(0..2_u8, 0..20)];
    let attribute = || (bytes(), bytes());
    let span = (
        id(16),
        id(8),
        id(8),
        bytes(),
        bytes(),
        0..3_u64,
        0..3_u64,
        prop::collection::vec(attribute(), 0..3),
    )
        .prop_map(|(trace, span, parent, name, state, start, end, attributes)| {
            let mut out = Writer::default();
            out.bytes(1, &trace);
            out.bytes(2, &span);
            out.bytes(3, &state);
            out.bytes(4, &parent);
            out.bytes(5, &name);
            out.fixed64(7, start);
            out.fixed64(8, end);
            for (key, value) in &attributes {
                text(&mut out, 9, key, value);
                out.message(11, |out| text(out, 3, key, value));
                out.message(13, |out| out.bytes(1, key));
            }
            out.into_bytes()
        });
    (prop::option::of(bytes()), prop::collection::vec(span, 0..4)).prop_map(|(name, spans)| {
        let mut out = Writer::default();
        out.message(1, |out| {
            if let Some(name) = &name {
                out.message(1, |out| text(out, 1, b"service.name", name));
            }
            out.message(2, |out| spans.iter().for_each(|span| out.bytes_always(2, span)));
        });
        out.into_bytes()
    })
}

proptest! {
    #[test]
    fn what_was_checked_needs_no_check(bytes in hostile()) {
        let Checked { chunk, .. } = Chunk::check(bytes).unwrap();
        let again = Chunk::check(chunk.bytes().clone()).unwrap();
        prop_assert_eq!(again.chunk.bytes().as_ptr(), chunk.bytes().as_ptr());
        prop_assert_eq!((&again.chunk, again.rejected), (&chunk, 0));
        prop_assert_eq!(chunk.spans().count(), chunk.len());
        for (resource, _, span) in chunk.spans() {
            prop_assert!(!resource.service_name().is_empty() && !span.name().is_empty());
            prop_assert!(span.start_ns() < span.end_ns());
            prop_assert!(span.trace_id() != TraceId([0; 16]) && span.span_id() != SpanId([0; 8]));
        }
    }

    #[test]
    fn what_devices_send_is_in_order(trace in testing::trace()) {
        let bytes = to_protobuf(&trace.batches);
        prop_assume!(trace.id != TraceId([0; 16]));
        let checked = Chunk::check(bytes.clone()).unwrap();
        prop_assert_eq!(checked.chunk.bytes(), &bytes);
        prop_assert_eq!(checked.chunk.len(), trace.len());
    }

    #[test]
    fn any_bytes_are_checked_or_refused(
        bytes in hostile(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let mut bytes = bytes;
        for (place, byte) in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
            let place = place.index(bytes.len());
            bytes[place] = *byte;
        }
        if let Ok(Checked { chunk, .. }) = Chunk::check(bytes) {
            let again = Chunk::check(chunk.bytes().clone()).unwrap();
            prop_assert_eq!((again.chunk, again.rejected), (chunk, 0));
        }
    }
}
