//! What stands in front of the recorder: whose memory it is, and notes of the boots whose records are in it.
//!
//! A reset may come between any two stores. So what belongs together is written beside what is valid, and one
//! store of one word makes it so: [`Order`] for the notes, `which` for the two [`Cursor`]s, the CRC for all of it.

use super::super::halves::Halves;
use super::super::recorder::State;
use super::super::table::Slot;
use super::note::Note;
use super::order::{NOTES, Order};
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::{Relaxed, Release};
use core::sync::atomic::{Ordering, compiler_fence};

pub(super) const MAGIC: u32 = u32::from_le_bytes(*b"spnd");
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

    /// The documentation of `Retained` and the README say how much it takes.
    #[test]
    fn the_header_takes_592_bytes() {
        assert_eq!(size_of::<Header>(), 592);
    }

    #[test]
    fn the_crc_is_that_of_ethernet() {
        assert_eq!(crc(&[u32::from_le_bytes(*b"1234"), u32::from_le_bytes(*b"5678")]), 0x9ae0_daaf);
    }
}
