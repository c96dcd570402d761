//! What a session is asked for, and how often.

use super::definitions::Number;
use spandrel::wire::{MAX_ASKED, Request};
use std::collections::VecDeque;

/// A question that was not answered is asked again after this time.
const AGAIN_NS: u64 = 250_000_000;
/// The first pings follow each other as fast as ticks come; the shortest of them tells most.
const FIRST_PINGS: u32 = 8;
const LATER_PINGS_NS: u64 = 2_000_000_000;
/// An answer to a ping older than this many others is not looked for.
const MOST_UNANSWERED: usize = 16;

/// Questions to a session. All of them may be lost, so all of them are repeated, but not at once.
#[derive(Debug, Default)]
pub(super) struct Questions {
    hello_ns: Option<u64>,
    definitions_ns: Option<u64>,
    ping_ns: Option<u64>,
    pings: u32,
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
        let pause_ns = if self.pings < FIRST_PINGS { 0 } else { LATER_PINGS_NS };
        if !is_due(&mut self.ping_ns, now_ns, pause_ns) {
            return None;
        }
        self.pings = self.pings.wrapping_add(1);
        if self.unanswered.len() >= MOST_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.pings, now_ns));
        Some(Request::Ping(self.pings))
    }

    /// The ping with this number left at `sent_ns`, later than it was asked for.
    pub(super) fn sent(&mut self, id: u32, sent_ns: u64) {
        if let Some((_, known_ns)) = self.unanswered.iter_mut().find(|(asked, _)| *asked == id) {
            *known_ns = sent_ns;
        }
    }

    /// When the ping with this number was sent; an answer counts once.
    pub(super) fn answered(&mut self, id: u32) -> Option<u64> {
        let index = self.unanswered.iter().position(|(sent, _)| *sent == id)?;
        self.unanswered.remove(index).map(|(_, sent_ns)| sent_ns)
    }

    /// The clock by which pings were stamped was set: their answers would tell lies.
    pub(super) fn forget_pings(&mut self) {
        self.unanswered.clear();
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
        for time in 0..100 {
            questions.ping(time * LATER_PINGS_NS);
        }
        assert_eq!(questions.answered(1), None);
        assert_eq!(questions.answered(100), Some(99 * LATER_PINGS_NS));
        assert_eq!(questions.answered(100), None);
        assert_eq!(questions.ping(99 * LATER_PINGS_NS + 1), None);
    }

    #[test]
    fn a_ping_that_is_awaited_was_sent_when_it_is_said_to_have_been() {
        let mut questions = Questions::default();
        questions.ping(10);
        questions.sent(1, 12);
        questions.sent(2, 13);
        assert_eq!((questions.answered(1), questions.answered(2)), (Some(12), None));
    }
}
