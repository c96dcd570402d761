//! Records that are held until they are acknowledged, and records that are given up for newer ones.

use super::*;
use crate::Window;
use crate::wire::{Ack, Downlink, Request};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::slice;

/// A collector that acknowledges, and knows which records it has.
#[derive(Default)]
struct Peer {
    /// Each record that came, by its number.
    came: BTreeMap<u64, String>,
    /// The first value of each span that came.
    values: BTreeMap<u64, i32>,
    /// How often one came again.
    doubles: usize,
    packets: Vec<u32>,
    fragments: BTreeMap<u64, Vec<u8>>,
}

impl Peer {
    /// Takes a frame; says which records were in it.
    fn take(&mut self, frame: &[u8]) -> Range<u64> {
        let frame = wire::decode(frame).unwrap();
        let Body::Data(data) = frame.body else { panic!("no data") };
        assert!(!self.packets.contains(&data.head.packet), "a packet number was used twice");
        self.packets.push(data.head.packet);
        let mut number = data.head.first_record;
        for record in &data.records {
            match record {
                Record::Fragment(fragment) if fragment.of == wire::FragmentOf::Record => {
                    let held = self.fragments.entry(number).or_default();
                    held.truncate(fragment.offset as usize);
                    held.extend_from_slice(fragment.bytes);
                    let is_next = fragment.offset as usize + fragment.bytes.len() == held.len();
                    if fragment.is_last && is_next {
                        let held = held.clone();
                        let whole = wire::decode_fragments(&held, number, data.head.last_number);
                        if let Ok(record) = whole {
                            self.took(number, &record);
                        }
                    }
                }
                Record::Define(_) | Record::Fragment(_) => {}
                whole => self.took(number, whole),
            }
            number += u64::from(record.ends_number());
        }
        data.head.first_record..number
    }

    fn took(&mut self, number: u64, record: &Record<'_>) {
        if let Record::Span(span) = record
            && let Some(Value::I32(value)) = span.values.first()
        {
            self.values.insert(number, *value);
        }
        let text = std::format!("{record:?}");
        if let Some(before) = self.came.insert(number, text.clone()) {
            assert_eq!(before, text, "record {number} is another when it comes again");
            self.doubles += 1;
        }
    }

    fn ack(&self, from: u64) -> Vec<u8> {
        let next = (from..).find(|number| !self.came.contains_key(number)).unwrap();
        let mut ack = Ack { next, ..Ack::default() };
        let mut ranges: Vec<Range<u64>> = Vec::new();
        for number in self.came.range(next..).map(|(number, _)| *number) {
            match ranges.last_mut().filter(|range| range.end == number) {
                Some(range) => range.end += 1,
                None => ranges.push(number..number + 1),
            }
        }
        ack.ranges = ranges.into_iter().take(wire::MAX_RANGES).collect();
        let session_tag = SESSION.tag(DEVICE);
        Downlink { session_tag, request: Request::Ack(ack) }.to_bytes()
    }
}

fn window() -> &'static Window {
    Box::leak(Box::new(Window::new()))
}

fn held<const WORDS: usize>() -> Bench {
    Bench::with::<WORDS>(|tracer| tracer.acknowledged(window()))
}

const SECOND: u32 = 1_000_000;

#[test]
fn what_is_not_acknowledged_stays_and_goes_again() {
    let bench = held::<256>();
    let mut drain = bench.tracer.drain().unwrap();
    let mut buffer = [0; 200];
    (0..5).for_each(|n| span!(bench.tracer, "one", n = n).finish());
    let mut peer = Peer::default();
    assert_eq!(peer.take(drain.frame(&mut buffer).unwrap()), 0..5);
    assert!(drain.frame(&mut buffer).is_none() && drain.is_idle() && !drain.is_resend_due());
    bench.pass(SECOND);
    assert!(drain.is_resend_due());
    assert_eq!(peer.take(drain.frame(&mut buffer).unwrap()), 0..5);
    assert!(drain.frame(&mut buffer).is_none());
    drain.on_downlink(&peer.ack(0));
    bench.pass(SECOND);
    assert!(!drain.is_resend_due() && drain.frame(&mut buffer).is_none());
    let hello = drain.hello(&mut buffer).unwrap();
    let Body::Hello(hello) = wire::decode(hello).unwrap().body else { panic!() };
    assert_eq!(hello.first_record, 5);
    assert_eq!(hello.flags & wire::Hello::ACKNOWLEDGED, wire::Hello::ACKNOWLEDGED);
}

