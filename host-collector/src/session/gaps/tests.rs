use super::*;
use proptest::prelude::*;
use spandrel::wire::{Parent, TraceRef};
use std::collections::HashSet;

fn came(gaps: &mut Gaps, numbers: Range<u64>, now_ns: u64) {
    numbers.for_each(|number| assert!(gaps.came(number, now_ns), "{number} is new"));
}

#[test]
fn a_late_collector_misses_nothing() {
    let mut gaps = Gaps::default();
    came(&mut gaps, 1_000..1_010, 0);
    gaps.give_up_all();
    assert_eq!((gaps.lost(), gaps.received()), (0, 10));
}

#[test]
fn what_was_sent_behind_a_hello_is_missed_at_either_end() {
    let mut gaps = Gaps::default();
    gaps.oldest(1_000, false, 0);
    came(&mut gaps, 1_003..1_010, 0);
    gaps.oldest(1_012, false, 0);
    gaps.expire(PATIENCE_NS);
    assert_eq!(gaps.lost(), 3 + 2);
}

#[test]
fn a_gap_is_lost_when_it_was_not_filled_in_time() {
    let mut gaps = Gaps::default();
    came(&mut gaps, 0..5, 0);
    came(&mut gaps, 20..25, 0);
    came(&mut gaps, 10..14, PATIENCE_NS / 2);
    gaps.expire(PATIENCE_NS - 1);
    assert_eq!(gaps.lost(), 0);
    gaps.expire(PATIENCE_NS);
    assert_eq!(gaps.lost(), 5 + 6);
}

#[test]
fn what_comes_after_it_was_given_up_is_lost_no_more_and_comes_once() {
    let mut gaps = Gaps::default();
    came(&mut gaps, 0..5, 0);
    came(&mut gaps, 20..25, 0);
    gaps.expire(PATIENCE_NS);
    assert_eq!(gaps.lost(), 15);
    assert!(gaps.came(7, 0));
    assert!(!gaps.came(7, 0));
    assert!(!gaps.came(3, 0));
    assert_eq!((gaps.lost(), gaps.received()), (14, 11));
}

#[test]
fn what_the_device_still_has_is_not_given_up() {
    let mut gaps = Gaps::default();
    gaps.oldest(0, true, 0);
    came(&mut gaps, 0..5, 0);
    came(&mut gaps, 20..25, 0);
    gaps.expire(100 * PATIENCE_NS);
    assert_eq!(gaps.lost(), 0);
    gaps.oldest(12, true, 100 * PATIENCE_NS);
    came(&mut gaps, 12..20, 100 * PATIENCE_NS);
    gaps.expire(102 * PATIENCE_NS);
    assert_eq!(gaps.lost(), 7);
}

#[test]
fn what_the_device_does_not_have_any_more_is_waited_for_from_then_on() {
    let mut gaps = Gaps::default();
    gaps.oldest(0, true, 0);
    came(&mut gaps, 0..5, 0);
    came(&mut gaps, 20..25, 0);
    // Nobody looked in the meantime.
    gaps.oldest(20, true, 100 * PATIENCE_NS);
    gaps.expire(101 * PATIENCE_NS - 1);
    assert_eq!(gaps.lost(), 0);
    gaps.expire(101 * PATIENCE_NS);
    assert_eq!(gaps.lost(), 15);
}

#[test]
fn gaps_that_make_no_sense_do_no_harm() {
    let mut gaps = Gaps::default();
    gaps.came(0, 0);
    gaps.came(u64::MAX, 0);
    gaps.came(u64::MAX - 1, 0);
    for number in (0..10_000).rev() {
        gaps.came(number * 7, 0);
        gaps.expire(0);
    }
    assert!(gaps.missing.len() <= MOST_GAPS && gaps.given_up.len() <= MOST_GAPS);
    gaps.expire(u64::MAX);
    assert!(gaps.lost() > 1 << 60 && gaps.weight() < 100_000);
}

/// A span in trace 4 below span 5.
fn child(own: u64, ticks: [u64; 2]) -> Sight {
    let (trace, parent) = (TraceRef::Own(4), Parent::Local(5));
    Sight { trace, own, parent, start_ticks: ticks[0], end_ticks: ticks[1] }
}

