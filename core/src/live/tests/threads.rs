//! A ring for each thread. It asks for no site's name, so that it runs under Miri too.

use super::*;
use crate::live::numbers::whole_number;
use crate::wire::SpanRecord;
use std::collections::HashSet;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

const SPANS: u32 = if cfg!(miri) { 60 } else { 20_000 };

fn bench<const WORDS: usize>() -> Bench {
    Bench::with::<WORDS>(Tracer::ring_per_thread)
}

/// The rings that threads have made.
fn rings(bench: &Bench) -> usize {
    bench.tracer.recorder.threads().unwrap().members().count()
}

/// Drains beside `work` until it is finished, and then what is left.
fn drain_beside(bench: &Bench, work: impl FnOnce() + Send) -> Seen {
    let mut seen = Seen::default();
    let mut drain = bench.tracer.drain().unwrap();
    let is_finished = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            work();
            is_finished.store(true, Ordering::Release);
        });
        while !is_finished.load(Ordering::Acquire) {
            seen.drain(&mut drain, 508);
            thread::yield_now();
        }
    });
    seen.drain(&mut drain, 508);
    assert!(drain.is_idle());
    seen.losses = bench.tracer.losses();
    seen
}

fn first_value(span: &SpanRecord<'_>) -> u32 {
    match span.values.first() {
        Some(Value::U32(value)) => *value,
        other => panic!("{other:?}"),
    }
}

/// Each thread's spans come in their order, and every one comes or is counted.
#[test]
fn threads_record_while_the_drain_drains() {
    const THREADS: u32 = 4;

    let bench = bench::<512>();
    let tracer = bench.tracer;
    let seen = drain_beside(&bench, || {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || {
                    for number in 0..SPANS {
                        span!(tracer, "one", number = number, thread = thread).finish();
                    }
                });
            }
        });
    });
    assert_eq!(seen.spans.len() as u32 + seen.losses.ring_full, THREADS * SPANS);
    let mut last = HashMap::new();
    for span in &seen.spans {
        let Value::U32(thread) = span.values[1] else { panic!("{span:?}") };
        let number = first_value(span);
        assert!(last.insert(thread, number) < Some(number));
    }
    assert!(rings(&bench) <= THREADS as usize);
}

#[test]
fn a_thread_takes_the_ring_that_another_left() {
    let bench = bench::<4096>();
    let tracer = bench.tracer;
    for number in 0..50_u32 {
        thread::spawn(move || span!(tracer, "one", number = number).finish()).join().unwrap();
    }
    assert_eq!(rings(&bench), 1);
    let seen = Seen::of(&bench);
    assert!(seen.spans.iter().map(first_value).eq(0..50));
}

#[test]
fn a_full_ring_is_that_of_one_thread() {
    let bench = bench::<64>();
    let tracer = bench.tracer;
    let record = move |count| (0..count).for_each(|_| span!(tracer, "one").finish());
    thread::scope(|scope| {
        scope.spawn(|| {
            record(100);
            scope.spawn(|| record(3)).join().unwrap();
        });
    });
    let seen = Seen::of(&bench);
    assert_eq!(seen.losses.ring_full, tracer.losses().ring_full);
    assert_eq!(seen.spans.len() as u32 + seen.losses.ring_full, 103);
    assert!(seen.spans.len() > 6, "six are in one ring: {}", seen.spans.len());
}

#[test]
fn a_thread_has_a_ring_of_each_tracer() {
    let benches = [bench::<4096>(), bench::<256>(), Bench::new::<4096>()];
    for number in 0..6_u32 {
        benches.iter().for_each(|bench| span!(bench.tracer, "one", number = number).finish());
    }
    assert_eq!([rings(&benches[0]), rings(&benches[1])], [1, 1]);
    for bench in &benches {
        let numbers: Vec<_> = Seen::of(bench).spans.iter().map(first_value).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    }
}

