//! The sessions of a device that has a key: which packets came, and what waits to be let in.

use super::keys::Listed;
use super::marks::Marks;
use super::{Frame, SECOND_NS};
use crate::session::Window;
use spandrel::Session;

/// Sessions of a device whose packets are known one by one; of older ones only how far they went.
const MOST_SESSIONS: usize = 8;
/// Of these such as have not proven that they are no recording.
const MOST_UNPROVEN: usize = 4;
/// Frames of a session that wait, and bytes in them.
const MOST_HELD: usize = 64;
const MOST_HELD_BYTES: usize = 64 << 10;
/// How long a session may take to prove itself.
const PATIENCE_NS: u64 = 30 * SECOND_NS;
/// Packets for which room is kept on the disk at once.
const LEAST_STEP: u32 = 64;
const MOST_STEP: u32 = 1 << 16;

/// A device that has a key, and was heard of.
#[derive(Debug, Default)]
pub(super) struct Device {
    pub(super) known: Vec<Known>,
    /// How far sessions went that are no longer known, and of a device that hears nothing all of them.
    pub(super) marks: Marks,
    /// The session before the one that is let in, as that says.
    pub(super) previous: Option<u32>,
    /// Whether it was said that the device should be given another line in the file of keys.
    pub(super) is_told: bool,
}

/// A session whose packets are known.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) session: Session,
    window: Window,
    /// It is no recording, or nobody can tell.
    pub(super) is_fresh: bool,
    /// Packets below this are let in: that they were is on the disk, or need not be.
    durable: u32,
    /// The disk was asked, or is to be asked, to note that those below this are.
    reserved: u32,
    /// With which wish it was asked, and how far.
    wish: Option<(u64, u32)>,
    step: u32,
    renewed_ns: u64,
    held: Vec<(u32, Frame)>,
    held_bytes: usize,
    /// When it was last asked for a hello.
    asked_ns: Option<u64>,
    last_ns: u64,
}

/// What becomes of a frame.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It is let in.
    In(Frame),
    /// It waits.
    Held,
    /// It came before, or too much waits already.
    Replayed,
    Unproven,
}

/// How a session begins that is not known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) one_way: bool,
    pub(super) counting: bool,
    /// What is let in is noted on a disk before.
    pub(super) is_kept: bool,
}

impl Rules {
    pub(super) fn of(listed: &Listed, downlink: bool, is_kept: bool) -> Self {
        let one_way = listed.one_way || !downlink;
        Self { one_way, counting: listed.counting, is_kept: is_kept && one_way }
    }
}

impl Device {
    pub(super) fn knows(&self, session: Session) -> bool {
        self.known.iter().any(|known| known.session == session)
    }

    /// The session, which is made if it is not known; none where it is one from before that may not be
    /// replayed.
    pub(super) fn session(
        &mut self,
        session: Session,
        rules: Rules,
        now_ns: u64,
    ) -> Option<&mut Known> {
        if let Some(at) = self.known.iter().position(|known| known.session == session) {
            return self.known.get_mut(at);
        }
        let mark = self.marks.get(session.get());
        let is_older = self.marks.newest().is_some_and(|newest| session.get() < newest);
        let is_previous = self.previous == Some(session.get());
        if rules.counting && is_older && mark.is_none() && !is_previous {
            return None;
        }
        let floor = mark.unwrap_or(0);
        self.known.push(Known {
            session,
            window: Window::above(floor),
            is_fresh: rules.one_way || mark.is_some(),
            durable: if rules.is_kept { floor } else { u32::MAX },
            reserved: floor,
            wish: None,
            step: LEAST_STEP,
            renewed_ns: now_ns,
            held: Vec::new(),
            held_bytes: 0,
            asked_ns: None,
            last_ns: now_ns,
        });
        if rules.one_way && !rules.is_kept {
            self.marks.raise(session.get(), floor);
        }
        self.known.last_mut()
    }

    /// Takes out a session that there is no room for.
    pub(super) fn pop_surplus(&mut self) -> Option<Known> {
        let unproven = self.known.iter().filter(|known| !known.is_fresh).count();
        let only_unproven = unproven > MOST_UNPROVEN;
        if !only_unproven && self.known.len() <= MOST_SESSIONS {
            return None;
        }
        let oldest =
            self.known.iter().enumerate().filter(|(_, known)| !(only_unproven && known.is_fresh));
        let (at, _) = oldest.min_by_key(|(_, known)| known.last_ns)?;
        Some(self.known.remove(at))
    }

