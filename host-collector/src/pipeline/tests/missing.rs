//! Frames that were lost, came late, twice, or before the collector was there.

use super::*;

fn one_span() -> SpanRecord<'static> {
    span(FIRST, Parent::None, [0, 10])
}

fn one(own: u64) -> Record<'static> {
    Record::Span(span(own, Parent::None, [own, own + 10]))
}

#[test]
fn without_a_hello_it_is_asked_for_and_spans_wait() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.data(&mut device, vec![site(1, READ), one(FIRST)]);
    assert_eq!(bench.asked(), [Request::SendHello]);
    bench.data(&mut device, vec![one(5)]);
    assert_eq!(bench.asked(), [], "not at once again");
    bench.wait(SECOND / 2);
    assert_eq!(bench.asked(), [Request::SendHello]);
    assert!(bench.spans().is_empty());
    bench.hello(&mut device);
    assert_eq!(bench.asked(), [Request::HelloSeen, Request::Ping(1)]);
    bench.wait(SECOND / 2);
    assert_eq!(bench.spans().len(), 2);
}

#[test]
fn a_device_that_cannot_be_asked_is_not_asked() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.data(&mut device, vec![one(FIRST)]);
    bench.hello(&mut device);
    bench.wait(SECOND);
    assert_eq!(bench.asked(), []);
    assert!(bench.spans().is_empty());
    bench.data(&mut device, vec![site(1, READ)]);
    assert_eq!(&*bench.span().name, "read");
}

#[test]
fn a_description_in_pieces_is_asked_for_piece_by_piece() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    for offset in [0, 7, 14] {
        let hello = device.hello_piece(bench.now_ns, offset, 7);
        bench.receive(&device, &hello);
        assert_eq!(bench.asked().first(), Some(&Request::SendHello));
    }
    let hello = device.hello_piece(bench.now_ns, 21, 64);
    bench.receive(&device, &hello);
    assert_eq!(bench.asked().first(), Some(&Request::HelloSeen));
    assert_eq!(bench.pipeline.stats().sessions, 1);
}

#[test]
fn a_definition_is_asked_for_and_in_the_end_done_without() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    bench.wait(SECOND / 2);
    bench.asked();
    let tagged = tags(span(FIRST, Parent::None, [0, 10]), [wire::Value::Static(NameRef::Id(4))]);
    bench.data(&mut device, vec![Record::Span(tagged)]);
    let asked = bench.asked();
    let wanted = asked.iter().find_map(|request| match request {
        Request::SendDefinitions { sites, names } => Some((sites.to_vec(), names.to_vec())),
        _ => None,
    });
    assert_eq!(wanted, Some((vec![1], vec![4])));
    bench.wait(10 * SECOND);
    assert!(bench.spans().is_empty());
    bench.wait(3 * SECOND);
    let span = bench.span();
    assert_eq!(&*span.name, "unknown@1");
    assert_eq!(tag(&span.attributes, "unknown@1.0"), Some(&Value::from("unknown#4")));
    assert!(span.warnings[0].contains("definition"), "{:?}", span.warnings);
}

#[test]
fn a_lost_frame_is_counted_and_told() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ), one(FIRST)]);
    let _lost = device.data(vec![one(5), one(6)]);
    device.losses.ring_full = 5;
    bench.data(&mut device, vec![one(7)]);
    bench.wait(3 * SECOND);
    bench.data(&mut device, vec![one(8)]);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "lost.link"), Some(&Value::Int(2)));
    assert_eq!(tag(&process.attributes, "lost.ring_full"), Some(&Value::Int(5)));
    let warnings: Vec<_> = process.warnings.iter().map(|text| &**text).collect();
    assert_eq!(
        warnings,
        ["2 records were lost on the way", "5 records found the device's buffer full",]
    );
    let mut spans = bench.spans();
    spans.retain(|span| &*span.name == "read");
    let logs: Vec<_> = spans.iter().map(|span| span.events.len()).collect();
    assert_eq!(logs, [0, 1, 1]);
    let [event] = spans[2].events.as_slice() else { panic!() };
    assert_eq!(&*event.name, "loss");
    assert_eq!(event.attributes.len(), 1, "only what is new");
}

#[test]
fn a_frame_that_comes_twice_counts_once() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let data = device.data(vec![site(1, READ), one(FIRST)]);
    bench.receive(&device, &data);
    bench.receive(&device, &data);
    bench.span();
    assert_eq!(bench.pipeline.stats().doubles, 1);
}

