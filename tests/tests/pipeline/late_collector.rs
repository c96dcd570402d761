//! A collector that was not there from the start, or missed what explains the rest, learns it all the same.

use std::collections::HashMap;

use spandrel::wire::{self, Body, Downlink, Record, Request};
use spandrel::{Asked, span};
use spandrel_collector::receiver::{Handler as _, Reply};

use crate::device::{Collector, Device, PEER, SECOND};
use crate::program::{Any, Program, Step};

/// Between a device's start and the collector's, in seconds.
const LATE: u32 = 30;
/// All definitions go up again with so many hellos, one a second.
const HELLOS: u32 = 10;
/// Rounds of work in a second.
const ROUNDS: u32 = 10;

/// A root, a child with a log, and one with eight tags.
fn work(program: &mut Program, number: i32, ticks: u64) {
    let value = Any::Static("idle");
    let text = || "Grüße".to_owned();
    let start = |form, parent| Step::Start {
        form,
        parent,
        number,
        value: value.clone(),
        asks: number % 2 == 0,
    };
    let steps = [
        start(1, 0),
        start(2, 3),
        Step::Log { which: 1, key: "state", value: value.clone() },
        Step::Logs { which: 1, number: 7, text: text() },
        start(4, 3),
        Step::Finish { which: 2 },
        Step::Finish { which: 1 },
        start(5, 2),
        Step::Tags { which: 1, number, text: text() },
        Step::Finish { which: 1 },
    ];
    steps.iter().for_each(|step| program.run(step, ticks));
    program.finish_all(ticks);
}

/// What the device has to send now: a hello if one is due, and all records.
fn frames(device: &mut Device) -> Vec<Vec<u8>> {
    let hello = device.due_hello();
    hello.into_iter().chain(core::iter::from_fn(|| device.frame())).collect()
}

fn is_late_and_decodes_everything(mtu: usize, downlink: bool) {
    let mut device = Device::new::<{ 1 << 14 }, 48>(mtu, 0);
    let mut program = Program::new(device.tracer);
    for number in 0..(LATE * ROUNDS).cast_signed() {
        work(&mut program, number, device.ticks());
        device.pass(SECOND / ROUNDS);
        drop(frames(&mut device));
    }
    let before = program.finished.len();

    let mut collector = Collector::new(downlink);
    for round in 0..HELLOS * ROUNDS {
        work(&mut program, round.cast_signed(), device.ticks());
        device.pass(SECOND / ROUNDS);
        for frame in frames(&mut device) {
            collector.receive(&mut device, frame);
        }
        collector.tick(&mut device);
        if downlink && round == 2 * ROUNDS {
            let (found, made) = (collector.spans().len(), program.finished.len() - before);
            assert!(made - found <= 4, "asking takes no two seconds: {found} of {made}");
        }
    }
    // Nothing was given up to be able to show the rest: what is out now waited for its definitions.
    let spans = collector.spans();
    let mut spans: HashMap<_, _> = spans.into_iter().map(|span| (span.span_id, span)).collect();
    for recorded in program.finished.split_off(before) {
        let found = recorded.take(&mut spans);
        let found = found.unwrap_or_else(|what| panic!("mtu {mtu}: {what}"));
        assert!(found.warnings.is_empty(), "mtu {mtu}: {found:?}");
    }
    assert!(spans.is_empty(), "mtu {mtu}: {spans:?}");
    let batches = collector.batches();
    let process = &batches.last().expect("there are spans").resource;
    assert_eq!(&*process.service_name, "bench");
    assert!(process.warnings.is_empty(), "what came before it is no loss: {:?}", process.warnings);
    let stats = collector.pipeline.stats();
    assert_eq!((stats.dropped, stats.incomplete, stats.nonsense), (0, 0, 0), "{stats}");
}

#[test]
fn a_collector_started_late_decodes_everything_with_a_downlink() {
    for mtu in [48, 100, 508, 1400] {
        is_late_and_decodes_everything(mtu, true);
    }
}

#[test]
fn a_collector_started_late_decodes_everything_without_a_downlink() {
    for mtu in [48, 100, 508, 1400] {
        is_late_and_decodes_everything(mtu, false);
    }
}

