//! Frames of which everything came.

use super::*;

fn site_key(id: u16, values: &[wire::Value<'_>]) -> PartKey<'static> {
    PartKey::Site(SiteRef { id, shape: Shape::of(values) })
}

#[test]
fn a_span_is_what_the_device_recorded() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let root = span(FIRST, Parent::None, [1_000, 5_000]);
    let child = span(5, Parent::Local(FIRST), [2_000, 3_000]);
    let child = tags(child, [wire::Value::I32(-4), wire::Value::Static(NameRef::Id(0))]);
    bench.data(
        &mut device,
        vec![site(1, READ), name(0, "idle"), Record::Span(child), Record::Span(root)],
    );
    let spans = bench.spans();
    let [child, root] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&*child.name, child.span_id), ("read", device.span_id(5)));
    assert_eq!(child.parent_span_id, Some(device.span_id(FIRST)));
    assert_eq!((child.trace_id, root.trace_id), (device.trace_id(FIRST), device.trace_id(FIRST)));
    assert_eq!(root.parent_span_id, None);
    assert_eq!((root.start_ns, root.end_ns), (EPOCH + 1_000_000, EPOCH + 5_000_000));
    assert_eq!(tag(&child.attributes, "bus"), Some(&Value::Int(-4)));
    assert_eq!(tag(&child.attributes, "state"), Some(&Value::from("idle")));
    assert!(child.warnings.is_empty() && child.events.is_empty());

    let process = bench.process();
    assert_eq!(&*process.service_name, "sensor");
    assert_eq!(tag(&process.attributes, "board"), Some(&Value::from("an386")));
    assert_eq!(tag(&process.attributes, "device.id"), Some(&Value::from("0000000000000001")));
    assert_eq!(tag(&process.attributes, "device.session"), Some(&Value::Int(7)));
    assert_eq!(tag(&process.attributes, "device.build"), Some(&Value::from("ab")));
    assert!(process.warnings.is_empty());
}

/// A log may have more fields than a record; what is cut is said; and where the call is.
#[test]
fn long_logs_are_one_and_cut_values_are_said() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let located = site(1, b"\x04read\x0b\0src/a.rs:7");
    let defined = [located, site(2, b"\0\x05event\x01a"), site(3, b"\0\x01b\x01c")];
    bench.data(&mut device, defined.to_vec());
    let log = |time_ticks, more, id, list: &[wire::Value<'static>]| {
        let (key, values) = (site_key(id, list), list.iter().copied().collect());
        Record::Log(Log { own: FIRST, time_ticks, more, key, values })
    };
    let text = [wire::Value::Text("retry"), wire::Value::CutText("lon")];
    let more = [wire::Value::CutBytes(b"ab"), wire::Value::Bytes(b"")];
    let mut root = span(FIRST, Parent::None, [1_000, 5_000]);
    root.head.parts = 4;
    bench.data(
        &mut device,
        vec![
            log(1_500, false, 2, &text),
            log(1_500, true, 3, &more),
            // The first record of this one was lost.
            log(1_600, true, 3, &more),
            log(1_600, false, 2, &text),
            Record::Span(root),
        ],
    );
    let spans = bench.spans();
    let [root] = spans.as_slice() else { panic!("{spans:?}") };
    let keys =
        |event: &crate::model::Event| event.attributes.iter().map(|a| a.key.to_string()).collect();
    let events: Vec<(_, Vec<_>)> =
        root.events.iter().map(|event| (event.name.to_string(), keys(event))).collect();
    let list = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
    let wanted = [
        ("retry".to_owned(), list(&["a", "b", "c"])),
        (String::new(), list(&["b", "c"])),
        ("retry".to_owned(), list(&["a"])),
    ];
    assert_eq!(events, wanted);
    assert_eq!(tag(&root.events[0].attributes, "c"), Some(&Value::Bytes([].into())));
    assert_eq!(tag(&root.attributes, "code.file.path"), Some(&Value::from("src/a.rs")));
    assert_eq!(tag(&root.attributes, "code.line.number"), Some(&Value::Int(7)));
    let cut = root.warnings.iter().filter(|warning| warning.ends_with("was cut for want of room"));
    assert_eq!(cut.count(), 4);
}

/// What a device counts of itself is said of its process, rounded so that it seldom changes.
#[test]
fn counts_are_tags_of_the_process() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let stats = wire::Stats {
        ring_words: 1024,
        ring_most_words: 1023,
        frames: 1000,
        bytes: 0,
        longest_mask_cycles: 25,
    };
    let counts = device.frame(|packet| Body::Stats(wire::StatsFrame { packet, stats }));
    bench.receive(&device, &counts);
    let root = span(FIRST, Parent::None, [1_000, 5_000]);
    bench.data(&mut device, vec![site(1, READ), Record::Span(root)]);
    let process = bench.process();
    let said = |key| tag(&process.attributes, key).cloned();
    assert_eq!(said("ring.words"), Some(Value::Int(1024)));
    assert_eq!(said("ring.most_words"), Some(Value::Int(1024)));
    assert_eq!(said("sent.frames"), Some(Value::Int(1024)));
    assert_eq!(said("sent.bytes"), None);
    assert_eq!(said("mask.longest_cycles"), Some(Value::Int(25)));
}

