//! Commands for a device: one at a time, each sent again until it is answered.

use super::{Effects, Session};
use crate::order::Order;
use serde::{Deserialize, Serialize};
use spandrel::wire::{Answer, AnswerStatus, Control, Request};
use std::collections::VecDeque;

/// A command that was not answered is sent again after this time.
const AGAIN_NS: u64 = 500_000_000;
/// So often it is sent.
const MOST_TRIES: u32 = 20;
/// More commands than this do not wait for one device.
const MOST_WAITING: usize = 64;

/// The commands that wait.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Controls {
    /// Not put aside: whoever goes on with the session has orders of its own.
    #[serde(skip)]
    waiting: VecDeque<Order>,
    /// The first is under way: its number, when it was sent last, and how often.
    #[serde(skip)]
    sent: Option<(u64, u64, u32)>,
    last_id: u64,
}

impl Controls {
    fn add(&mut self, order: Order) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(order);
        }
    }

    /// The command that is to be sent now, if one is; and one that is given up.
    ///
    /// Each has a number of its own, the time, so that those of a collector that is started anew are
    /// greater. One that comes twice is done once.
    fn next(&mut self, now_ns: u64) -> (Option<Control<'static>>, Option<Order>) {
        let Some(first) = self.waiting.front() else { return (None, None) };
        let (id, tries) = match self.sent {
            None => ((now_ns / 1_000_000).max(self.last_id + 1), 0),
            Some((_, sent_ns, _)) if now_ns.saturating_sub(sent_ns) < AGAIN_NS => {
                return (None, None);
            }
            Some((_, _, MOST_TRIES)) => {
                self.sent = None;
                return (None, self.waiting.pop_front());
            }
            Some((id, _, tries)) => (id, tries),
        };
        self.last_id = id;
        self.sent = Some((id, now_ns, tries + 1));
        (Some(Control { id, command: first.command() }), None)
    }

    /// The command that this number was given; none where that is not awaited.
    fn answered(&mut self, id: u64) -> Option<Order> {
        self.sent.take_if(|(sent, ..)| *sent == id)?;
        self.waiting.pop_front()
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.waiting.capacity() * size_of::<Order>() + self.waiting.len() * 128
    }
}

impl Session {
    /// Tells the device to do something.
    pub(crate) fn order(&mut self, order: Order) {
        self.controls.add(order);
    }

    /// The service that it is of, if that is known and was not asked before.
    pub(crate) fn new_service(&mut self) -> Option<&str> {
        let service = &self.description.as_ref()?.service;
        (!core::mem::replace(&mut self.has_orders, true)).then_some(service)
    }

    /// Sends the command that is due.
    pub(super) fn command(&mut self, now_ns: u64, effects: &mut Effects) {
        let (control, given_up) = self.controls.next(now_ns);
        effects.requests.extend(control.map(Request::Control));
        if let Some(order) = given_up {
            effects.news.push(format!(
                "{order}: no answer; the device's tracer must be `controlled`, and the link have a \
                 way down"
            ));
        }
    }

    /// The device says what became of a command; false where none is awaited.
    pub(super) fn on_answer(&mut self, answer: &Answer, effects: &mut Effects) -> bool {
        let Some(order) = self.controls.answered(answer.id) else { return false };
        effects.news.push(match answer.status {
            AnswerStatus::Done => format!("{order}: done"),
            AnswerStatus::Refused => format!(
                "{order}: refused; the tracer's sampler must be adjustable, with room for so many \
                 operations that the program has"
            ),
            _ => format!("{order}: the device does not know this command"),
        });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn order(text: &str) -> Order {
        text.parse().unwrap()
    }

    #[test]
    fn commands_go_one_after_the_other_until_each_is_answered() {
        let mut controls = Controls::default();
        assert_eq!(controls.next(0), (None, None));
        controls.add(order("flush"));
        controls.add(order("sites"));
        let (first, _) = controls.next(SECOND_NS);
        let id = first.unwrap().id;
        assert_eq!(id, 1000);
        assert_eq!(controls.next(SECOND_NS + 1), (None, None), "it was sent just now");
        assert_eq!(controls.next(2 * SECOND_NS).0.unwrap().id, id, "it is sent again");
        assert_eq!(controls.answered(id + 1), None);
        assert_eq!(controls.answered(id), Some(order("flush")));
        assert_eq!(controls.answered(id), None, "it comes twice");
        // The clock was set back.
        let (second, _) = controls.next(0);
        assert_eq!(second.unwrap().id, id + 1);
    }

    #[test]
    fn who_never_answers_is_given_up() {
        let mut controls = Controls::default();
        controls.add(order("flush"));
        let mut sent = 0;
        for now in 0.. {
            match controls.next(now * SECOND_NS) {
                (Some(_), _) => sent += 1,
                (_, Some(_)) => break,
                _ => {}
            }
        }
        assert_eq!(sent, MOST_TRIES);
        assert_eq!(controls.next(u64::MAX), (None, None));
    }
}
