//! [`Note`]: what is known of one boot, beside its records.

use super::super::halves::Halves;
use super::header::MAGIC;
use crate::wire::{Losses, ResetCause};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

/// A note of a boot.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Note {
    // What does not change, under `check`.
    pub(crate) session: AtomicU32,
    pub(crate) device: Halves,
    pub(crate) hz: AtomicU32,
    /// A hash of what names, keys and addresses depend on.
    pub(crate) build: AtomicU32,
    /// Where the table of call sites begins, 16 bits of its address, and what stands for none.
    pub(crate) sites: AtomicU32,
    /// One more than the session before; 0 where there was none.
    pub(crate) previous: AtomicU32,
    check: AtomicU32,
    // What the drain goes on with.
    /// Number of the next packet.
    pub(crate) packet: AtomicU32,
    /// Full turns of the long count of the clock.
    pub(crate) time_before: Halves,
    /// The counter of the clock when the drain looked last.
    pub(crate) clock: AtomicU32,
    pub(crate) cut: AtomicU32,
    pub(crate) names_full: AtomicU32,
    /// Records of boots before it that were given up.
    pub(crate) evicted: AtomicU32,
    // What is known when it is over.
    /// One more than the cause of the reset, and above it whether a keeper watched the clock; 0 while it runs.
    ended: AtomicU32,
    /// Where its records end.
    pub(crate) end: AtomicU32,
    /// The last tick that is known.
    pub(crate) ticks: Halves,
    pub(crate) last_number: Halves,
    losses: [AtomicU32; LOSSES],
    /// So many boots were given up, in the lower half, and this stands for the records of all of them; above it
    /// the session that it was given up for.
    pub(super) given_up: AtomicU32,
}

/// Kinds of losses that the recorder's memory holds.
const LOSSES: usize = 4;

/// What a boot is known by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Who {
    pub(super) session: u32,
    pub(super) device: u64,
    pub(super) hz: u32,
    pub(super) build: u32,
    pub(super) sites: u32,
    pub(super) previous: u32,
}

impl Note {
    /// Begins a note, which no order names yet.
    pub(super) fn begin(&self, who: &Who) {
        self.session.store(who.session, Relaxed);
        self.device.store(who.device);
        self.hz.store(who.hz, Relaxed);
        self.build.store(who.build, Relaxed);
        self.sites.store(who.sites, Relaxed);
        self.previous.store(who.previous, Relaxed);
        self.check.store(self.sum(), Relaxed);
        let words = [&self.packet, &self.clock, &self.cut, &self.names_full, &self.evicted];
        let words = words.into_iter().chain([&self.ended, &self.end, &self.given_up]);
        words.for_each(|word| word.store(0, Relaxed));
        [&self.time_before, &self.ticks, &self.last_number].iter().for_each(|word| word.store(0));
        self.losses.iter().for_each(|word| word.store(0, Relaxed));
    }

    fn sum(&self) -> u32 {
        let device = self.device.load();
        let words = [&self.session, &self.hz, &self.build, &self.sites, &self.previous];
        let words = words.map(|word| word.load(Relaxed));
        #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
        let device = [device as u32, (device >> 32) as u32];
        words.into_iter().chain(device).fold(MAGIC, hash)
    }

    /// Whether what does not change is what it was.
    pub(super) fn is_whole(&self) -> bool {
        self.check.load(Relaxed) == self.sum()
    }

    /// Notes how it ended. The first cause is the true one: a second reset came while this was noted.
    pub(super) fn end_with(&self, cause: ResetCause, was_kept: bool, losses: &Losses) {
        let Losses { ring_full, sampled_out, tag_cut, open_full, .. } = *losses;
        let counts = [ring_full, sampled_out, tag_cut, open_full];
        self.losses.iter().zip(counts).for_each(|(to, count)| to.store(count, Relaxed));
        if self.ended.load(Relaxed) == 0 {
            let kept = u32::from(was_kept) << 8;
            self.ended.store((1 + cause as u32) | kept, Relaxed);
        }
    }

    /// How many boots were given up that it stands for; 0 of one that is sent.
    pub(crate) fn boots_given_up(&self) -> u32 {
        self.given_up.load(Relaxed) & 0xffff
    }

    /// Records that were given up before it, and of a boot that is now given up itself those that it had lost.
    pub(super) fn evicted_with_losses(&self) -> u32 {
        let evicted = self.evicted.load(Relaxed);
        if self.boots_given_up() != 0 {
            return evicted;
        }
        // Of spans that found no slot nobody knows which were still open.
        evicted.wrapping_add(self.losses().ring_full)
    }

    /// Whether it has sent anything, or lost something.
    pub(super) fn has_spoken(&self) -> bool {
        let is_some = |word: &AtomicU32| word.load(Relaxed) != 0;
        is_some(&self.packet) || is_some(&self.evicted) || self.losses.iter().any(is_some)
    }

    /// Whether a keeper had watched its clock.
    pub(crate) fn was_kept(&self) -> bool {
        self.ended.load(Relaxed) >> 8 != 0
    }

    /// How it ended.
    pub(crate) fn cause(&self) -> ResetCause {
        let code = (self.ended.load(Relaxed) & 0xff).wrapping_sub(1);
        ResetCause::from_byte(u8::try_from(code).unwrap_or(0))
    }

    /// What was lost in it.
    pub(crate) fn losses(&self) -> Losses {
        let [ring_full, sampled_out, tag_cut, open_full] =
            self.losses.each_ref().map(|count| count.load(Relaxed));
        Losses {
            ring_full,
            sampled_out,
            tag_cut: tag_cut.wrapping_add(self.cut.load(Relaxed)),
            names_full: self.names_full.load(Relaxed),
            open_full,
            evicted: self.evicted.load(Relaxed),
            ..Losses::default()
        }
    }
}

/// Adds a word to a hash.
pub(super) fn hash(sum: u32, word: u32) -> u32 {
    (sum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9)
}
