//! What a pipeline says that it holds is what it holds, whatever fills it.

use crate::device::{Device, EPOCH_NS, name, part, site, span};
use crate::{alone, count};
use spandrel::carrier::short::ShortContext;
use spandrel::wire::{
    Fragment, FragmentOf, Log, NameRef, Parent, PartKey, Record, Reference, Shape, SiteRef,
    TraceRef, Value,
};
use spandrel::{SpanContext, SpanId, TraceFlags, TraceId};
use spandrel_collector::pipeline::{MOST_BYTES, Options, Output, Pipeline};
use spandrel_collector::receiver::Handler;

type Sink = fn(Output);

fn pipeline() -> Pipeline<Sink> {
    Pipeline::new(Options { downlink: true, ..Options::default() }, (|output| drop(output)) as Sink)
}

/// What the allocator may hold that nothing weighs: tables that are not filled yet, and buffers of
/// the test.
const SLACK: usize = 64 << 10;

/// Sends frames; what is held then must not be more than what is said, nor much less.
fn holds_what_it_says(
    what: &str,
    frames: impl FnOnce(&mut Device, &mut dyn FnMut(&Device, Vec<u8>)),
) {
    let _alone = alone();
    let before = count::held();
    let mut pipeline = pipeline();
    let mut replies = Vec::new();
    let mut device = Device::new(1, 1);
    let mut now_ns = EPOCH_NS;
    frames(&mut device, &mut |device, frame| {
        now_ns += 1_000;
        pipeline.on_frame(&frame, &device.peer, now_ns, &mut replies);
        replies.clear();
    });
    drop(replies);
    let (held, said) = (count::held() - before, pipeline.weight());
    assert!(held <= said + SLACK, "{what}: {held} bytes are held, {said} are said to be");
    assert!(said <= 4 * held + SLACK, "{what}: {held} bytes are held, {said} are said to be");
    assert!(said > 150_000, "{what}: so it holds something to be seen: {said}");
    assert!(said < 4 << 20, "{what}: one device is bounded: {said}");
}

#[test]
fn parts_of_spans_that_never_end() {
    holds_what_it_says("one part each", |device, send| {
        for own in 4..3_000 {
            let frame = device.data(vec![part(own, "k", Value::Bool(true))]);
            send(device, frame);
        }
    });
    holds_what_it_says("many parts each", |device, send| {
        for own in 4..3_000 {
            let frame = device.data(vec![part(4 + own % 7, "key", Value::Text("value"))]);
            send(device, frame);
        }
    });
    holds_what_it_says("one of each kind", |device, send| {
        let key = PartKey::Site(SiteRef { id: 1, shape: Shape(1) });
        for own in 4..2_000 {
            let values = [Value::Bool(true)].into_iter().collect();
            let (trace, span) = (TraceId([1; 16]), SpanId([1; 8]));
            let records = vec![
                part(own, "k", Value::Bool(true)),
                part(own, "", Value::Text("renamed")),
                Record::Log(Log { own, time_ticks: 1, more: false, key, values }),
                Record::Reference(Reference { own, trace, span, follows_from: true }),
            ];
            let frame = device.data(records);
            send(device, frame);
        }
    });
}

#[test]
fn definitions() {
    const EMPTY_KEYS: &[u8] = &[0; 1_000];
    const NO_TEXT: &[u8] = &[0xff; 200];
    holds_what_it_says("keys without a letter", |device, send| {
        for id in 1..600 {
            let frame = device.data(vec![site(id, EMPTY_KEYS)]);
            send(device, frame);
        }
    });
    holds_what_it_says("names that are no text", |device, send| {
        for id in 1..3_000 {
            let frame = device.data(vec![name(id, NO_TEXT)]);
            send(device, frame);
        }
    });
    holds_what_it_says("short names", |device, send| {
        for id in 1..3_000 {
            let frame = device.data(vec![name(id, b"a")]);
            send(device, frame);
        }
    });
}