    /// Takes out sessions that took too long to prove themselves.
    pub(super) fn expired(&mut self, now_ns: u64) -> Vec<Known> {
        let is_over = |known: &mut Known| {
            !known.is_fresh && now_ns.saturating_sub(known.last_ns) >= PATIENCE_NS
        };
        self.known.extract_if(.., is_over).collect()
    }
}

impl Known {
    /// Takes a frame that is of this session beyond doubt.
    pub(super) fn take(&mut self, packet: u32, frame: Frame, rules: Rules) -> Verdict {
        if packet == u32::MAX || !self.window.insert(packet) {
            return Verdict::Replayed;
        }
        self.last_ns = frame.rx_ns;
        if rules.is_kept && self.is_fresh {
            self.reserve(packet, frame.rx_ns);
        }
        if self.is_fresh && packet < self.durable {
            return Verdict::In(frame);
        }
        if self.held.len() >= MOST_HELD || self.held_bytes + frame.bytes.len() > MOST_HELD_BYTES {
            return Verdict::Unproven;
        }
        self.held_bytes += frame.bytes.len();
        self.held.push((packet, frame));
        Verdict::Held
    }

    /// Has the disk note that more packets may be let in, before those that it noted are used up.
    fn reserve(&mut self, packet: u32, now_ns: u64) {
        if packet.saturating_add(self.step / 2) < self.reserved {
            return;
        }
        // Who is fast asks for more at once.
        let since_ns = now_ns.saturating_sub(self.renewed_ns);
        if since_ns < SECOND_NS && self.reserved != 0 {
            self.step = (self.step * 2).min(MOST_STEP);
        } else if since_ns > 10 * SECOND_NS {
            self.step = (self.step / 2).max(LEAST_STEP);
        }
        self.renewed_ns = now_ns;
        self.reserved = packet.saturating_add(self.step);
    }

    /// How far the disk should note that packets may be let in, if it was not asked for that.
    pub(super) fn wanted(&self) -> Option<u32> {
        let asked = self.wish.map_or(self.durable, |(_, mark)| mark);
        (self.durable != u32::MAX && self.reserved > asked).then_some(self.reserved)
    }

    /// The disk was asked.
    pub(super) fn wished(&mut self, wish: u64, mark: u32) {
        self.wish = Some((wish, mark));
    }

    /// The disk has done what it was asked for so far; gives the frames that may be let in now.
    pub(super) fn kept(&mut self, kept: u64) -> Vec<Frame> {
        if let Some((_, mark)) = self.wish.take_if(|(wish, _)| *wish <= kept) {
            self.durable = self.durable.max(mark);
        }
        self.released()
    }

    /// The session has proven that it is no recording, with this packet. What it sent before is let in
    /// where nothing of it can have been let in by the collector that ran before.
    ///
    /// Gives the frames that may be let in now, and says how many never may.
    pub(super) fn prove(&mut self, packet: u32, is_young: bool) -> (Vec<Frame>, u64) {
        self.is_fresh = true;
        let mut refused = 0;
        if !is_young {
            let (held, bytes) = (&mut self.held, &mut self.held_bytes);
            held.retain(|(of, frame)| {
                let keep = *of >= packet;
                if !keep {
                    refused += 1;
                    *bytes -= frame.bytes.len();
                }
                keep
            });
            // What came of those that follow is held, or was let go for want of room.
            self.window.refuse_below(packet);
        }
        (self.released(), refused)
    }

    fn released(&mut self) -> Vec<Frame> {
        if !self.is_fresh {
            return Vec::new();
        }
        let durable = self.durable;
        let released = self.held.extract_if(.., |(packet, _)| *packet < durable);
        let frames: Vec<_> = released.map(|(_, frame)| frame).collect();
        self.held_bytes -= frames.iter().map(|frame| frame.bytes.len()).sum::<usize>();
        frames
    }

    /// Whether the device is to be asked for a hello, now or, where it just said one, only if that is not
    /// the answer to a question.
    pub(super) fn asks(&mut self, now_ns: u64) -> bool {
        let asks = self.asked_ns.is_none_or(|at| now_ns.saturating_sub(at) >= SECOND_NS / 4);
        if asks {
            self.asked_ns = Some(now_ns);
        }
        asks
    }

    /// How many frames wait.
    pub(super) fn held(&self) -> u64 {
        self.held.len() as u64
    }

    /// One more than the number of the last packet that came.
    pub(super) fn end(&self) -> u32 {
        u32::try_from(self.window.end()).unwrap_or(u32::MAX)
    }
}