/// A request, and its frame.
type Asking = (Request<'static>, &'static [u8]);

/// What the collector says to a frame; the device does not hear it.
fn requests(collector: &mut Collector, now_ns: u64, frame: &[u8]) -> Vec<Asking> {
    let mut replies = Vec::new();
    collector.pipeline.on_frame(frame, &PEER, now_ns, &mut replies);
    let request = |Reply { bytes, .. }| {
        let bytes: &'static [u8] = bytes.leak();
        let Downlink { request, .. } = wire::decode_downlink(bytes).expect("it speaks our version");
        (request, bytes)
    };
    replies.into_iter().map(request).collect()
}

/// The one request of a kind among others.
#[track_caller]
fn only(requests: Vec<Asking>, is: impl Fn(&Request<'_>) -> bool) -> Asking {
    let mut found: Vec<_> = requests.into_iter().filter(|(request, _)| is(request)).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

#[test]
fn a_session_whose_hello_was_lost_is_asked_for_it() {
    let mut device = Device::new::<4096, 48>(508, 0);
    let mut collector = Collector::new(true);
    drop(device.due_hello());
    let is_hello = |request: &Request<'_>| matches!(request, Request::SendHello);

    span!(device.tracer, "first", n = 1).finish();
    let frame = device.frame().expect("a span is there");
    only(requests(&mut collector, device.now_ns(), &frame), is_hello);
    assert!(collector.spans().is_empty());

    // The question was lost too, so it is asked again.
    device.pass(SECOND / 2);
    span!(device.tracer, "second", n = 2).finish();
    let frame = device.frame().expect("a span is there");
    let (_, asked) = only(requests(&mut collector, device.now_ns(), &frame), is_hello);
    let (answered, hello) = device.hears(asked);
    assert_eq!(answered, Asked::Hello);
    collector.receive(&mut device, hello.expect("it answers at once"));
    collector.tick(&mut device);
    let names: Vec<_> = collector.spans().iter().map(|span| span.name.to_string()).collect();
    assert_eq!(names, ["first", "second"]);
}

#[test]
fn definitions_that_were_lost_are_asked_for_and_no_others() {
    let mut device = Device::new::<4096, 48>(508, 0);
    let mut collector = Collector::new(true);
    let hello = device.due_hello().expect("the first is due at once");
    collector.receive(&mut device, hello);

    let record = |device: &Device| span!(device.tracer, "read", bus = 1, state = "idle");
    record(&device).finish();
    let lost = device.frame().expect("a span is there");
    let defined = definitions(&lost);
    assert_eq!(defined.len(), 2, "a site and a string");

    device.pass(SECOND / 2);
    record(&device).finish();
    let frame = device.frame().expect("a span is there");
    assert!(definitions(&frame).is_empty(), "they go up once");
    let is_ask = |request: &Request<'_>| matches!(request, Request::SendDefinitions { .. });
    let (request, asked) = only(requests(&mut collector, device.now_ns(), &frame), is_ask);
    let Request::SendDefinitions { sites, names } = request else { unreachable!() };
    let wanted: Vec<_> =
        sites.iter().map(|id| (false, *id)).chain(names.iter().map(|id| (true, *id))).collect();
    assert_eq!(wanted, defined);
    assert!(collector.spans().is_empty());

    assert_eq!(device.hears(asked), (Asked::Nothing, None));
    let answer = device.frame().expect("the definitions go up again");
    assert_eq!(definitions(&answer), defined);
    collector.receive(&mut device, answer);
    let spans = collector.spans();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((&*span.name, span.attributes.len()), ("read", 4));
    assert!(span.warnings.is_empty(), "{span:?}");
}

/// The definitions in a frame: whether of a name, and the number; sites first.
fn definitions(frame: &[u8]) -> Vec<(bool, u16)> {
    let Ok(wire::Frame { body: Body::Data(data), .. }) = wire::decode(frame) else {
        panic!("a frame of records");
    };
    let define = |record: &Record<'_>| match record {
        Record::Define(define) => Some((define.is_name, define.id)),
        _ => None,
    };
    let mut found: Vec<_> = data.records.iter().filter_map(define).collect();
    found.sort_unstable();
    found
}