/// What a thread still records when it has left its ring: here spans that began in others.
#[test]
fn threads_that_end_record_in_a_ring_that_they_share() {
    const THREADS: u32 = 4;
    const TURNS: u32 = if cfg!(miri) { 5 } else { 100 };

    struct Last(Vec<(Span, Sender<Span>)>);

    impl Drop for Last {
        fn drop(&mut self) {
            for (span, next) in self.0.drain(..) {
                tag!(span, step = 2_u32);
                next.send(span).unwrap();
            }
        }
    }

    std::thread_local! {
        static LAST: core::cell::RefCell<Last> = const { core::cell::RefCell::new(Last(Vec::new())) };
    }

    let bench = bench::<16384>();
    let tracer = bench.tracer;
    let (next, ended) = channel();
    let run = |_| {
        let next = next.clone();
        for _ in 0..TURNS {
            let next = next.clone();
            let (send, sent) = channel();
            let thread = thread::spawn(move || {
                // First, so that it is dropped behind the ring.
                LAST.with(|last| last.borrow_mut().0.reserve(1));
                let span: Span = sent.recv().unwrap();
                tag!(span, step = 1_u32);
                LAST.with(|last| last.borrow_mut().0.push((span, next)));
            });
            let span = span!(tracer, "moved");
            tag!(span, step = 0_u32);
            send.send(span).unwrap();
            thread.join().unwrap();
        }
    };
    let mut wandered = Wandered::default();
    let mut drain = tracer.drain().unwrap();
    thread::scope(|scope| {
        let mut threads: Vec<_> = (0..THREADS).map(|at| scope.spawn(move || run(at))).collect();
        threads.push(scope.spawn(move || {
            for span in ended.iter().take((THREADS * TURNS) as usize) {
                tag!(span, step = 3_u32);
                span.finish();
            }
        }));
        while threads.iter().any(|thread| !thread.is_finished()) {
            wandered.drain(&mut drain);
            thread::yield_now();
        }
    });
    wandered.drain(&mut drain);
    assert_eq!(tracer.losses().ring_full, 0);
    assert_eq!([wandered.spans, wandered.whole], [THREADS * TURNS; 2]);
    assert_eq!(wandered.records, 5 * THREADS * TURNS);
    let members = tracer.recorder.threads().unwrap().members();
    assert!(members.filter(|member| member.is_shared).count() >= 1);
}

#[test]
fn numbers_are_given_once_also_where_they_begin_anew() {
    const THREADS: usize = 4;
    const NUMBERS: usize = if cfg!(miri) { 30 } else { 5000 };

    let near_the_end = open::LAST_NUMBER - (THREADS * NUMBERS / 2) as u32;
    for start in [0, near_the_end] {
        let bench = bench::<64>();
        let tracer = bench.tracer;
        let state = tracer.recorder.state();
        state.counter.store(start, Ordering::Relaxed);
        let mut given = HashSet::new();
        let take = |is_block| {
            // Has the thread take a ring, and with it a block of numbers.
            if is_block {
                span!(tracer, "one").finish();
            }
            let take = || {
                let number = tracer.recorder.take_number();
                tracer.widen_number(number)
            };
            (0..NUMBERS).map(|_| take()).collect::<Vec<_>>()
        };
        let sample = || {
            let numbers = (0..NUMBERS).map(|_| Tracer::take_number_and_flags(state));
            numbers.map(|(number, flags)| whole_number(number, flags)).collect()
        };
        thread::scope(|scope| {
            let threads = [
                scope.spawn(sample),
                scope.spawn(|| take(true)),
                scope.spawn(|| take(true)),
                scope.spawn(|| take(false)),
            ];
            for thread in threads {
                for number in thread.join().unwrap() {
                    let low = number as u32 & open::LAST_NUMBER;
                    assert!(low >= open::FIRST_NUMBER);
                    assert!(given.insert(number), "{number} is given twice");
                }
            }
        });
        assert_eq!(given.len(), THREADS * NUMBERS);
        assert_eq!(tracer.last_number() >> 31, u64::from(start != 0));
    }
}

#[test]
fn a_block_of_numbers_from_which_others_have_gone_far_is_left() {
    let bench = bench::<64>();
    span!(bench.tracer, "one").finish();
    let take = || bench.tracer.recorder.take_number();
    let first = take();
    assert_eq!([take(), take()], [first + 1, first + 2]);
    let far = first + (1 << 21);
    bench.tracer.recorder.state().counter.store(far, Ordering::Relaxed);
    assert_eq!([take(), take()], [far + 1, far + 2]);
}

/// A span, and how many records it has made.
type Moving = (Span, u32);