#[test]
fn descriptions_fragments_and_what_is_missing() {
    holds_what_it_says("a description", |device, send| {
        let tags: Vec<_> = (0..255).map(|_| ("key", Value::Text(LONG))).collect();
        for offset in (0..=255 * (LONG.len() + 7)).step_by(1_200) {
            let frame = device.hello(&tags, offset);
            send(device, frame);
        }
    });
    holds_what_it_says("fragments", |device, send| {
        for _ in 0..3_000 {
            let fragment =
                Fragment { of: FragmentOf::Record, offset: 1, is_last: true, bytes: b"some" };
            let frame = device.data(vec![Record::Fragment(fragment)]);
            send(device, frame);
        }
    });
    holds_what_it_says("parents and gaps", |device, send| {
        for own in 1..3_000 {
            let trace = TraceRef::Own(4 * own);
            let frame = device.data(vec![span(4 * own + 1, Parent::Local(4 * own + 2), trace)]);
            send(device, frame);
            device.record += 1;
        }
    });
}

const LONG: &str = "a text of the length that tags of processes have now and then, or somewhat more \
                    of it, so that the whole of what it describes is long, which it is allowed to be: \
                    it goes up in pieces";

#[test]
fn spans_that_wait_for_whom_they_refer_to() {
    let _alone = alone();
    let before = count::held();
    let (mut pipeline, mut replies) = (pipeline(), Vec::new());
    let mut device = Device::new(1, 1);
    let hello = device.hello(&[], 0);
    pipeline.on_frame(&hello, &device.peer, EPOCH_NS, &mut replies);
    let later_ns = EPOCH_NS + 1_000_000_000;
    let frame = device.data(vec![site(1, b"\x04read")]);
    pipeline.on_frame(&frame, &device.peer, later_ns, &mut replies);
    for own in 4..4_000 {
        let flags = TraceFlags::SAMPLED;
        let short = ShortContext { sender: 9, span: 4, root: 9, trace: 4, flags };
        let SpanContext { trace_id, span_id, .. } = SpanContext::from(short);
        let (trace, span_id) = (trace_id, span_id);
        let reference = Reference { own, trace, span: span_id, follows_from: false };
        let mut whole = span(own, Parent::Remote, TraceRef::Remote(trace));
        if let Record::Span(span) = &mut whole {
            span.head.parts = 3;
        }
        let text = || Value::Static(NameRef::Inline(LONG));
        let tags = [part(own, "first", text()), part(own, "second", text())];
        let records = tags.into_iter().chain([Record::Reference(reference), whole]);
        let frame = device.data(records.collect());
        pipeline.on_frame(&frame, &device.peer, later_ns, &mut replies);
        replies.clear();
    }
    let (held, said) = (count::held() - before, pipeline.weight());
    assert!(held <= said + SLACK && said <= 4 * held, "{held} are held, {said} are said to be");
    assert!(said > 500_000 && said < 40 << 20, "{said}");
}

/// Hundreds of identities, each of which fills what it may.
#[test]
fn all_that_a_pipeline_may_hold() {
    const LONG_NAME: &[u8] = &[b'a'; 13_000];
    let _alone = alone();
    let before = count::held();
    let (mut pipeline, mut replies) = (pipeline(), Vec::new());
    count::most();
    let mut most = 0;
    for id in 1..700 {
        let mut device = Device::new(id, u16::try_from(id % 50).expect("it is small"));
        let hello = device.hello(&[], 0);
        let names = (0..33).map(|id| device.data(vec![name(id, LONG_NAME)]));
        for frame in core::iter::once(hello).chain(names.collect::<Vec<_>>()) {
            pipeline.on_frame(&frame, &device.peer, EPOCH_NS + id, &mut replies);
        }
        replies.clear();
        most = most.max(pipeline.weight());
    }
    let peak = count::most() - before;
    assert!(pipeline.stats().forgotten > 50, "{}", pipeline.stats());
    assert!(most <= MOST_BYTES, "{most} of {MOST_BYTES}");
    assert!(most > MOST_BYTES / 2, "it was filled: {most}");
    assert!(peak <= MOST_BYTES, "{peak} bytes were held, {MOST_BYTES} may be");
}
