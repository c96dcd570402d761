//! Contexts in eight bytes: what they stand for, and what they cannot be carried on as.

use super::*;
use crate::carrier::short::{self, ShortContext, ShortHandle};
use crate::carrier::{InjectError, binary, w3c};

fn bench(handle: ShortHandle) -> Bench {
    let handle: &ShortHandle = Box::leak(Box::new(handle));
    Bench::with::<1024>(|tracer| tracer.short_handle(handle))
}

#[test]
fn a_span_is_its_devices_handle_and_its_number() {
    let bench = bench(ShortHandle::given(7));
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let short = child.short_context().unwrap();
    let numbers = [&root, &child].map(Span::number);
    assert_eq!((short.sender, short.root, short.trace, short.span), (7, 7, numbers[0], numbers[1]));
    assert!(short.flags.is_sampled() && !short.flags.is_debug());
    assert_eq!(ShortContext::from_bytes(&short.to_bytes().unwrap()), Ok(short));
}

/// The next device begins a span below it, and hands the trace on, but in the short form alone.
#[test]
fn a_short_context_is_a_parent_that_only_the_collector_knows() {
    let flags = TraceFlags::SAMPLED;
    let parent = ShortContext { sender: 3, span: 70, root: 2, trace: 900_000, flags };
    let bench = bench(ShortHandle::given(7));
    let entry = span!(bench.tracer, child_of: SpanContext::from(parent), "entry", a = 1);
    let leaf = span!(bench.tracer, child_of: &entry, "leaf");
    let on = leaf.short_context().unwrap();
    assert_eq!((on.sender, on.span), (7, leaf.number()));
    assert_eq!((on.root, on.trace), (2, 900_000));

    let context = leaf.context();
    assert!(context.is_short() && context.is_valid());
    assert_eq!(binary::inject(&context), Err(InjectError::OnlyShort));
    let mut headers = Vec::<(String, String)>::new();
    assert_eq!(w3c::inject(&context, &mut headers), Err(InjectError::OnlyShort));
    assert!(headers.is_empty());

    drop((leaf, entry));
    let seen = Seen::of(&bench);
    let [_, Record::Reference(reference)] = seen.others[..] else { panic!("{:?}", seen.others) };
    assert_eq!(short::trace_of(reference.trace), Some((2, 900_000)));
    assert_eq!(short::span_of(reference.span), Some((3, 70)));
    assert!(seen.spans.iter().all(|span| span.head.trace == TraceRef::Remote(reference.trace)));
}

#[test]
fn without_a_handle_there_is_no_short_form() {
    let bench = bench(ShortHandle::assigned());
    let root = span!(bench.tracer, "root");
    assert_eq!(root.short_context(), Err(InjectError::NoHandle));
    let mut drain = bench.tracer.drain().unwrap();
    let assign = |handle| {
        let request = wire::Request::SetHandle(handle);
        wire::Downlink { session_tag: SESSION.tag(DEVICE), request }.to_bytes()
    };
    assert_eq!(drain.on_downlink(&assign(4096)), Asked::Nothing);
    assert_eq!(root.short_context(), Err(InjectError::NoHandle));
    assert_eq!(drain.on_downlink(&assign(9)), Asked::Nothing);
    assert_eq!(root.short_context().unwrap().sender, 9);

    let remote = SpanContext::new(TraceId([5; 16]), crate::SpanId([6; 8]), TraceFlags::SAMPLED);
    let entry = span!(bench.tracer, child_of: remote, "entry");
    assert_eq!(entry.short_context(), Err(InjectError::LongTrace));
}

/// What the configuration says stands.
#[test]
fn a_given_handle_is_not_assigned_another() {
    let bench = bench(ShortHandle::given(7));
    let mut drain = bench.tracer.drain().unwrap();
    let request = wire::Request::SetHandle(9);
    drain.on_downlink(&wire::Downlink { session_tag: SESSION.tag(DEVICE), request }.to_bytes());
    assert_eq!(span!(bench.tracer, "root").short_context().unwrap().sender, 7);
}