/// What came of spans that wander about.
#[derive(Default)]
struct Wandered {
    /// By the span's number, what its records say.
    steps: HashMap<u64, Vec<u32>>,
    spans: u32,
    /// Spans of which every record came.
    whole: u32,
    records: u32,
}

impl Wandered {
    fn take(&mut self, frame: &[u8]) {
        let frame = wire::decode(frame).unwrap();
        let Body::Data(data) = frame.body else { panic!("not data") };
        for record in data.records {
            let (own, values) = match &record {
                Record::Part(part) => (part.own, &part.values),
                Record::Log(log) => (log.own, &log.values),
                Record::Span(span) => {
                    let steps = self.steps.remove(&span.head.own).unwrap_or_default();
                    assert!(steps.is_sorted_by(|one, next| one < next), "{steps:?}");
                    let parts = u32::from(span.head.parts);
                    assert!(steps.len() as u32 <= parts, "{steps:?}");
                    self.whole += u32::from(steps.len() as u32 == parts);
                    self.spans += 1;
                    self.records += 1;
                    continue;
                }
                Record::Define(_) => continue,
                other => panic!("{other:?}"),
            };
            let [Value::U32(step)] = values[..] else { panic!("{values:?}") };
            self.steps.entry(own).or_default().push(step);
            self.records += 1;
        }
    }

    fn drain(&mut self, drain: &mut Drain) {
        let mut buffer = [0; 508];
        while let Some(frame) = drain.frame(&mut buffer) {
            self.take(frame);
        }
    }
}

/// Has spans go from thread to thread, which each record a few things; gives how many records were made.
fn wander(tracer: &'static Tracer, spans: u32) -> u32 {
    const THREADS: usize = 3;

    let (senders, inboxes): (Vec<Sender<Moving>>, Vec<Receiver<Moving>>) =
        (0..THREADS).map(|_| channel()).unzip();
    let finished = AtomicU32::new(0);
    let made = AtomicU32::new(0);
    let run = |seed: usize, inbox: Receiver<Moving>| {
        let mut random = seed as u32;
        let mut next = |below: u32| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 16) % below
        };
        while finished.load(Ordering::Relaxed) < spans {
            let Ok((span, mut steps)) = inbox.try_recv() else {
                thread::yield_now();
                continue;
            };
            for _ in 0..next(3) {
                if next(2) == 0 {
                    tag!(span, step = steps);
                } else {
                    log!(span, step = steps);
                }
                steps += 1;
            }
            let to = next(5) as usize;
            if let Some(sender) = senders.get(to) {
                sender.send((span, steps)).unwrap();
            } else {
                span.finish();
                made.fetch_add(steps + 1, Ordering::Relaxed);
                finished.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        for (at, inbox) in inboxes.into_iter().enumerate() {
            scope.spawn(move || run(at, inbox));
        }
        for number in 0..spans {
            let span = span!(tracer, "moving", number = number);
            senders[number as usize % THREADS].send((span, 0)).unwrap();
        }
    });
    made.into_inner()
}

fn wander_beside_a_drain<const WORDS: usize>(spans: u32) -> (Wandered, u32, u32) {
    let bench = bench::<WORDS>();
    let mut drain = bench.tracer.drain().unwrap();
    let mut wandered = Wandered::default();
    let made = thread::scope(|scope| {
        let made = scope.spawn(|| wander(bench.tracer, spans));
        while !made.is_finished() {
            wandered.drain(&mut drain);
            thread::yield_now();
        }
        made.join().unwrap()
    });
    wandered.drain(&mut drain);
    (wandered, made, bench.tracer.losses().ring_full)
}

/// Whatever a span recorded comes in that order and before the span, wherever it was.
#[test]
fn spans_that_move_between_threads_come_whole_and_in_order() {
    let (wandered, made, lost) = wander_beside_a_drain::<0x8000>(SPANS / 20);
    assert_eq!((lost, wandered.records), (0, made));
    assert_eq!((wandered.spans, wandered.whole), (SPANS / 20, SPANS / 20));
}

#[test]
fn spans_that_move_between_full_rings_come_in_order_or_are_counted() {
    let (wandered, made, lost) = wander_beside_a_drain::<64>(SPANS / 4);
    assert_eq!(wandered.records + lost, made);
}
