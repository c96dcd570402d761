//! Bytes that mean harm.

use super::*;

fn frames(records: &[u8]) -> Vec<Vec<u8>> {
    let mut device = device(1);
    let part = |own: u64, count: usize| {
        let list: Vec<_> =
            (0..count).map(|_| wire::Value::Text("some text that is long")).collect();
        let key = PartKey::Name(NameRef::Inline("key"), Shape::of(&list));
        Record::Part(Part { own, key, values: list.into_iter().collect() })
    };
    let mut frames = vec![device.hello(EPOCH + SECOND)];
    for kind in records {
        let own = FIRST + u64::from(kind >> 3);
        let record = match kind % 8 {
            0 => site(u16::from(*kind), READ),
            1 => name(u16::from(*kind), "name"),
            2 => part(own, 3),
            3 => Record::Reference(Reference {
                own,
                trace: TraceId([*kind; 16]),
                span: SpanId([*kind; 8]),
                follows_from: true,
            }),
            4 => {
                let mut span = span(own, Parent::Remote, [0, u64::MAX]);
                (span.head.trace, span.head.parts) = (TraceRef::Remote(TraceId([*kind; 16])), 9);
                Record::Span(span)
            }
            5 => Record::Span(span(own, Parent::Local(own), [u64::MAX, u64::MAX])),
            6 => Record::Fragment(Fragment {
                of: if kind & 8 != 0 { FragmentOf::Site(1) } else { FragmentOf::Record },
                offset: u32::from(kind & 32),
                is_last: kind & 16 != 0,
                bytes: &READ[..usize::from(kind % 7)],
            }),
            _ => Record::Span(span(own, Parent::Local(FIRST), [own, own + 1])),
        };
        frames.push(device.data(vec![record]));
    }
    frames
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm(datagrams in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 0..20)) {
        let mut bench = Bench::new(true);
        let device = device(1);
        for mut bytes in datagrams {
            for kind in [0x10, 0x12, 0x14] {
                bench.receive(&device, &bytes);
                if let Some(head) = bytes.first_mut() {
                    *head = kind;
                }
            }
            bench.wait(SECOND / 3);
        }
        bench.pipeline.finish(bench.now_ns);
    }

    #[test]
    fn frames_in_any_order_with_bytes_changed_do_no_harm(
        records in prop::collection::vec(any::<u8>(), 1..30),
        order in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<Option<u8>>(), 0..3 * SECOND), 1..60),
    ) {
        let mut bench = Bench::new(true);
        let device = device(1);
        let frames = frames(&records);
        for (frame, place, with, pause) in order {
            let mut bytes = frames[frame.index(frames.len())].clone();
            if let Some(with) = with {
                let place = place.index(bytes.len());
                bytes[place] = with;
            }
            bench.receive(&device, &bytes);
            bench.wait(pause);
        }
        bench.pipeline.finish(bench.now_ns);
        let spans = bench.spans();
        let stats = bench.pipeline.stats();
        // A device may name a trace that no format allows: its spans are counted twice, and left out.
        let left_out = (stats.spans + stats.made).checked_sub(spans.len() as u64);
        prop_assert!(left_out.is_some_and(|left_out| left_out <= stats.nonsense));
        for span in &spans {
            prop_assert!(span.end_ns > span.start_ns && !span.name.is_empty());
        }
        // Whatever came out can be exported.
        let json = otlp::to_json(&bench.batches());
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    }
}

#[test]
fn a_flood_of_parts_without_spans_is_bounded_and_told() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    for own in FIRST + 1..20_000 {
        let list = [wire::Value::Text("a tag of a span that never ends")];
        let key = PartKey::Name(NameRef::Inline("key"), Shape::of(&list));
        bench.data(&mut device, vec![Record::Part(Part { own, key, values: values(list) })]);
    }
    bench.data(&mut device, vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 1]))]);
    assert!(bench.pipeline.stats().dropped > 10_000);
    assert!(tag(&bench.process().attributes, "lost.here").is_some());
}

#[test]
fn a_flood_of_strangers_does_not_push_out_who_is_known() {
    let (mut bench, mut known) = (Bench::new(false), device(1));
    bench.hello(&mut known);
    for number in 2..5_000 {
        let mut stranger = device(number);
        bench.data(&mut stranger, vec![Record::Span(span(FIRST, Parent::None, [0, 1]))]);
    }
    assert!(bench.pipeline.stats().forgotten > 4_000);
    bench.data(&mut known, vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 1]))]);
    bench.span();
}

#[test]
fn spans_of_a_trace_that_no_format_allows_are_left_out_and_counted() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    let mut nowhere = span(FIRST, Parent::None, [0, 1]);
    nowhere.head.trace = TraceRef::Remote(TraceId([0; 16]));
    let fine = span(FIRST + 1, Parent::None, [2, 3]);
    bench.data(&mut device, vec![site(1, READ), Record::Span(nowhere), Record::Span(fine)]);
    bench.pipeline.finish(bench.now_ns);
    bench.span();
    let stats = bench.pipeline.stats();
    assert_eq!((stats.spans, stats.nonsense), (2, 1));
}

#[test]
fn a_hello_that_makes_no_sense_is_counted() {
    let mut bench = Bench::new(true);
    let mut device = device(0);
    bench.hello(&mut device);
    assert_eq!(bench.pipeline.stats().nonsense, 1);
    assert_eq!(bench.pipeline.stats().sessions, 0);
}
