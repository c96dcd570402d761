//! What stands in front of the recorder: whose memory it is, and notes of the boots whose records are in it.
//!
//! A reset may come between any two stores. So what belongs together is written beside what is valid, and one
//! store of one word makes it so: [`Order`] for the notes, `which` for the two [`Cursor`]s, the CRC for all of it.

use super::super::halves::Halves;
use super::super::recorder::State;
use super::super::table::Slot;
use crate::wire::{Losses, ResetCause};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Relaxed, Release};
use core::sync::atomic::{Ordering, compiler_fence};

/// Boots of which there can be a note: the one that runs, three before it, and room for the next.
pub(crate) const NOTES: usize = 5;
/// Boots before the one that runs that are kept; where there are more, those in the middle are given up.
pub(super) const MOST_EARLIER: usize = 3;

const MAGIC: u32 = u32::from_le_bytes(*b"spnd");
/// What the layout of records, slots and header depends on beside their sizes. To be counted up with each change.
const LAYOUT: u32 = 1;
const FIXED: usize = 6;

/// The header; any bytes are one.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Header {
    /// What is the same in all boots of all builds that can read each other's memory.
    fixed: [AtomicU32; FIXED],
    /// The CRC-32 of that.
    crc: AtomicU32,
    order: AtomicU32,
    /// How often the memory was booted from, from an arbitrary number on.
    pub(super) boots: AtomicU32,
    /// The cursor that counts, in the lowest bit.
    which: AtomicU32,
    cursors: [Cursor; 2],
    pub(crate) notes: [Note; NOTES],
}

/// How far the oldest boot's records were sent.
#[derive(Debug)]
#[repr(C)]
struct Cursor {
    /// Number of the next record.
    record: Halves,
    /// Where it begins.
    tail: AtomicU32,
    /// The note that this is of, 8 bits; above them one more than the slot that was sent last, or 0.
    what: AtomicU32,
}

/// How far a boot's records were sent, in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) record: u64,
    pub(crate) tail: u32,
    pub(crate) note: usize,
    /// One more than the slot whose span was sent last; 0 before the first.
    pub(crate) slots: u32,
}

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

impl Header {
    fn fixed(words: usize, tables: u32, address: usize) -> [u32; FIXED] {
        let (state, slot) = (size_of::<State>(), size_of::<Slot>());
        #[expect(
            clippy::cast_possible_truncation,
            reason = "sizes and an address of 32 bits, where it matters"
        )]
        let fixed = [
            MAGIC,
            LAYOUT | (size_of::<usize>() as u32) << 8 | (NOTES as u32) << 16,
            words as u32,
            tables,
            (state as u32) << 16 | slot as u32,
            address as u32,
        ];
        fixed
    }

    /// Whether the memory was written by a program that lays it out as this one does.
    pub(super) fn is_ours(&self, words: usize, tables: u32) -> bool {
        let expected = Self::fixed(words, tables, core::ptr::from_ref(self).addr());
        let found = self.fixed.each_ref().map(|word| word.load(Relaxed));
        found == expected && self.crc.load(Relaxed) == crc(&expected)
    }

    /// Has it belong to nobody.
    pub(super) fn disown(&self) {
        self.crc.store(0, Relaxed);
        self.fixed.iter().for_each(|word| word.store(0, Relaxed));
        compiler_fence(Ordering::SeqCst);
    }

    /// Has it be ours: all that stands behind is as it must be.
    pub(super) fn own(&self, words: usize, tables: u32) {
        let fixed = Self::fixed(words, tables, core::ptr::from_ref(self).addr());
        self.fixed.iter().zip(fixed).for_each(|(to, word)| to.store(word, Relaxed));
        compiler_fence(Ordering::SeqCst);
        self.crc.store(crc(&fixed), Release);
    }

    /// The boots that there are notes of; none where the word makes no sense.
    pub(crate) fn order(&self) -> Option<Order> {
        Order::unpack(self.order.load(Relaxed))
    }

    /// What was written to the notes before counts from now on.
    pub(crate) fn set_order(&self, order: Order) {
        compiler_fence(Ordering::SeqCst);
        self.order.store(order.pack(), Release);
        compiler_fence(Ordering::SeqCst);
    }

    pub(crate) fn note(&self, at: usize) -> &Note {
        let [first, ..] = &self.notes;
        self.notes.get(at).unwrap_or(first)
    }

    fn progress(&self) -> Progress {
        let [even, odd] = &self.cursors;
        let cursor = if self.which.load(Relaxed) & 1 == 0 { even } else { odd };
        let what = cursor.what.load(Relaxed);
        Progress {
            record: cursor.record.load(),
            tail: cursor.tail.load(Relaxed),
            note: (what & 0xff) as usize,
            slots: what >> 8,
        }
    }

    /// How far the oldest boot of this order was sent.
    pub(crate) fn progress_of(&self, order: &Order) -> Progress {
        let note = usize::from(order.oldest());
        let progress = self.progress();
        // Else the cursor is still that of a boot all of which was sent.
        if progress.note == note {
            progress
        } else {
            Progress { record: 0, note, slots: 0, ..progress }
        }
    }

    pub(crate) fn set_progress(&self, progress: Progress) {
        let [even, odd] = &self.cursors;
        let which = self.which.load(Relaxed);
        let cursor = if which & 1 == 0 { odd } else { even };
        cursor.record.store(progress.record);
        cursor.tail.store(progress.tail, Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "there are few notes")]
        cursor.what.store(progress.note as u32 | progress.slots << 8, Relaxed);
        compiler_fence(Ordering::SeqCst);
        self.which.store(which ^ 1, Release);
        compiler_fence(Ordering::SeqCst);
    }
}

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