/// A root says which sampler took it, if the device does not.
#[test]
fn roots_name_their_sampler() {
    let said = |tags: &[(&'static str, wire::Value<'static>)], root_says| {
        let (mut bench, mut device) = (Bench::new(false), device(1));
        device.tags = tags.to_vec();
        bench.hello(&mut device);
        let mut root = span(FIRST, Parent::None, [1_000, 5_000]);
        let mut records = vec![Record::Span(span(5, Parent::Local(FIRST), [2_000, 3_000]))];
        records.extend([site(1, READ), site(2, b"\0\x0csampler.type\x0dsampler.param")]);
        if root_says {
            let list = [wire::Value::Text("lowerbound"), wire::Value::F64(0.5)];
            let (key, values) = (site_key(2, &list), list.into_iter().collect());
            records.push(Record::Part(Part { own: FIRST, key, values }));
            root.head.parts = 1;
        }
        records.push(Record::Span(root));
        bench.data(&mut device, records);
        let spans = bench.spans();
        let [child, root] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!(tag(&child.attributes, "sampler.type"), None);
        let process = bench.process();
        assert_eq!(tag(&process.attributes, "sampler.type"), None);
        ["sampler.type", "sampler.param"].map(|key| tag(&root.attributes, key).unwrap().clone())
    };
    assert_eq!(said(&[], false), [Value::from("const"), Value::from(true)]);
    let fixed = [
        ("sampler.type", wire::Value::Text("probabilistic")),
        ("sampler.param", wire::Value::F64(0.25)),
    ];
    assert_eq!(said(&fixed, false), [Value::from("probabilistic"), Value::from(0.25)]);
    assert_eq!(said(&fixed, true), [Value::from("lowerbound"), Value::from(0.5)]);
}

#[test]
fn parts_logs_and_references_join_their_span() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let kind = [wire::Value::Static(NameRef::Inline("server"))];
    let own = 5;
    let mut entry = span(own, Parent::Remote, [1_000, 2_000]);
    entry.head.trace = TraceRef::Remote(TraceId([9; 16]));
    entry.head.parts = 4;
    let event = [wire::Value::Text("string-format"), wire::Value::U64(u64::MAX)];
    let reference = |trace, span, follows_from| {
        Record::Reference(Reference {
            own,
            trace: TraceId([trace; 16]),
            span: SpanId([span; 8]),
            follows_from,
        })
    };
    let logged = site(2, b"\0\x05event\x09span.kind\x05value");
    bench.data(&mut device, vec![site(1, READ), logged, site(3, b"\0\x09span.kind")]);
    bench.data(
        &mut device,
        vec![
            reference(9, 3, false),
            reference(8, 4, true),
            Record::Part(Part { own, key: site_key(3, &kind), values: values(kind) }),
        ],
    );
    let key = site_key(2, &event);
    let log = Log { own, time_ticks: 1_500, more: false, key, values: values(event) };
    bench.data(&mut device, vec![Record::Log(log)]);
    assert!(bench.spans().is_empty());
    bench.data(&mut device, vec![Record::Span(entry)]);
    let span = bench.span();
    assert_eq!((span.trace_id, span.parent_span_id), (TraceId([9; 16]), Some(SpanId([3; 8]))));
    assert_eq!(span.links.len(), 1);
    assert_eq!(span.kind, Kind::Server);
    let [event] = span.events.as_slice() else { panic!("{span:?}") };
    assert_eq!((&*event.name, event.time_ns), ("string-format", EPOCH + 1_500_000));
    let huge = Value::from("18446744073709551615");
    assert_eq!(tag(&event.attributes, "span.kind"), Some(&huge));
}

#[test]
fn a_span_s_parts_may_come_after_it_and_count_in_the_order_in_which_they_were_made() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let part = |value: i32| {
        let list = [wire::Value::I32(value)];
        let key = PartKey::Name(NameRef::Inline("level"), Shape::of(&list));
        Record::Part(Part { own: FIRST, key, values: values(list) })
    };
    let first = device.data(vec![site(1, READ), part(1)]);
    let second = device.data(vec![part(2)]);
    let mut whole = span(FIRST, Parent::None, [0, 10]);
    whole.head.parts = 2;
    let third = device.data(vec![Record::Span(whole)]);
    for data in [&third, &second, &first] {
        assert!(bench.spans().is_empty());
        bench.receive(&device, data);
    }
    assert_eq!(tag(&bench.span().attributes, "level"), Some(&Value::Int(2)));
}