#[test]
fn what_was_acknowledged_out_of_order_is_passed_over() {
    let bench = held::<512>();
    let mut drain = bench.tracer.drain().unwrap();
    let mut buffer = [0; 200];
    let mut peer = Peer::default();
    for n in 0..9 {
        span!(bench.tracer, "one", n = n).finish();
        let frame = drain.frame(&mut buffer).unwrap();
        if ![0, 4, 5].contains(&n) {
            peer.take(frame);
        }
    }
    drain.on_downlink(&peer.ack(0));
    bench.pass(SECOND);
    let mut again = Vec::new();
    while let Some(frame) = drain.frame(&mut buffer) {
        again.push(peer.take(frame));
    }
    assert_eq!(again, [0..1, 4..6]);
    assert_eq!(peer.doubles, 0);
    drain.on_downlink(&peer.ack(0));
    assert_eq!(drain.oldest_number(), 9);
}

#[test]
fn acknowledgements_that_make_no_sense_free_nothing() {
    let bench = held::<256>();
    let mut drain = bench.tracer.drain().unwrap();
    let mut buffer = [0; 200];
    (0..5).for_each(|n| span!(bench.tracer, "one", n = n).finish());
    drain.frame(&mut buffer).unwrap();
    (0..5).for_each(|n| span!(bench.tracer, "never sent", n = n).finish());
    let session_tag = SESSION.tag(DEVICE);
    let ack = |next, ranges: &[Range<u64>]| {
        let ranges = ranges.iter().cloned().collect();
        Downlink { session_tag, request: Request::Ack(Ack { next, ranges }) }.to_bytes()
    };
    let short = ack(1, slice::from_ref(&(3..4)))[..8].to_vec();
    for bad in [ack(6, &[]), ack(u64::MAX, &[]), ack(0, slice::from_ref(&(3..6))), short] {
        drain.on_downlink(&bad);
        assert_eq!(drain.oldest_number(), 0);
    }
    drain.on_downlink(&ack(3, &[]));
    drain.on_downlink(&ack(1, &[]));
    assert_eq!(drain.oldest_number(), 3, "one that was overtaken says less");
}

/// The collector never answers: the ring fills, and what is in it still comes when it does.
#[test]
fn a_full_ring_keeps_the_oldest_or_the_newest() {
    for (is_newest, is_held) in [(false, true), (true, true), (true, false)] {
        let window = window();
        let bench = Bench::with::<512>(|tracer| {
            let tracer = if is_held { tracer.acknowledged(window) } else { tracer };
            if is_newest { tracer.keep_newest(window) } else { tracer }
        });
        let mut drain = bench.tracer.drain().unwrap();
        let mut buffer = [0; 200];
        for n in 0..1000 {
            span!(bench.tracer, "one", n = n).finish();
            if n % 8 == 0 {
                drain.make_room();
            }
        }
        let mut peer = Peer::default();
        while let Some(frame) = drain.frame(&mut buffer) {
            peer.take(frame);
        }
        let losses = drain.losses();
        let values: Vec<_> = peer.values.values().copied().collect();
        let lost = losses.ring_full + losses.evicted;
        assert_eq!(values.len() as u32 + lost, 1000);
        assert_eq!(losses.evicted > 0, is_newest);
        assert_eq!(losses.ring_full == 0, is_newest);
        let expected =
            if is_newest { 1000 - values.len() as i32..1000 } else { 0..values.len() as i32 };
        assert!(values.iter().copied().eq(expected), "{values:?}");
        assert!(peer.came.keys().copied().eq(0..values.len() as u64), "no number is left out");
    }
}

/// What was sent, not acknowledged and then given up is a gap, and not counted twice.
#[test]
fn what_was_numbered_and_given_up_is_a_gap() {
    let window = window();
    let bench = Bench::with::<512>(|tracer| tracer.acknowledged(window).keep_newest(window));
    let mut drain = bench.tracer.drain().unwrap();
    let mut buffer = [0; 200];
    let mut sent = 0;
    for n in 0..1000 {
        span!(bench.tracer, "one", n = n).finish();
        drain.make_room();
        while n < 500 && drain.frame(&mut buffer).is_some() {
            sent = n + 1;
        }
    }
    let mut peer = Peer::default();
    bench.pass(SECOND);
    while let Some(frame) = drain.frame(&mut buffer) {
        peer.take(frame);
    }
    let evicted = drain.losses().evicted;
    let first = *peer.came.keys().next().unwrap();
    assert_eq!(u64::from(evicted) + peer.came.len() as u64 + first, 1000);
    assert_eq!((sent, drain.losses().ring_full), (500, 0));
    assert_eq!(peer.values.last_key_value().map(|(_, n)| *n), Some(999));
}

