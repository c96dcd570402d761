//! What becomes of frames that were opened: they are let in, wait, or came before.

use super::{Gate, Told};
use crate::auth::device::{Known, Verdict};
use crate::auth::{Frame, Passed};
use crate::stats::Stats;
use spandrel::{DeviceId, Session};
use std::collections::hash_map::Entry;

impl Gate {
    /// Takes a frame that is of this session beyond doubt, and what it tells if it is a hello.
    pub(super) fn admit(
        &mut self,
        of: (DeviceId, Session),
        packet: u32,
        frame: Frame,
        told: Option<Told>,
        stats: &mut Stats,
        passed: &mut Passed,
    ) {
        let (id, number) = of;
        let Some(rules) = self.keys.get(id).map(|listed| self.rules(listed)) else { return };
        let device = self.devices.entry(id.0).or_default();
        let is_new = !device.knows(number);
        let Some(known) = device.session(number, rules, frame.rx_ns) else {
            stats.replayed += 1;
            return;
        };
        if is_new {
            self.tags.entry(number.tag(id)).or_default().push(of);
        }
        let (peer, rx_ns) = (frame.peer.clone(), frame.rx_ns);
        match known.take(packet, frame, rules) {
            Verdict::In(frame) => passed.frames.push(frame),
            Verdict::Held => {}
            Verdict::Unproven => stats.unproven += 1,
            Verdict::Replayed => {
                stats.replayed += 1;
                if told.is_some() {
                    self.tell(id, |id| {
                        format!(
                            "{peer}: device {id:016x} says what it said before: somebody replays it, or it \
                             began anew under the number of an earlier session: give its tracer a \
                             SessionSource"
                        )
                    });
                }
                return;
            }
        }
        let challenge = self.challenge;
        if let Some(told) = told {
            if !known.is_fresh && challenge.is_some() && told.challenge == challenge {
                let age_ns = rx_ns.saturating_sub(self.began_ns);
                let sleeps = self.keys.get(id).is_some_and(|listed| listed.sleeps);
                let (frames, refused) =
                    known.prove(packet, !sleeps && told.is_younger_than(age_ns));
                passed.frames.extend(frames);
                stats.unproven += refused;
            }
            if known.is_fresh {
                device.previous = told.previous;
            }
        }
        // This may change what it is challenged with.
        self.remember(id, stats);
        self.challenge(of, &peer, rx_ns, told.is_some(), passed);
    }

    /// Notes what the disk is to be asked for, and forgets sessions that there is no room for.
    fn remember(&mut self, id: DeviceId, stats: &mut Stats) {
        let Some(device) = self.devices.get_mut(&id.0) else { return };
        let is_wanted = device.known.iter().any(|known| known.wanted().is_some());
        let surplus: Vec<_> = core::iter::from_fn(|| device.pop_surplus()).collect();
        if let Some(disk) = &mut self.disk {
            disk.is_due |= is_wanted;
        }
        for known in surplus {
            self.forget(id, &known, stats);
        }
    }

    /// A session is no longer known: of what it sent is remembered how far it was let in.
    fn forget(&mut self, id: DeviceId, known: &Known, stats: &mut Stats) {
        stats.unproven += known.held();
        let of = (id, known.session);
        if let Entry::Occupied(mut entry) = self.tags.entry(known.session.tag(id)) {
            entry.get_mut().retain(|other| *other != of);
            if entry.get().is_empty() {
                entry.remove();
            }
        }
        let Some(rules) = self.keys.get(id).map(|listed| self.rules(listed)) else { return };
        let Some(device) = self.devices.get_mut(&id.0) else { return };
        if known.is_fresh && !rules.is_kept {
            let has_forgotten = device.marks.raise(known.session.get(), known.end());
            if has_forgotten && !rules.one_way {
                // What gave back this challenge may be a recording of what was forgotten.
                self.draw_challenge();
            }
        }
    }

    fn draw_challenge(&mut self) {
        self.challenge = match (self.draw)() {
            Ok(challenge) => Some(challenge),
            Err(error) => {
                log::warn!("no random bytes can be had, so no new session is let in: {error}");
                None
            }
        };
    }

    /// Time has passed.
    pub(crate) fn on_tick(&mut self, now_ns: u64, stats: &mut Stats, passed: &mut Passed) {
        stats.unproven += self.waiting.expire(now_ns);
        let expired = self.devices.iter_mut().flat_map(|(id, device)| {
            let id = DeviceId(*id);
            device.expired(now_ns).into_iter().map(move |known| (id, known))
        });
        for (id, known) in expired.collect::<Vec<_>>() {
            self.forget(id, &known, stats);
            self.tell(id, |id| {
                format!(
                    "device {id:016x} does not give back what it is sent: if it hears nothing, write \
                     one_way behind its key"
                )
            });
        }
        self.note_time(now_ns);
        self.note(passed);
    }

    /// The clock was set, by so many nanoseconds.
    pub(crate) fn on_clock_step(&mut self, step_ns: i64) {
        self.began_ns = self.began_ns.saturating_add_signed(step_ns);
    }

    /// Nothing more will come: notes exactly how far sessions were let in.
    pub(crate) fn finish(&mut self, stats: &mut Stats) {
        stats.unproven += self.waiting.expire(u64::MAX);
        let known = self.devices.values().flat_map(|device| &device.known);
        stats.unproven += known.map(Known::held).sum::<u64>();
        self.note_all();
    }

    /// Says something of a device, once.
    pub(super) fn tell(&mut self, id: DeviceId, what: impl FnOnce(u64) -> String) {
        let device = self.devices.entry(id.0).or_default();
        if !core::mem::replace(&mut device.is_told, true) {
            log::warn!("{}", what(id.0));
        }
    }
}
