//! Whatever cores, interrupts and tasks do in between, each finds active what it made active itself.
//!
//! `contexts!` is told here by the test which context runs. A random program recurses into scopes,
//! interrupts of higher levels, the other core, and polls of tasks that each executor has.

use proptest::prelude::*;
use spandrel::wire::{self, Body, Parent, Record};
use spandrel::{
    Clock, ContextId, DeviceId, FutureExt as _, Recorder, Session, SessionSource, Span, SpanId,
    Tracer, contexts, span,
};
use std::cell::Cell;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

const DEVICE: DeviceId = DeviceId(77);
const SESSION: Session = Session::new(3);
const CORES: usize = 2;
const LEVELS: u16 = 4;

thread_local! {
    static CURRENT: Cell<ContextId> = const { Cell::new(ContextId { slot: 0, level: 0 }) };
}

contexts!(CORES, || CURRENT.get());

static RECORDER: Recorder<65536> = Recorder::new();
static TRACER: Tracer = Tracer::new("contexts", &RECORDER, Clock::monotonic())
    .device_id(DEVICE)
    .session(SessionSource::Fixed(SESSION));

/// What a program did: the parent that each span should have.
#[derive(Default)]
struct Model {
    choices: std::vec::IntoIter<u8>,
    parents: HashMap<SpanId, Option<SpanId>>,
    /// Tasks of each executor, and the span of each.
    tasks: HashMap<(usize, u16), Vec<(Task, SpanId)>>,
    depth: usize,
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static MODEL: std::cell::RefCell<Model> = std::cell::RefCell::default();
}

fn choice(among: u8) -> Option<u8> {
    MODEL.with_borrow_mut(|model| model.choices.next()).map(|choice| choice % among)
}

fn note(span: &Span, parent: Option<SpanId>) -> SpanId {
    let id = span.context().span_id;
    MODEL.with_borrow_mut(|model| model.parents.insert(id, parent));
    id
}

fn within(context: ContextId, work: impl FnOnce()) {
    let before = CURRENT.replace(context);
    work();
    CURRENT.set(before);
}

/// A few steps of the context that runs, in which `active` should be active.
fn run(active: Option<SpanId>) {
    if MODEL.with_borrow(|model| model.depth > 12) {
        return;
    }
    MODEL.with_borrow_mut(|model| model.depth += 1);
    for _ in 0..3 {
        let Some(choice) = choice(8) else { break };
        let ContextId { slot, level } = CURRENT.get();
        match choice {
            0 | 1 => _ = note(&span!(TRACER, "leaf", a = 1), active),
            2 => {
                let span = span!(TRACER, "scope");
                let id = note(&span, active);
                let _scope = span.enter();
                run(Some(id));
            }
            3 => {
                // A trace that began elsewhere has more to keep.
                let remote = spandrel::SpanContext::new(
                    spandrel::TraceId([slot as u8 + 1; 16]),
                    SpanId([9; 8]),
                    spandrel::TraceFlags::SAMPLED,
                );
                let span = span!(TRACER, child_of: remote, "entry");
                let id = note(&span, None);
                let _scope = span.enter();
                run(Some(id));
            }
            4 if level < LEVELS => {
                within(ContextId { slot, level: level + 1 }, || run(None));
            }
            5 => within(ContextId { slot: (slot + 1) % CORES, level: 0 }, || {
                // What the other core's thread mode has active is only known if it idles.
                if MODEL.with_borrow(|model| model.depth) < 3 && slot == 0 {
                    run(None);
                }
            }),
            6 => spawn(active),
            _ => poll_one(active),
        }
    }
    MODEL.with_borrow_mut(|model| model.depth -= 1);
}

/// A task in a span, which runs a few steps each time that it is polled.
fn spawn(active: Option<SpanId>) {
    let span = span!(TRACER, "task");
    let id = note(&span, active);
    let mut polls = choice(4).unwrap_or(0);
    let body = poll_fn(move |_| {
        run(Some(id));
        polls = polls.saturating_sub(1);
        if polls == 0 { Poll::Ready(()) } else { Poll::Pending }
    });
    let ContextId { slot, level } = CURRENT.get();
    let task: Task = Box::pin(body.in_span(span));
    MODEL.with_borrow_mut(|model| model.tasks.entry((slot, level)).or_default().push((task, id)));
}

/// Polls a task of the executor that runs in this context; it is not polled within itself.
fn poll_one(active: Option<SpanId>) {
    let ContextId { slot, level } = CURRENT.get();
    let task = MODEL.with_borrow_mut(|model| model.tasks.get_mut(&(slot, level))?.pop());
    let Some((mut task, id)) = task else { return };
    let mut context = Context::from_waker(Waker::noop());
    if task.as_mut().poll(&mut context).is_pending() {
        MODEL.with_borrow_mut(|model| {
            model.tasks.entry((slot, level)).or_default().insert(0, (task, id));
        });
    }
    // Behind the poll what was active is active again.
    note(&span!(TRACER, "after"), active);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_context_finds_its_own(choices in prop::collection::vec(any::<u8>(), 0..400)) {
        // One test has the statics: proptest runs its cases one after the other.
        std::thread_local! {
            static DRAIN: std::cell::RefCell<Option<spandrel::Drain>> = const {
                std::cell::RefCell::new(None)
            };
        }
        MODEL.set(Model { choices: choices.into_iter(), ..Model::default() });
        for slot in 0..CORES {
            within(ContextId { slot, level: 0 }, || run(None));
        }
        // Tasks that are dropped end their spans.
        MODEL.with_borrow_mut(|model| std::mem::take(&mut model.tasks));
        let parents = MODEL.take().parents;

        let mut seen = HashMap::new();
        DRAIN.with_borrow_mut(|drain| {
            let drain = drain.get_or_insert_with(|| TRACER.drain().unwrap());
            let mut buffer = [0; 1472];
            while let Some(frame) = drain.frame(&mut buffer) {
                let frame = wire::decode(frame).unwrap();
                let Body::Data(data) = frame.body else { panic!("not data") };
                for record in data.records {
                    let Record::Span(span) = record else { continue };
                    let expand = |number| SpanId::expand(DEVICE, SESSION, number);
                    let parent = match span.head.parent {
                        Parent::Local(number) => Some(expand(number)),
                        _ => None,
                    };
                    seen.insert(expand(span.head.own), parent);
                }
            }
        });
        prop_assert_eq!(TRACER.losses().ring_full, 0);
        prop_assert_eq!(seen, parents);
    }
}
