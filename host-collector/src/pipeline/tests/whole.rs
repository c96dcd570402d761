//! Frames of which everything came.

use super::*;

#[test]
fn a_span_is_what_the_device_recorded() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let root = span(1, Parent::None, [1_000, 5_000]);
    let child = span(2, Parent::Local(1), [2_000, 3_000]);
    let child = tags(child, [wire::Value::I32(-4), wire::Value::Static(NameRef::Id(0))]);
    bench.data(
        &mut device,
        vec![site(1, READ), name(0, "idle"), Record::Span(child), Record::Span(root)],
    );
    let spans = bench.spans();
    let [child, root] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&*child.name, child.span_id), ("read", device.span_id(2)));
    assert_eq!(child.parent_span_id, Some(device.span_id(1)));
    assert_eq!((child.trace_id, root.trace_id), (device.trace_id(1), device.trace_id(1)));
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

#[test]
fn parts_logs_and_references_join_their_span() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let key = |shape| PartKey::Site(SiteRef { id: 2, shape }, 1);
    let kind = [wire::Value::Static(NameRef::Inline("server"))];
    let own = 5;
    let mut entry = span(own, Parent::Remote, [1_000, 2_000]);
    entry.trace = TraceRef::Remote(TraceId([9; 16]));
    entry.parts = 4;
    let event = [wire::Value::Text("string-format"), wire::Value::U64(u64::MAX)];
    let reference = |trace, span, follows_from| {
        Record::Reference(Reference {
            own,
            trace: TraceId([trace; 16]),
            span: Some(SpanId([span; 8])),
            follows_from,
        })
    };
    bench.data(&mut device, vec![site(1, READ), site(2, b"\0\x05event\x09span.kind\x05value")]);
    bench.data(
        &mut device,
        vec![
            reference(9, 3, false),
            reference(8, 4, true),
            Record::Part(Part { own, key: key(Shape::of(&kind)), values: values(kind) }),
        ],
    );
    let site = SiteRef { id: 2, shape: Shape::of(&event) };
    bench.data(
        &mut device,
        vec![Record::Log(Log {
            own,
            time_ticks: 1_500,
            key: PartKey::Site(site, 0),
            values: values(event),
        })],
    );
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
        Record::Part(Part { own: 1, key, values: values(list) })
    };
    let first = device.data(vec![site(1, READ), part(1)]);
    let second = device.data(vec![part(2)]);
    let mut whole = span(1, Parent::None, [0, 10]);
    whole.parts = 2;
    let third = device.data(vec![Record::Span(whole)]);
    for data in [&third, &second, &first] {
        assert!(bench.spans().is_empty());
        bench.receive(&device, data);
    }
    assert_eq!(tag(&bench.span().attributes, "level"), Some(&Value::Int(2)));
}

#[test]
fn an_operation_name_may_be_given_at_run_time_and_logs_may_come_field_by_field() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let name = [wire::Value::Text("run")];
    let key = PartKey::Name(NameRef::Inline(""), Shape::of(&name));
    let mut whole = span(1, Parent::None, [0, 10]);
    (whole.site, whole.parts) = (SiteRef::NONE, 3);
    let field = |place, value| {
        let list = [wire::Value::Bool(value)];
        let key = PartKey::Site(SiteRef { id: 1, shape: Shape::of(&list) }, place);
        Record::Log(Log { own: 1, time_ticks: 5, key, values: values(list) })
    };
    bench.data(
        &mut device,
        vec![
            site(1, READ),
            Record::Part(Part { own: 1, key, values: values(name) }),
            field(0, true),
            field(1, false),
            field(0, false),
            Record::Span(whole),
        ],
    );
    let span = bench.span();
    assert_eq!(&*span.name, "run");
    let fields: Vec<_> = span.events.iter().map(|event| event.attributes.len()).collect();
    assert_eq!(fields, [2, 1]);
}

#[test]
fn a_span_that_went_in_pieces_is_one_span() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let mut whole = span(1, Parent::None, [0, 10]);
    (whole.trace, whole.parts) = (TraceRef::Apart, 3);
    let value = |place, value: wire::Value<'static>| {
        let key = PartKey::Site(SiteRef { id: 1, shape: Shape::of(&[value]) }, place);
        Record::Part(Part { own: 1, key, values: values([value]) })
    };
    let trace = TraceId([6; 16]);
    let reference = Reference { own: 1, trace, span: None, follows_from: false };
    bench.data(&mut device, vec![site(1, READ), Record::Reference(reference)]);
    bench.data(&mut device, vec![value(0, wire::Value::I64(3))]);
    bench.data(&mut device, vec![value(1, wire::Value::F32(0.5))]);
    bench.data(&mut device, vec![Record::Span(whole)]);
    let span = bench.span();
    assert_eq!((span.trace_id, span.parent_span_id), (trace, None));
    assert_eq!(tag(&span.attributes, "bus"), Some(&Value::Int(3)));
    assert_eq!(tag(&span.attributes, "state"), Some(&Value::Double(0.5)));
    assert!(span.warnings.is_empty());
}

#[test]
fn an_error_is_a_status_and_an_ambiguous_time_is_marked() {
    let (mut bench, mut device) = (Bench::new(false), device(1));
    bench.hello(&mut device);
    let mut failed = tags(span(1, Parent::None, [0, 10]), [wire::Value::Bool(true)]);
    failed.ambiguous = true;
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
        let spans = (1..100).map(|own| Record::Span(span(own, Parent::Local(own - 1), [own, 200])));
        let records: Vec<_> = core::iter::once(site(1, READ)).chain(spans).collect();
        bench.data(&mut device, records);
        let batches = bench.batches();
        let trace = crate::model::Trace { id: device.trace_id(1), batches: batches.clone() };
        (otlp::to_protobuf(&batches), jaeger::convert([&trace]))
    };
    assert_eq!(run(), run());
}