#[test]
fn an_operation_name_may_be_given_at_run_time_and_logs_may_be_of_one_moment() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let name = [wire::Value::Text("run")];
    let key = PartKey::Name(NameRef::Inline(""), Shape::of(&name));
    let mut whole = span(FIRST, Parent::None, [0, 10]);
    (whole.head.site, whole.head.parts) = (SiteRef::NONE, 3);
    let log = |values: [bool; 2]| {
        let list = values.map(wire::Value::Bool);
        let key = site_key(1, &list);
        Record::Log(Log {
            own: FIRST,
            time_ticks: 5,
            more: false,
            key,
            values: super::values(list),
        })
    };
    bench.data(
        &mut device,
        vec![
            site(1, READ),
            Record::Part(Part { own: FIRST, key, values: values(name) }),
            log([true, false]),
            log([false, false]),
            Record::Span(whole),
        ],
    );
    let span = bench.span();
    assert_eq!(&*span.name, "run");
    // Logs of one moment, with the same keys, are still two.
    let fields: Vec<_> = span.events.iter().map(|event| event.attributes.len()).collect();
    assert_eq!(fields, [2, 2]);
}

#[test]
fn what_came_in_fragments_is_one_record() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let trace = TraceId([6; 16]);
    let mut whole =
        tags(span(FIRST, Parent::Remote, [0, 10]), [wire::Value::I64(3), wire::Value::F32(0.5)]);
    (whole.head.trace, whole.head.parts) = (TraceRef::Remote(trace), 1);
    let reference = Reference { own: FIRST, trace, span: SpanId([3; 8]), follows_from: false };
    let mut frames = device.fragments(site(1, READ), 3);
    assert_eq!(frames.len(), 6);
    frames.extend(device.fragments(Record::Reference(reference), 3));
    frames.extend(device.fragments(Record::Span(whole), 10));
    // The last ones first: nothing is missed before what came first.
    frames.reverse();
    for frame in frames {
        assert!(bench.spans().is_empty());
        bench.receive(&device, &frame);
    }
    let span = bench.span();
    assert_eq!((span.trace_id, span.parent_span_id), (trace, Some(SpanId([3; 8]))));
    assert_eq!((&*span.name, span.span_id), ("read", device.span_id(FIRST)));
    assert_eq!(tag(&span.attributes, "bus"), Some(&Value::Int(3)));
    assert_eq!(tag(&span.attributes, "state"), Some(&Value::Double(0.5)));
    assert!(span.warnings.is_empty(), "{:?}", span.warnings);
}

/// A span without a number of its own has that of its record, which its fragments have too.
#[test]
fn a_span_in_fragments_has_their_number() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    bench.data(&mut device, vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [0, 9]))]);
    let own = wire::record_number(1);
    for frame in device.fragments(Record::Span(span(own, Parent::Local(FIRST), [2, 3])), 4) {
        bench.receive(&device, &frame);
    }
    assert_eq!(bench.spans()[1].span_id, device.span_id(own));
}

/// Names and tags count in the order in which they were given, not in that of arrival.
#[test]
fn what_was_said_last_counts_however_it_came() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let named = |key, value: &'static str| {
        let list = [wire::Value::Text(value)];
        let key = PartKey::Name(NameRef::Inline(key), Shape::of(&list));
        Record::Part(Part { own: FIRST, key, values: values(list) })
    };
    let mut whole = span(FIRST, Parent::None, [0, 10]);
    whole.head.parts = 3;
    let whole = tags(whole, [wire::Value::U32(1), wire::Value::U32(2)]);
    let first = device.data(vec![site(1, READ), named("", "first"), named("bus", "set later")]);
    let second = device.data(vec![named("", "second")]);
    // What it began with goes up last, since the span does.
    let third = device.data(vec![Record::Span(whole)]);
    for data in [&second, &third, &first] {
        assert!(bench.spans().is_empty());
        bench.receive(&device, data);
    }
    bench.wait(1);
    let span = bench.span();
    assert_eq!((&*span.name, span.warnings.len()), ("second", 0));
    assert_eq!(tag(&span.attributes, "bus"), Some(&Value::from("set later")));
    assert_eq!(tag(&span.attributes, "state"), Some(&Value::Int(2)));
}

#[test]
fn an_error_is_a_status_and_an_ambiguous_time_is_marked() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let mut failed = tags(span(FIRST, Parent::None, [0, 10]), [wire::Value::Bool(true)]);
    failed.head.ambiguous = true;
    bench.data(&mut device, vec![site(1, b"\x04read\x05error"), Record::Span(failed)]);
    let span = bench.span();
    assert_eq!(span.status, Status::Error("".into()));
    assert_eq!(tag(&span.attributes, "clock.ambiguous"), Some(&Value::Bool(true)));
    assert_eq!(span.warnings.len(), 1);
}

#[test]
fn the_same_frames_give_the_same_bytes() {
    let run = || {
        let (mut bench, mut device) = (Bench::new(false), device(1));
        bench.hello(&mut device);
        let spans = (5..100).map(|own| Record::Span(span(own, Parent::Local(own - 1), [own, 200])));
        let records: Vec<_> = core::iter::once(site(1, READ)).chain(spans).collect();
        bench.data(&mut device, records);
        let batches = bench.batches();
        let trace = crate::model::Trace { id: device.trace_id(FIRST), batches: batches.clone() };
        (otlp::to_protobuf(&batches), jaeger::convert([&trace]))
    };
    assert_eq!(run(), run());
}
