//! Contexts in the short form: ids that only the collector can tell.

use super::*;
use spandrel::carrier::short::ShortContext;
use spandrel::{SpanContext, TraceFlags};

/// A span of the device below a parent that came in the short form.
fn below(own: u64, parent: ShortContext) -> Vec<Record<'static>> {
    let context = SpanContext::from(parent);
    let mut entry = span(own, Parent::Remote, [2_000, 3_000]);
    entry.head.trace = TraceRef::Remote(context.trace_id);
    entry.head.parts = 1;
    let (trace, span) = (context.trace_id, context.span_id);
    let reference = Reference { own, trace, span, follows_from: false };
    vec![site(1, READ), Record::Reference(reference), Record::Span(entry)]
}

fn handle(number: u32) -> Vec<(&'static str, wire::Value<'static>)> {
    vec![("device.handle", wire::Value::U32(number))]
}

const PARENT: ShortContext = ShortContext {
    sender: 7,
    span: FIRST as u32,
    root: 7,
    trace: FIRST as u32,
    flags: TraceFlags::SAMPLED,
};

#[test]
fn ids_are_told_by_handles() {
    let (mut bench, mut sender, mut receiver) = (Bench::new(false), device(1), device(2));
    (sender.tags, receiver.tags) = (handle(7), handle(8));
    bench.hello(&mut sender);
    bench.hello(&mut receiver);
    bench.data(
        &mut sender,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1_000, 5_000]))],
    );
    bench.data(&mut receiver, below(9, PARENT));
    let spans = bench.spans();
    let [root, entry] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!((entry.trace_id, entry.parent_span_id), (root.trace_id, Some(root.span_id)));
    assert!(entry.warnings.is_empty());
    assert_eq!(tag(&bench.process().attributes, "device.handle"), Some(&Value::Int(8)));
}

/// The receiver's frames may be here before the sender has said who it is.
#[test]
fn a_span_waits_for_the_device_in_its_ids() {
    let (mut bench, mut sender, mut receiver) = (Bench::new(false), device(1), device(2));
    (sender.tags, receiver.tags) = (handle(7), handle(8));
    bench.hello(&mut receiver);
    bench.data(&mut receiver, below(9, PARENT));
    bench.wait(11_000_000_000);
    assert!(bench.spans().is_empty());
    bench.hello(&mut sender);
    bench.data(
        &mut sender,
        vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1_000, 5_000]))],
    );
    let spans = bench.spans();
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.trace_id == sender.trace_id(FIRST)));
}

#[test]
fn a_handle_that_nobody_has_is_said() {
    let (mut bench, mut receiver) = (Bench::new(false), device(2));
    bench.hello(&mut receiver);
    bench.data(&mut receiver, below(9, PARENT));
    bench.wait(13_000_000_000);
    let spans = bench.spans();
    let [entry] = spans.as_slice() else { panic!("{spans:?}") };
    assert!(entry.trace_id.is_short());
    assert!(entry.warnings[0].contains("a handle that no device has"));
}

/// Who asks for a handle is told as often as it says hello, and goes by it.
#[test]
fn handles_are_assigned() {
    let (mut bench, mut sender) = (Bench::new(true), device(1));
    sender.tags = handle(0);
    bench.hello(&mut sender);
    let set = |asked: Vec<Request<'static>>| {
        asked.iter().filter(|request| **request == Request::SetHandle(1)).count()
    };
    assert_eq!(set(bench.asked()), 1);
    bench.hello(&mut sender);
    assert_eq!(set(bench.asked()), 1);
    let root = span(FIRST, Parent::None, [1_000, 5_000]);
    bench.data(&mut sender, vec![site(1, READ), Record::Span(root)]);
    let mut receiver = device(2);
    bench.hello(&mut receiver);
    bench.data(&mut receiver, below(9, ShortContext { sender: 1, root: 1, ..PARENT }));
    bench.wait(1_000_000_000);
    let spans = bench.spans();
    assert_eq!(spans.len(), 2);
    assert!(spans.iter().all(|span| span.trace_id == sender.trace_id(FIRST)));
    let said = |batch: &Batch| tag(&batch.resource.attributes, "device.handle").is_some();
    assert!(!bench.batches().iter().any(said), "0 is no handle");
}
