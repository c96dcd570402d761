//! What a session is asked for, and how often.

use super::definitions::Number;
use serde::{Deserialize, Serialize};
use spandrel::wire::{MAX_ASKED, Request};
use std::collections::VecDeque;

/// A question that was not answered is asked again after this time.
const AGAIN_NS: u64 = 250_000_000;
/// The first pings follow each other as fast as frames and ticks come, since spans wait for them.
const FIRST_PINGS: u32 = 3;
/// Then 20 a second, a little less than a tick apart so that no tick is missed.
const FAST_PINGS_NS: u64 = 45_000_000;
/// For so long, since the first or since the clock was found to have stepped.
const FAST_FOR_NS: u64 = 5_000_000_000;
/// A clock that steps all the time is not asked fast all the time.
const HURRY_AGAIN_NS: u64 = 30_000_000_000;
/// Then each comes after twice the time of the one before, from the first of these up to the second.
const LATER_PINGS_NS: [u64; 2] = [500_000_000, 4_000_000_000];
/// Where so many wait for an answer that was asked for within so much time, the link is slow, or
/// nobody answers: no more are sent.
const MOST_UNDER_WAY: usize = 16;
const UNDER_WAY_NS: u64 = 2_000_000_000;
/// An answer to a ping older than this many others is not looked for.
const MOST_UNANSWERED: usize = 64;

/// Questions to a session. All of them may be lost, so all of them are repeated, but not at once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Questions {
    hello_ns: Option<u64>,
    definitions_ns: Option<u64>,
    pings: u32,
    /// When the last ping was made, and when the next may be.
    ping_ns: u64,
    next_ping_ns: u64,
    /// Since when pings are fast.
    fast_since_ns: Option<u64>,
    unanswered: VecDeque<(u32, u64)>,
}

fn is_due(last_ns: &mut Option<u64>, now_ns: u64, pause_ns: u64) -> bool {
    let due = last_ns.is_none_or(|last_ns| now_ns.saturating_sub(last_ns) >= pause_ns);
    if due {
        *last_ns = Some(now_ns);
    }
    due
}

