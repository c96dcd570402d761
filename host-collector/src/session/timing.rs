//! What a session learns of its device's clock.

use super::Session;
use crate::clock::{Exchange, Taken};
use crate::stats::Stats;
use spandrel::wire::{Clock, ClockEvent, Pong};

/// So much that a device told of its clock waits for its hello.
const MOST_EARLY: usize = 64;

impl Session {
    /// The ping with this number left at `sent_ns`.
    pub(crate) fn ping_sent(&mut self, id: u32, sent_ns: u64) {
        self.questions.ping_sent(id, sent_ns);
    }

    pub(super) fn on_pong(&mut self, pong: &Pong, rx_ns: u64, stats: &mut Stats) {
        let sent_ns = self.questions.answered(pong.id);
        let taken = self.identity.as_mut().zip(sent_ns).and_then(|(identity, sent_ns)| {
            let exchange = Exchange {
                sent_ns,
                received_ticks: pong.received_ticks,
                answered_ticks: pong.sent_ticks,
                arrived_ns: rx_ns,
            };
            let taken = identity.clock.exchanged(&exchange)?;
            identity.clock.arrived(pong.sent_ticks, rx_ns);
            Some(taken)
        });
        match taken {
            Some(taken) => self.on_taken(taken, rx_ns),
            None => stats.nonsense += 1,
        }
    }

    /// The device told of its clock; where its rate is not known yet, that waits.
    pub(super) fn on_clock(&mut self, told: &Clock, rx_ns: u64) {
        let Clock { time_ticks, event } = *told;
        let Some(identity) = &mut self.identity else {
            if self.early_clock.len() < MOST_EARLY {
                self.early_clock.push(*told);
            }
            return;
        };
        let taken = identity.clock.told(time_ticks, &event, rx_ns);
        self.on_taken(taken, rx_ns);
        if event == ClockEvent::Stepped && taken == Taken::Used {
            self.questions.hurry(rx_ns);
        }
    }

    /// Something was told about the clock.
    fn on_taken(&mut self, taken: Taken, now_ns: u64) {
        match taken {
            Taken::Used | Taken::Ignored => {}
            Taken::Contradicted => self.questions.hurry(now_ns),
            Taken::WallRefused => {
                let note = "the device's wall clock and this machine's contradict each other: the \
                            device's is not used";
                self.note(note);
            }
        }
    }
}