#[cfg(feature = "fault-flush")]
#[test]
fn what_is_left_after_a_fault_goes_without_the_reporter() {
    for is_held in [false, true] {
        let point = Box::leak(Box::new(FaultPoint::new()));
        let bench = Bench::with::<512>(|tracer| {
            let tracer = tracer.fault_point(point);
            if is_held { tracer.acknowledged(window()) } else { tracer }
        });
        let mut drain = bench.tracer.drain().unwrap();
        let mut buffer = [0; 200];
        (0..3).for_each(|n| span!(bench.tracer, "one", n = n).finish());
        let mut peer = Peer::default();
        peer.take(drain.frame(&mut buffer).unwrap());
        (3..16).for_each(|n| span!(bench.tracer, "one", n = n).finish());
        // Built and never sent: its records are a gap, where they are not held.
        let _ = drain.frame(&mut buffer[..48]);
        let mut hellos = 0;
        let send = |frame: &[u8]| {
            if let Body::Hello(_) = wire::decode(frame).unwrap().body {
                hellos += 1;
            } else {
                peer.take(frame);
            }
            true
        };
        // SAFETY: the drain is not used again.
        let sent = unsafe { bench.tracer.flush_after_fault(&mut buffer.clone(), send) };
        assert!(hellos > 0 && sent > hellos);
        assert_eq!(peer.values.last_key_value(), Some((&15, &15)));
        assert_eq!((peer.came.len() == 16, peer.doubles), (is_held, if is_held { 3 } else { 0 }));
        // SAFETY: as above.
        let none = unsafe { bench.tracer.flush_after_fault(&mut buffer, |_| false) };
        assert_eq!(none, 0, "the link takes nothing");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Record(u8),
    Send { lost: bool },
    Ack { lost: bool },
    Pass(u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..30_u8).prop_map(Step::Record),
        4 => any::<bool>().prop_map(|lost| Step::Send { lost }),
        2 => any::<bool>().prop_map(|lost| Step::Ack { lost }),
        2 => (0..2 * SECOND).prop_map(Step::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is lost and whenever: all that found room comes, each record under one number.
    #[test]
    fn everything_comes_in_the_end(
        steps in prop::collection::vec(step(), 1..80),
        mtu in prop_oneof![Just(wire::MIN_MTU), 48..200_usize],
        is_long in any::<bool>(),
    ) {
        let bench = held::<512>();
        let mut drain = bench.tracer.drain().unwrap();
        let mut buffer = std::vec![0; mtu];
        let (mut peer, mut recorded) = (Peer::default(), 0_i32);
        let text = "a text that is longer than some frames are";
        for step in steps {
            match step {
                Step::Record(count) => for _ in 0..count {
                    if is_long {
                        span!(bench.tracer, "one", n = recorded, text = Copied(text)).finish();
                    } else {
                        span!(bench.tracer, "one", n = recorded).finish();
                    }
                    recorded += 1;
                },
                Step::Send { lost } => {
                    let frame = drain.frame(&mut buffer);
                    if let Some(frame) = frame.filter(|_| !lost) {
                        peer.take(frame);
                    }
                }
                Step::Ack { lost } => if !lost {
                    drain.on_downlink(&peer.ack(0));
                },
                Step::Pass(ticks) => bench.pass(ticks),
            }
        }
        for _ in 0..60 {
            while let Some(frame) = drain.frame(&mut buffer) {
                peer.take(frame);
            }
            drain.on_downlink(&peer.ack(0));
            bench.pass(SECOND);
        }
        let losses = drain.losses();
        // A copied text is a record of its own.
        let records = if is_long { 2 * recorded } else { recorded };
        prop_assert_eq!(peer.came.len() as u32 + losses.ring_full, records.cast_unsigned());
        prop_assert!(peer.values.values().is_sorted(), "{:?}", peer.values);
        prop_assert!(peer.came.keys().copied().eq(0..peer.came.len() as u64));
        prop_assert_eq!(drain.backlog_words(), 0);
        prop_assert_eq!(bench.tracer.recorder.ring().used(), 0);
    }
}