impl Questions {
    /// Asks who speaks.
    pub(super) fn hello(&mut self, now_ns: u64) -> Option<Request<'static>> {
        is_due(&mut self.hello_ns, now_ns, AGAIN_NS).then_some(Request::SendHello)
    }

    /// Asks for the rest of a description of which a piece came: at once, since it was answered.
    pub(super) fn next_piece(&mut self, now_ns: u64) -> Request<'static> {
        self.hello_ns = Some(now_ns);
        Request::SendHello
    }

    /// Asks for definitions, if any are wanted.
    pub(super) fn definitions(
        &mut self,
        wanted: &[Number],
        now_ns: u64,
    ) -> Option<Request<'static>> {
        if wanted.is_empty() || !is_due(&mut self.definitions_ns, now_ns, AGAIN_NS) {
            return None;
        }
        let ids = |id: fn(&Number) -> Option<u16>| wanted.iter().filter_map(id).take(MAX_ASKED);
        let sites = ids(|number| match number {
            Number::Site(id) => Some(*id),
            Number::Name(_) => None,
        });
        let names = ids(|number| match number {
            Number::Name(id) => Some(*id),
            Number::Site(_) => None,
        });
        Some(Request::SendDefinitions { sites: sites.collect(), names: names.collect() })
    }

    /// Asks what time it is there.
    pub(super) fn ping(&mut self, now_ns: u64) -> Option<Request<'static>> {
        let fast_since_ns = *self.fast_since_ns.get_or_insert(now_ns);
        let is_recent = |sent_ns: u64| now_ns.saturating_sub(sent_ns) < UNDER_WAY_NS;
        let under_way = self.unanswered.iter().filter(|(_, sent_ns)| is_recent(*sent_ns)).count();
        if now_ns < self.next_ping_ns || under_way >= MOST_UNDER_WAY {
            return None;
        }
        let pause_ns = if self.pings < FIRST_PINGS {
            0
        } else if now_ns.saturating_sub(fast_since_ns) < FAST_FOR_NS {
            FAST_PINGS_NS
        } else {
            let [least_ns, most_ns] = LATER_PINGS_NS;
            (now_ns.saturating_sub(self.ping_ns).saturating_mul(2)).clamp(least_ns, most_ns)
        };
        self.ping_ns = now_ns;
        self.next_ping_ns = now_ns.saturating_add(pause_ns);
        self.pings = self.pings.wrapping_add(1);
        if self.unanswered.len() >= MOST_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.pings, now_ns));
        Some(Request::Ping(self.pings))
    }

    /// What was known of the clock is over: pings are fast again, unless they were not long ago.
    pub(super) fn hurry(&mut self, now_ns: u64) {
        let last_ns = self.fast_since_ns.unwrap_or(0);
        if now_ns.saturating_sub(last_ns) >= HURRY_AGAIN_NS {
            self.fast_since_ns = Some(now_ns);
            self.next_ping_ns = now_ns;
        }
    }

    /// A ping left only now: it was made a little before.
    pub(super) fn ping_sent(&mut self, id: u32, sent_ns: u64) {
        if let Some((_, noted_ns)) = self.unanswered.iter_mut().rev().find(|(sent, _)| *sent == id)
        {
            *noted_ns = sent_ns.max(*noted_ns);
        }
    }

    /// When the ping with this number was sent; an answer counts once.
    pub(super) fn answered(&mut self, id: u32) -> Option<u64> {
        let index = self.unanswered.iter().position(|(sent, _)| *sent == id)?;
        self.unanswered.remove(index).map(|(_, sent_ns)| sent_ns)
    }

    /// The clock by which pings were stamped was set: their answers would tell lies.
    pub(super) fn host_stepped(&mut self, step_ns: i64) {
        self.unanswered.clear();
        let times = [&mut self.ping_ns, &mut self.next_ping_ns];
        for time_ns in times.into_iter().chain(&mut self.fast_since_ns) {
            *time_ns = time_ns.saturating_add_signed(step_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_repeated_but_not_at_once() {
        let mut questions = Questions::default();
        assert_eq!(questions.hello(0), Some(Request::SendHello));
        assert_eq!(questions.hello(AGAIN_NS - 1), None);
        assert_eq!(questions.hello(AGAIN_NS), Some(Request::SendHello));
        let wanted = [Number::Site(3), Number::Name(9)];
        let Some(Request::SendDefinitions { sites, names }) = questions.definitions(&wanted, 0)
        else {
            panic!("it is wanted");
        };
        assert_eq!((&sites[..], &names[..]), (&[3][..], &[9][..]));
        assert_eq!(questions.definitions(&[], u64::MAX), None);
    }

    #[test]
    fn an_answer_counts_once_and_an_old_one_not_at_all() {
        let mut questions = Questions::default();
        let step_ns = LATER_PINGS_NS[1];
        for time in 0..100 {
            questions.ping(time * step_ns);
        }
        assert_eq!(questions.answered(1), None);
        assert_eq!(questions.answered(100), Some(99 * step_ns));
        assert_eq!(questions.answered(100), None);
        assert_eq!(questions.ping(99 * step_ns + 1), None);
    }

    /// The times of the pings in so much time, of ticks 50 ms apart; all are answered.
    fn pings(questions: &mut Questions, from_ns: u64, for_ns: u64) -> Vec<u64> {
        let ticks = (from_ns..from_ns + for_ns).step_by(50_000_000);
        let pinged = |now_ns: &u64| match questions.ping(*now_ns) {
            Some(Request::Ping(id)) => questions.answered(id).is_some(),
            _ => false,
        };
        ticks.filter(pinged).collect()
    }

    #[test]
    fn pings_are_fast_at_first_and_after_a_step_and_back_off() {
        const SECOND_NS: u64 = 1_000_000_000;
        let mut questions = Questions::default();
        let times = pings(&mut questions, SECOND_NS, 60 * SECOND_NS);
        assert_eq!(times.iter().filter(|time| **time < 6 * SECOND_NS).count(), 100);
        let pauses: Vec<_> =
            times[100..].windows(2).map(|pair| (pair[1] - pair[0]) / 1_000_000).collect();
        assert_eq!(pauses[..4], [500, 1_000, 2_000, 4_000]);
        assert!(pauses[4..].iter().all(|pause| *pause == 4_000), "{pauses:?}");
        questions.hurry(61 * SECOND_NS);
        assert_eq!(pings(&mut questions, 61 * SECOND_NS, 5 * SECOND_NS).len(), 100);
        pings(&mut questions, 66 * SECOND_NS, 10 * SECOND_NS);
        questions.hurry(76 * SECOND_NS);
        assert!(pings(&mut questions, 76 * SECOND_NS, 5 * SECOND_NS).len() < 3, "it had its turn");
    }

    #[test]
    fn who_does_not_answer_is_not_asked_by_the_hundred() {
        let mut questions = Questions::default();
        let asked = (0..100).filter(|tick| questions.ping(tick * 50_000_000).is_some()).count();
        assert!((30..60).contains(&asked), "{asked}");
        assert!(questions.unanswered.len() <= MOST_UNANSWERED);
    }

    #[test]
    fn the_time_at_which_a_ping_left_is_the_later_one() {
        let mut questions = Questions::default();
        assert_eq!(questions.ping(1_000), Some(Request::Ping(1)));
        questions.ping_sent(1, 1_700);
        questions.ping_sent(1, 1_600);
        questions.ping_sent(2, 9_999);
        assert_eq!(questions.answered(1), Some(1_700));
    }
}
