//! Commands for a device: one at a time, each sent again until it is answered.

use super::{Effects, Session};
use crate::order::{Order, after};
use serde::{Deserialize, Serialize};
use spandrel::wire::{Answer, AnswerStatus, Control, Request};
use std::collections::VecDeque;
use std::sync::Arc;

/// A command that was not answered is sent again after this time.
const AGAIN_NS: u64 = 500_000_000;
/// So often it is sent.
const MOST_TRIES: u32 = 20;
/// More commands than this do not wait for one device.
const MOST_WAITING: usize = 128;

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
    /// What it is told as long as it stands. Not put aside either.
    #[serde(skip)]
    standing: Arc<[Order]>,
}

impl Controls {
    fn add(&mut self, order: Order) {
        if self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(order);
        }
    }

    /// Has other orders stand from now on; says whether something has to be told. What waits only because
    /// of those before does not wait any more.
    fn stand(&mut self, now: &Arc<[Order]>) -> bool {
        let now = after(&self.standing, now);
        let before = core::mem::replace(&mut self.standing, now.clone());
        self.withdraw(|order| before.contains(order) && !now.contains(order));
        let mut is_changed = false;
        for order in now.iter().filter(|order| !before.contains(order)) {
            is_changed = true;
            self.add(order.clone());
        }
        is_changed
    }

    /// Takes back what waits and is not under way.
    fn withdraw(&mut self, is_meant: impl Fn(&Order) -> bool) {
        let mut is_under_way = self.sent.is_some();
        self.waiting.retain(|order| core::mem::take(&mut is_under_way) || !is_meant(order));
    }

    /// Who does not answer one standing order answers no other; when they change it is asked again.
    fn give_up(&mut self, order: &Order) {
        if self.standing.contains(order) {
            let standing = core::mem::take(&mut self.standing);
            self.withdraw(|order| standing.contains(order));
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
        let each = size_of::<Order>() + 128;
        self.waiting.capacity() * each + self.standing.len() * each
    }
}

impl Session {
    /// Tells the device to do something.
    pub(crate) fn order(&mut self, order: Order) {
        self.controls.add(order);
    }

    /// Has these orders stand for the device; says whether it is told something.
    pub(crate) fn stand(&mut self, orders: &Arc<[Order]>) -> bool {
        self.controls.stand(orders)
    }

    /// The service that it is of, if that was asked for before.
    pub(crate) fn ordered_service(&self) -> Option<&str> {
        let description = self.description.as_ref().filter(|_| self.has_orders)?;
        Some(&description.service)
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
            self.controls.give_up(&order);
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

    fn standing(texts: &[&str]) -> Arc<[Order]> {
        texts.iter().map(|text| order(text)).collect()
    }

    #[test]
    fn what_does_not_stand_any_more_does_not_wait_either() {
        let mut controls = Controls::default();
        assert!(controls.stand(&standing(&["sample=0.1", "operation=a:1", "operation=b:1"])));
        let (first, _) = controls.next(SECOND_NS);
        assert!(!controls.stand(&standing(&["sample=0.1", "operation=a:1", "operation=b:1"])));
        assert!(controls.stand(&standing(&["sample=0.2", "operation=b:1"])));
        let mut told = Vec::new();
        let mut id = first.unwrap().id;
        loop {
            told.push(controls.answered(id).unwrap().to_string());
            let (Some(next), _) = controls.next(SECOND_NS) else { break };
            id = next.id;
        }
        // The first was under way. Of `a` nobody knows any more that it was not told yet.
        assert_eq!(told, ["sample=0.1", "operation=b:1", "sample=0.2", "operation=a:0.2:0/s"]);
    }

    #[test]
    fn who_does_not_answer_one_standing_order_is_not_told_the_others_until_they_change() {
        let mut controls = Controls::default();
        controls.stand(&standing(&["sample=0.1", "operation=a:1"]));
        controls.add(order("flush"));
        let given_up = (1..).find_map(|now| controls.next(now * SECOND_NS).1).unwrap();
        assert_eq!(given_up, order("sample=0.1"));
        controls.give_up(&given_up);
        assert_eq!(controls.waiting, [order("flush")]);
        controls.stand(&standing(&["sample=0.1", "operation=a:0.5"]));
        assert_eq!(controls.waiting.len(), 3);
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