#[test]
fn a_gap_that_was_filled_in_part_lies_between_what_is_nearest() {
    let mut gaps = Gaps::default();
    for (number, ticks) in [(0, 10), (20, 200), (10, 100)] {
        gaps.came(number, 0);
        gaps.saw(number, &child(6 + number, [ticks, ticks + 5]));
    }
    gaps.expire(PATIENCE_NS);
    let mut told = gaps.take_given_up();
    told.sort_by_key(|gap| gap.around.bracket_ticks());
    let [first, second] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(first.which, Which::Numbers(1..10));
    assert_eq!(first.around.bracket_ticks(), Some([15, 105]));
    assert_eq!(second.which, Which::Numbers(11..20));
    assert_eq!(second.around.bracket_ticks(), Some([105, 205]));
    for gap in [first, second] {
        assert_eq!(gap.around.traces(|_| false), [(TraceRef::Own(4), 5)]);
    }
}

#[test]
fn what_the_device_had_no_room_for_is_one_gap_for_a_while() {
    let mut gaps = Gaps::default();
    let more = |ring_full, evicted| NoRoom { ring_full, evicted };
    gaps.had_no_room(more(9, 0), 0, 0);
    gaps.came(0, 0);
    gaps.saw(0, &child(6, [10, 15]));
    gaps.had_no_room(more(3, 0), 9, 0);
    gaps.came(1, 0);
    gaps.saw(1, &child(7, [20, 25]));
    gaps.had_no_room(more(1, 2), 12, 7);
    gaps.expire(PATIENCE_NS);
    let told = gaps.take_given_up();
    let [gap] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(gap.which, Which::NoRoom { lost: more(4, 2), before: 9, latest_ns: 7 });
    assert_eq!(gap.around.bracket_ticks(), Some([15, 25]));
    assert_eq!(gap.around.traces(|_| false), [(TraceRef::Own(4), 5)]);
}

proptest! {
    #[test]
    fn every_record_either_came_or_is_lost(
        numbers in prop::collection::vec((0..60_u64, 0..2 * PATIENCE_NS), 1..80),
    ) {
        let (mut gaps, mut all, mut now_ns) = (Gaps::default(), HashSet::new(), 0);
        for (number, pause_ns) in numbers {
            now_ns += pause_ns;
            gaps.expire(now_ns);
            prop_assert_eq!(gaps.is_new(number), !all.contains(&number));
            prop_assert_eq!(gaps.came(number, now_ns), all.insert(number));
        }
        gaps.give_up_all();
        let (start, end) = (all.iter().min().unwrap(), all.iter().max().unwrap() + 1);
        prop_assert_eq!(gaps.received(), all.len() as u64);
        prop_assert_eq!(gaps.lost(), end - start - all.len() as u64);
    }

    /// In whatever order stretches come, also where one is taken as a whole.
    #[test]
    fn a_stretch_in_order_is_as_if_each_had_come(
        stretches in prop::collection::vec((0..90_u64, 1..9_u64, 0..PATIENCE_NS), 1..40),
        is_in_order: bool,
    ) {
        let (mut whole, mut single, mut now_ns, mut next) = (Gaps::default(), Gaps::default(), 0, 0);
        for (start, count, pause_ns) in stretches {
            let start = if is_in_order { next } else { start };
            next = start + count;
            now_ns += pause_ns;
            for gaps in [&mut whole, &mut single] {
                gaps.expire(now_ns);
                gaps.reach(start, now_ns);
            }
            let sights = (start..next).map(|number| (number, child(6 + number, [number, number])));
            let took = whole.came_in_order(start..next);
            prop_assert!(took || !is_in_order);
            if took {
                whole.saw_in_order(&sights.clone().next_back().unwrap().1);
            }
            for (number, sight) in sights {
                if !took && whole.came(number, now_ns) {
                    whole.saw(number, &sight);
                }
                if single.came(number, now_ns) {
                    single.saw(number, &sight);
                }
            }
            prop_assert_eq!(format!("{whole:?}"), format!("{single:?}"));
        }
    }
}