/// The boots in the order of time, by their notes; the last is the one that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    notes: [u8; NOTES],
    len: usize,
    /// The state of the one that runs was made new: what it says is its own.
    pub(super) has_begun: bool,
}

impl Order {
    const BEGUN: u32 = 1 << 15;
    const LEN_SHIFT: u32 = 12;
    const CHECK: u32 = 0x5ac3;

    fn pack(self) -> u32 {
        // Four notes at most, of three bits each: with the one that runs there are never more.
        let notes = self.earlier().iter().copied().chain([self.live()]);
        let notes = notes.enumerate().fold(0, |sum, (at, note)| sum | u32::from(note) << (3 * at));
        let begun = if self.has_begun { Self::BEGUN } else { 0 };
        #[expect(clippy::cast_possible_truncation, reason = "four at most")]
        let word = notes | begun | (self.len as u32 - 1) << Self::LEN_SHIFT;
        word | (word ^ Self::CHECK) << 16
    }

    fn unpack(word: u32) -> Option<Self> {
        let (low, check) = (word & 0xffff, word >> 16);
        if low ^ Self::CHECK != check {
            return None;
        }
        let len = (low >> Self::LEN_SHIFT & 3) as usize + 1;
        let mut notes = [0; NOTES];
        let mut seen = 0_u8;
        for (at, note) in notes.iter_mut().enumerate().take(len) {
            *note = (low >> (3 * at) & 7) as u8;
            if usize::from(*note) >= NOTES || seen >> *note & 1 != 0 {
                return None;
            }
            seen |= 1 << *note;
        }
        Some(Self { notes, len, has_begun: low & Self::BEGUN != 0 })
    }

    /// Those before the one that runs, the oldest first.
    pub(crate) fn earlier(&self) -> &[u8] {
        self.notes.get(..self.len - 1).unwrap_or(&[])
    }

    /// The one that runs.
    pub(crate) fn live(&self) -> u8 {
        self.notes.get(self.len - 1).copied().unwrap_or(0)
    }

    /// The oldest.
    pub(crate) fn oldest(&self) -> u8 {
        let [oldest, ..] = self.notes;
        oldest
    }

    /// A note that is none of these.
    pub(super) fn free(earlier: &[u8], last: u8) -> u8 {
        #[expect(clippy::cast_possible_truncation, reason = "there are few")]
        let mut all = 0..NOTES as u8;
        all.find(|note| *note != last && !earlier.contains(note)).unwrap_or(0)
    }

    /// These boots, and the one that runs.
    pub(super) fn of(earlier: &[u8], live: u8) -> Self {
        let mut order = Self { notes: [0; NOTES], len: 0, has_begun: false };
        let kept = earlier.iter().take(MOST_EARLIER).chain([&live]);
        for (to, note) in order.notes.iter_mut().zip(kept) {
            *to = *note;
            order.len += 1;
        }
        order
    }

    /// The same, of a boot whose state is its own.
    pub(super) fn begun(self) -> Self {
        Self { has_begun: true, ..self }
    }

    /// All but the oldest: its records were sent.
    pub(crate) fn without_oldest(self) -> Self {
        let rest = self.earlier().get(1..).unwrap_or(&[]);
        Self { has_begun: self.has_begun, ..Self::of(rest, self.live()) }
    }
}

/// Adds a word to a hash.
pub(super) fn hash(sum: u32, word: u32) -> u32 {
    (sum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9)
}

/// CRC-32 as Ethernet has it, bit by bit: it is over some words once a boot.
fn crc(words: &[u32]) -> u32 {
    const POLYNOMIAL: u32 = 0xedb8_8320;

    !words.iter().fold(u32::MAX, |sum, word| {
        (0..u32::BITS).fold(sum ^ word, |sum, _| sum >> 1 ^ (sum & 1).wrapping_neg() & POLYNOMIAL)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The documentation of `Retained` and the README say how much it takes.
    #[test]
    fn the_header_takes_592_bytes() {
        assert_eq!(size_of::<Header>(), 592);
    }

    #[test]
    fn the_crc_is_that_of_ethernet() {
        assert_eq!(crc(&[u32::from_le_bytes(*b"1234"), u32::from_le_bytes(*b"5678")]), 0x9ae0_daaf);
    }

    #[test]
    fn an_order_is_one_word() {
        let mut order = Order::of(&[], 0);
        for boots in 0..10_u8 {
            assert_eq!(Order::unpack(order.pack()), Some(order));
            let earlier = [order.earlier(), &[order.live()]].concat();
            let next = Order::free(&earlier, order.live());
            assert!(!earlier.contains(&next));
            order = Order { has_begun: boots % 2 == 0, ..Order::of(&earlier, next) };
            assert_eq!((order.live(), order.earlier()), (next, &earlier[..]));
            if order.earlier().len() == MOST_EARLIER {
                order = order.without_oldest();
                assert_eq!(order.oldest(), earlier[1]);
            }
        }
    }

    proptest! {
        #[test]
        fn any_word_is_an_order_or_none(word: u32, flip in 0..32_u32) {
            if let Some(order) = Order::unpack(word) {
                prop_assert_eq!(Order::unpack(order.pack()), Some(order));
                prop_assert!(order.earlier().len() <= MOST_EARLIER);
            }
            prop_assert_eq!(Order::unpack(Order::of(&[], 2).pack() ^ 1 << flip), None);
        }
    }
}
