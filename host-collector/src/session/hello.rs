//! What a session learns from hellos: who it is, and that it began anew.

use super::made;
use super::pieces::Pieces;
use super::process::Description;
use super::{Effects, Identity, Session};
use crate::clock::ClockEstimate;
use crate::model::{DeviceId, Source};
use crate::stats::Stats;
use spandrel::wire::{Hello, Request};

/// A hello whose clock is behind an earlier one's by more than this was not overtaken on the way:
/// the device began anew.
const RESTART_NS: u64 = 1_000_000_000;

impl Session {
    pub(super) fn on_hello(
        &mut self,
        hello: &Hello<'_>,
        rx_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        let session = spandrel::Session::new(hello.session);
        let source = Source { device: DeviceId(hello.device), session };
        if hello.clock_hz == 0 || hello.device == 0 || session.get() != hello.session {
            stats.nonsense += 1;
            return;
        }
        let clock = if self.options.align { ClockEstimate::new } else { ClockEstimate::raw };
        let identity = self.identity.get_or_insert_with(|| Identity {
            source,
            hz: hello.clock_hz,
            clock: clock(hello.clock_hz),
            since_ns: rx_ns,
            hello_ticks: 0,
            drift: None,
        });
        if identity.source != source || identity.hz != hello.clock_hz {
            stats.clashes += 1;
            effects.news.push(format!(
                "device {:016x} and device {:016x} share an address and a session tag: of the \
                 latter nothing is shown, reset it",
                identity.source.device.0, hello.device
            ));
            return;
        }
        identity.hello_ticks = identity.hello_ticks.max(hello.sent_ticks);
        identity.clock.arrived(hello.sent_ticks, rx_ns);
        for told in core::mem::take(&mut self.early_clock) {
            self.on_clock(&told, rx_ns);
        }
        self.hear_of_resets(hello);
        self.device_says(&hello.losses, rx_ns);
        if hello.ended.is_some() {
            self.has_ended(rx_ns);
        }
        // What was sent before and did not come is missed, but what is sent again.
        let is_held = hello.flags & Hello::ACKNOWLEDGED != 0;
        self.gaps.oldest(hello.first_record, is_held, rx_ns);
        if is_held {
            self.fragments.forget_below(hello.first_record);
        }
        // What is over may be of another program, which knows nothing of that one's process.
        let is_said = hello.ended.is_none() || hello.process_total != 0;
        if self.description.is_none() && is_said {
            self.describe(hello, effects, stats);
        }
        if self.options.downlink && hello.ended.is_none() {
            effects.requests.push(match self.description {
                Some(_) => Request::HelloSeen,
                None => self.questions.next_piece(rx_ns),
            });
        }
        self.emit_ready(rx_ns, effects, stats);
    }

    fn describe(&mut self, hello: &Hello<'_>, effects: &mut Effects, stats: &mut Stats) {
        if !self.pieces.put(hello.process_total, hello.process_offset, hello.process) {
            stats.nonsense += 1;
            self.pieces = Pieces::default();
        }
        let Some(whole) = self.pieces.whole() else { return };
        self.description = Description::read(whole);
        let Some(description) = &self.description else {
            stats.nonsense += 1;
            self.pieces = Pieces::default();
            return;
        };
        stats.sessions += 1;
        let (service, device) = (&description.service, hello.device);
        effects.news.push(format!("{service}, device {device:016x}, session {}", hello.session));
    }

    /// Whether the device was reset and took the number of the session before.
    pub(super) fn has_restarted(&self, hello: &Hello<'_>) -> bool {
        // The last tick that the next boot knows of is not the last one that there was.
        hello.ended.is_none()
            && self.identity.as_ref().is_some_and(|identity| {
                let back = identity.hello_ticks.saturating_sub(hello.sent_ticks);
                identity.source.device.0 == hello.device
                    && identity.clock.device_ns(back) > RESTART_NS
            })
    }

    pub(super) fn restart(&mut self, rx_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        self.emit_all(made::RESET, rx_ns, effects, stats);
        *self = Self::new(self.options, rx_ns);
        stats.clashes += 1;
        let note = "the device began anew under the number of an earlier session, so ids may \
                    repeat: give its tracer a SessionSource";
        self.note(note);
        effects.news.push(note.to_owned());
    }
}
