//! Sessions that a reset ended, and the boots behind them.

use super::*;
use spandrel::wire::ResetCause;

/// What the device of the boot before sends when it is on again: its hello, which says that it has ended.
fn ended(device: &mut Device, last_ticks: u64, has_process: bool) -> Vec<u8> {
    let process = Process { service: "sensor", build: &[0xab], tags: &[][..] };
    let process: &'static [u8] = if has_process { process.to_bytes().leak() } else { &[] };
    let (id, session, first_record) = (device.id, device.session, device.record);
    device.frame(|packet| {
        Body::Hello(Hello {
            packet,
            device: id.0,
            session: session.get(),
            clock_hz: 1_000_000,
            sent_ticks: last_ticks,
            flags: Hello::KEPT,
            sites: 10,
            first_record,
            ended: Some(ResetCause::Watchdog),
            process_total: process.len() as u32,
            process,
            ..Hello::default()
        })
    })
}

/// A device that a reset ended, and the same in the boot behind it.
fn boots() -> (Device, Device) {
    let before = device(3);
    let next = Device {
        session: SessionNumber::new(8),
        previous: Some(before.session.get()),
        began_ns: EPOCH + 10 * SECOND,
        ..device(3)
    };
    (before, next)
}

/// Lets time pass, as ticks come.
fn pass(bench: &mut Bench, seconds: u64) {
    for _ in 0..10 * seconds {
        bench.wait(SECOND / 10);
    }
}

#[test]
fn what_a_reset_cut_off_is_told_by_the_boot_behind_it() {
    let (mut before, mut next) = boots();
    let mut bench = Bench::new(true);
    bench.now_ns = EPOCH + 11 * SECOND;
    let hello = ended(&mut before, 9_000_000, true);
    bench.receive(&before, &hello);
    let mut cut = span(FIRST + 1, Parent::Local(FIRST), [5, 9_000_000]);
    cut.head.cut_off = true;
    let parts = Record::Part(Part {
        own: FIRST + 1,
        key: PartKey::Name(NameRef::Inline("late"), Shape::of(&[wire::Value::Bool(true)])),
        values: values([wire::Value::Bool(true)]),
    });
    let whole = Record::Span(span(FIRST, Parent::None, [1, 2]));
    bench.data(&mut before, vec![site(1, READ), whole, parts, Record::Span(cut)]);
    let hello = ended(&mut before, 9_000_000, true);
    bench.receive(&before, &hello);
    assert!(bench.asked().is_empty(), "nobody is there to answer");
    let hello = next.hello(bench.now_ns);
    bench.receive(&next, &hello);
    pass(&mut bench, 3);
    let spans = bench.spans();
    let [read, cut, boot] = &spans[..] else { panic!("{spans:#?}") };
    assert!(tag(&read.attributes, "cut_off").is_none() && read.warnings.is_empty());
    assert_eq!(tag(&cut.attributes, "cut_off"), Some(&Value::from("reset")));
    assert_eq!(tag(&cut.attributes, "late"), Some(&Value::from(true)));
    assert_eq!(tag(&cut.attributes, "reset.cause"), Some(&Value::from("watchdog")));
    assert!(matches!(cut.status, Status::Error(_)) && cut.dropped_attributes == 0);
    assert!(&*boot.name == "boot" && boot.end_ns - boot.start_ns <= 1);
    assert_eq!(tag(&boot.attributes, "reset.cause"), Some(&Value::from("watchdog")));
    assert_eq!(tag(&boot.attributes, "boot.cut_off"), Some(&Value::from(1_u64)));
    let [link] = &boot.links[..] else { panic!("{boot:#?}") };
    assert_eq!((link.trace_id, link.span_id), (cut.trace_id, cut.span_id));
    // The last that is known of the one was before the other began.
    assert!(cut.end_ns <= boot.start_ns, "{} {}", cut.end_ns, boot.start_ns);
    let process = bench.process();
    assert_eq!(tag(&process.attributes, "device.previous_session"), Some(&Value::from(7_i64)));
    assert_eq!(tag(&process.attributes, "device.session"), Some(&Value::from(8_i64)));
}

#[test]
fn an_earlier_boot_of_another_program_is_shown_by_what_is_known_of_it() {
    let (mut before, mut next) = boots();
    let mut bench = Bench::new(true);
    bench.now_ns = EPOCH + 11 * SECOND;
    let hello = ended(&mut before, 9_000_000, false);
    bench.receive(&before, &hello);
    // The address in seven bits a byte, and the length.
    let place = b"\xb4\xa4\x80\x40\x04";
    let by_address = Define { is_name: true, by_address: true, id: 0, bytes: place };
    let tagged = tags(
        span(FIRST, Parent::None, [1, 2]),
        [wire::Value::I32(1), wire::Value::Static(NameRef::Id(0))],
    );
    bench.data(&mut before, vec![Record::Span(tagged), Record::Define(by_address)]);
    let hello = next.hello(bench.now_ns);
    bench.receive(&next, &hello);
    pass(&mut bench, 20);
    let spans = bench.spans();
    let [span, boot] = &spans[..] else { panic!("{spans:#?}") };
    assert_eq!(&*span.name, "unknown@1");
    let is_place = |tag: &crate::model::Attribute| tag.value == Value::from("unknown@0x8001234");
    assert!(span.attributes.iter().any(is_place), "{span:#?}");
    assert_eq!(tag(&boot.attributes, "boot.cut_off"), Some(&Value::from(0_u64)));
    assert_eq!(bench.pipeline.stats().nonsense, 0);
}

#[test]
fn a_name_that_was_told_before_the_reset_is_no_address() {
    let (mut before, _) = boots();
    let mut bench = Bench::new(true);
    let hello = ended(&mut before, 9_000_000, false);
    bench.receive(&before, &hello);
    let by_address = Define { is_name: true, by_address: true, id: 0, bytes: b"\x04\x04" };
    let tagged = tags(span(FIRST, Parent::None, [1, 2]), [wire::Value::Static(NameRef::Id(0))]);
    let records =
        vec![name(0, "idle"), Record::Define(by_address), site(1, READ), Record::Span(tagged)];
    bench.data(&mut before, records);
    pass(&mut bench, 3);
    assert_eq!(tag(&bench.span().attributes, "bus"), Some(&Value::from("idle")));
}

#[test]
fn call_sites_of_the_same_build_are_known_from_the_boot_behind() {
    let (mut before, mut next) = boots();
    let mut bench = Bench::new(true);
    bench.now_ns = EPOCH + 11 * SECOND;
    let hello = ended(&mut before, 9_000_000, true);
    bench.receive(&before, &hello);
    // The definition was lost, and nobody can be asked for it.
    bench.data(&mut before, vec![Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    let hello = next.hello(bench.now_ns);
    bench.receive(&next, &hello);
    bench.data(&mut next, vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    pass(&mut bench, 3);
    let names: Vec<_> = bench.spans().iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names.iter().filter(|name| *name == "read").count(), 2, "{names:?}");
}

#[test]
fn an_end_that_comes_late_is_no_clash() {
    let (mut before, _) = boots();
    let mut bench = Bench::new(true);
    bench.now_ns = EPOCH + 11 * SECOND;
    bench.hello(&mut before);
    // The last tick that the next boot knows of is seconds before the last hello.
    bench.now_ns += SECOND;
    let hello = ended(&mut before, 3_000_000, true);
    bench.receive(&before, &hello);
    bench.data(&mut before, vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    pass(&mut bench, 2);
    assert_eq!(bench.span().name.to_string(), "read");
    assert_eq!(bench.pipeline.stats().clashes, 0);
}