/// A part that its device had no room for has no number, so there is nothing to wait for.
#[test]
fn a_span_of_which_the_device_lost_a_part_says_so_at_once() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let mut whole = one_span();
    whole.head.parts = 2;
    bench.data(&mut device, vec![site(1, READ), Record::Span(whole)]);
    let span = bench.span();
    assert!(span.warnings[0].starts_with("incomplete: 2 of its"), "{:?}", span.warnings);
    assert_eq!(bench.pipeline.stats().incomplete, 1);
}

#[test]
fn what_was_lost_on_the_way_is_waited_for_and_then_told() {
    let is_told = |lost: Record<'static>, kept: Vec<Record<'static>>| {
        let (mut bench, mut device) = (Bench::new(false), device(1));
        bench.hello(&mut device);
        bench.data(&mut device, vec![site(1, READ)]);
        // What came before the first record that is seen is not missed.
        let other = span(9, Parent::None, [0, 10]);
        bench.data(&mut device, vec![Record::Span(other)]);
        let _lost = device.data(vec![lost]);
        bench.data(&mut device, kept);
        assert_eq!(bench.spans().len(), 1);
        bench.wait(SECOND / 2);
        assert_eq!(bench.spans().len(), 1);
        bench.wait(SECOND);
        let told = bench.spans().remove(1);
        assert!(told.warnings[0].starts_with("incomplete: "), "{:?}", told.warnings);
    };
    let with_parts = |parts| {
        let mut whole = one_span();
        whole.head.parts = parts;
        Record::Span(whole)
    };
    let key = PartKey::Site(SiteRef { id: 1, shape: Shape(1) });
    let list = values([wire::Value::Bool(true)]);
    let part = Record::Part(Part { own: FIRST, key, values: list.clone() });
    let log = Record::Log(Log { own: FIRST, time_ticks: 5, more: false, key, values: list });
    is_told(part.clone(), vec![with_parts(1)]);
    is_told(log.clone(), vec![part, with_parts(2)]);
    let reference = Reference {
        own: FIRST,
        trace: TraceId([1; 16]),
        span: SpanId([1; 8]),
        follows_from: false,
    };
    let mut entry = one_span();
    (entry.head.parent, entry.head.trace) = (Parent::Remote, TraceRef::Remote(reference.trace));
    entry.head.parts = 1;
    is_told(Record::Reference(reference), vec![Record::Span(entry)]);
}

/// As long as all that is lost of a span may come it waits; what comes in time is in it.
#[test]
fn what_was_only_late_is_in_its_span() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ)]);
    let key = PartKey::Site(SiteRef { id: 1, shape: Shape(1) });
    let part = || {
        let values = values([wire::Value::Bool(true)]);
        Record::Part(Part { own: FIRST, key, values })
    };
    bench.data(&mut device, vec![part()]);
    let late = device.data(vec![part()]);
    let mut whole = one_span();
    whole.head.parts = 2;
    bench.data(&mut device, vec![Record::Span(whole)]);
    assert!(bench.spans().is_empty());
    bench.receive(&device, &late);
    bench.wait(1);
    assert!(bench.span().warnings.is_empty());
}

/// All fragments have the number of their record, so it is one that was lost.
#[test]
fn a_record_of_which_a_fragment_was_lost_is_lost() {
    for lost in 0..3 {
        let (mut bench, mut device) = (Bench::new(false), device(1));
        bench.hello(&mut device);
        bench.data(&mut device, vec![site(1, READ), one(9)]);
        let mut whole = one_span();
        whole.head.parts = 1;
        let list = [wire::Value::Text("a text that is longer than a fragment")];
        let key = PartKey::Name(NameRef::Inline("text"), Shape::of(&list));
        let part = Record::Part(Part { own: FIRST, key, values: values(list) });
        let mut fragments = device.fragments(part, 18);
        assert_eq!(fragments.len(), 3);
        fragments.remove(lost);
        fragments.iter().for_each(|frame| bench.receive(&device, frame));
        bench.data(&mut device, vec![Record::Span(whole)]);
        assert_eq!(bench.spans().len(), 1);
        bench.wait(3 * SECOND);
        let told = bench.spans().remove(1);
        assert!(told.warnings[0].starts_with("incomplete: 1 of"), "{:?}", told.warnings);
        assert_eq!(tag(&bench.process().attributes, "lost.link"), Some(&Value::Int(1)));
    }
}

