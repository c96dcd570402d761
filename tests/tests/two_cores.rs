//! Two cores under one critical section: two threads record, a third drains; nothing comes twice, and
//! what does not come is counted.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::collections::{HashMap, HashSet};
use std::thread;

use spandrel::wire::{self, Body, Parent, Record, Value};
use spandrel::{Clock, DeviceId, Drain, Recorder, Tracer, log, span};

const CORES: u32 = 2;
/// Rounds of each core; a round is a root with a log and two children.
const ROUNDS: u32 = 20_000;
const SPANS_OF_ROUND: u32 = 3;
const RECORDS_OF_ROUND: u32 = SPANS_OF_ROUND + 1;

/// What came up.
#[derive(Default)]
struct Seen {
    records: u32,
    next_record: u64,
    /// What each span is, by its number.
    by_number: HashMap<u64, Id>,
    /// Each child, and its parent's number.
    children: Vec<(Id, u64)>,
    spans: HashSet<Id>,
    logs: HashSet<Id>,
}

impl Seen {
    fn drain(&mut self, drain: &mut Drain) {
        let mut buffer = [0; 508];
        while let Some(frame) = drain.frame(&mut buffer) {
            let Body::Data(data) = wire::decode(frame).unwrap().body else { panic!("not data") };
            assert_eq!(data.head.first_record, self.next_record);
            for record in &data.records {
                self.take(record);
            }
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        match record {
            Record::Define(_) => return,
            Record::Span(span) => {
                let id = id(&span.values);
                let before = self.by_number.insert(span.head.own, id);
                assert_eq!(before, None, "the number of {id:?} came twice");
                if let Parent::Local(parent) = span.head.parent {
                    self.children.push((id, parent));
                }
                assert!(self.spans.insert(id), "span {id:?} came twice");
            }
            Record::Log(log) => {
                let id = id(&log.values);
                assert!(self.logs.insert(id), "log {id:?} came twice");
            }
            other => panic!("nobody made {other:?}"),
        }
        self.records += 1;
        self.next_record += 1;
    }
}

/// The core, and a number that differs from record to record.
type Id = (i32, i32);

fn id(values: &[Value<'_>]) -> Id {
    let [Value::I32(core), Value::I32(n)] = *values else { panic!("torn: {values:?}") };
    assert!((0..CORES).contains(&core.cast_unsigned()), "torn: {values:?}");
    (core, n)
}

/// What one core does.
fn record(tracer: &'static Tracer, core: i32) {
    for round in 0..ROUNDS.cast_signed() {
        let n = round * SPANS_OF_ROUND.cast_signed();
        let root = span!(tracer, "root", core = core, n = n);
        let active = root.enter();
        span!(tracer, "child", core = core, n = n + 1).finish();
        log!(root, core = core, n = round);
        span!(tracer, "child", core = core, n = n + 2).finish();
        drop(active);
        root.finish();
        if round % 64 == 0 {
            // Else the ring would be full nearly always, and its other states rare.
            thread::yield_now();
        }
    }
}

#[test]
fn nothing_comes_twice_and_what_does_not_come_is_counted() {
    static RECORDER: Recorder<1021> = Recorder::new();
    static TRACER: Tracer =
        Tracer::new("two-cores", &RECORDER, Clock::monotonic()).device_id(DeviceId(2));
    static RUNNING: AtomicU32 = AtomicU32::new(CORES);

    let mut drain = TRACER.drain().unwrap();
    let cores: Vec<_> = (0..CORES.cast_signed())
        .map(|core| {
            thread::spawn(move || {
                record(&TRACER, core);
                RUNNING.fetch_sub(1, Relaxed);
            })
        })
        .collect();
    let mut seen = Seen::default();
    while RUNNING.load(Relaxed) > 0 {
        seen.drain(&mut drain);
    }
    cores.into_iter().for_each(|core| core.join().unwrap());
    seen.drain(&mut drain);

    let made = CORES * ROUNDS * RECORDS_OF_ROUND;
    assert_eq!(seen.records + drain.losses().ring_full, made);
    // What was in the ring when the cores ended came in any case.
    assert!(seen.records > 100, "only {} of {made} came", seen.records);
    for ((core, n), parent) in seen.children {
        let round = n / SPANS_OF_ROUND.cast_signed();
        if let Some(&root) = seen.by_number.get(&parent) {
            assert_eq!(root, (core, round * SPANS_OF_ROUND.cast_signed()), "another's parent");
        }
    }
    assert!(drain.is_idle());
}