#[test]
fn at_the_end_everything_that_can_be_a_span_is_one() {
    let (mut bench, mut device, mut stranger) = (Bench::new(true), device(1), device(2));
    bench.hello(&mut device);
    bench.data(&mut device, vec![one(FIRST)]);
    bench.data(&mut stranger, vec![one(FIRST)]);
    bench.pipeline.finish(bench.now_ns);
    assert_eq!(&*bench.span().name, "unknown@1");
    assert_eq!(bench.pipeline.stats().dropped, 1);
}

#[test]
fn a_device_that_began_anew_under_the_same_number_is_noticed() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.now_ns += 60 * SECOND;
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ), one(FIRST)]);
    device = super::device(1);
    device.began_ns = bench.now_ns;
    bench.wait(SECOND);
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ), one(FIRST)]);
    let spans = bench.spans();
    assert_eq!(spans.len(), 2);
    assert!(spans[1].start_ns > spans[0].start_ns + 60 * SECOND);
    assert!(bench.process().warnings[0].contains("SessionSource"));
}

#[test]
fn two_devices_under_one_identity_are_told_apart_and_warned_of() {
    let (mut bench, mut first, mut second) = (Bench::new(false), device(1), device(1));
    second.peer = Peer::Udp(([10, 0, 0, 2], 1).into());
    for _ in 0..3 {
        bench.hello(&mut first);
        bench.hello(&mut second);
        bench.wait(SECOND);
    }
    bench.data(&mut first, vec![site(1, READ), one(FIRST)]);
    bench.data(&mut second, vec![site(1, b"\x05write"), one(FIRST)]);
    let names: Vec<_> = bench.spans().iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["read", "write"]);
    assert!(bench.batches().iter().all(|batch| batch.resource.warnings[0].contains("device_id")));
    assert_eq!(bench.pipeline.stats().clashes, 1);
}

#[test]
fn a_device_whose_address_changes_is_the_same_device() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    device.peer = Peer::Udp(([10, 0, 0, 2], 1).into());
    bench.wait(SECOND);
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ), one(FIRST)]);
    bench.span();
    assert_eq!(bench.pipeline.stats().clashes, 0);
}

/// What was learned at the old address is known at the new one: no hello is needed there.
#[test]
fn a_session_goes_on_at_another_address() {
    let (mut bench, mut device) = (Bench::new(true), device(1));
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ)]);
    for (number, peer) in [
        Peer::Udp(([10, 0, 0, 2], 1).into()),
        Peer::Serial("/dev/ttyACM0".into()),
        Peer::Tcp(([10, 0, 0, 2], 1).into()),
    ]
    .into_iter()
    .enumerate()
    {
        bench.wait(2 * SECOND);
        device.peer = peer;
        bench.asked();
        bench.data(&mut device, vec![one(FIRST + number as u64)]);
        bench.wait(2 * SECOND);
        assert!(
            bench.replies.iter().all(|reply| reply.peer == device.peer && reply.ping.is_some())
        );
        assert_eq!(bench.spans().len(), number + 1);
    }
    // A connection that has ended need not be silent first.
    bench.pipeline.on_closed(&device.peer);
    device.peer = Peer::Tcp(([10, 0, 0, 2], 2).into());
    bench.hello(&mut device);
    bench.data(&mut device, vec![one(FIRST + 9)]);
    assert!(bench.spans().iter().all(|span| &*span.name == "read"));
    assert_eq!(bench.spans().len(), 4);
    let stats = *bench.pipeline.stats();
    assert_eq!((stats.clashes, stats.sessions, stats.doubles), (0, 1, 0));
}

#[test]
fn a_twin_does_not_take_over_a_session() {
    let (mut bench, mut first, mut second) = (Bench::new(false), device(1), device(1));
    second.peer = Peer::Udp(([10, 0, 0, 2], 1).into());
    for _ in 0..3 {
        bench.hello(&mut first);
        // Each is silent for longer than one that moves has to be.
        bench.wait(4 * SECOND);
        bench.hello(&mut second);
        bench.wait(4 * SECOND);
    }
    bench.data(&mut first, vec![site(1, READ), one(FIRST)]);
    bench.data(&mut second, vec![site(1, b"\x05write"), one(FIRST)]);
    let names: Vec<_> = bench.spans().iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["read", "write"]);
    assert_eq!(bench.pipeline.stats().clashes, 1);
}
