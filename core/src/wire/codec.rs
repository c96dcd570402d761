//! What a record may leave out because an earlier one in the same frame said it.
//!
//! Writer and reader keep the same [`Codec`] in step; it starts anew with every frame, so that a
//! frame stands alone. Traces and sites are numbers here, which are compared faster than they are
//! told apart.

use super::value::Shape;
use heapless::Vec;

/// The most pairs of site and shape in one frame.
pub const MAX_SITES: usize = 32;

/// The bits of a span's number that records say; the others are those of the number that is nearest
/// to the frame's.
pub(super) const LOW_BITS: u32 = u32::MAX >> 1;

/// The code of the last remote trace. That of one of the session's own is the number of its root, or 0
/// of one that has its record's: nothing else is in it.
pub(super) const REMOTE: u32 = 1;

/// The code of a site: its number and, above it, the types of the values that are given there.
pub(super) const fn site_code(id: u16, shape: Shape) -> u64 {
    (shape.0 as u64) << 16 | id as u64
}

/// What the records before said last.
#[derive(Clone, Debug)]
pub(super) struct Codec {
    /// The number of a span that does not have its record's, its low bits, as all of them.
    pub(super) own: u32,
    pub(super) parent: u32,
    /// A code.
    pub(super) trace: u32,
    pub(super) time: u64,
    /// The index of a site.
    pub(super) site: u8,
    /// Codes.
    pub(super) sites: Vec<u64, MAX_SITES>,
    /// The id of the last remote trace, its lowest word first.
    pub(super) remote: [u32; 4],
}

impl Codec {
    /// The state at the start of a frame, given the low bits of its number.
    pub(super) const fn new(own: u32) -> Self {
        let site = NO_INDEX;
        Self { own, parent: 0, trace: 0, time: 0, site, sites: Vec::new(), remote: [0; 4] }
    }

    /// Makes the state what it is at the start of a frame.
    pub(super) fn restart(&mut self, own: u32) {
        (self.own, self.parent, self.trace, self.time) = (own, 0, 0, 0);
        self.site = NO_INDEX;
        self.sites.clear();
        self.remote = [0; 4];
    }

    /// The index of a site, which is the last from now on, and whether it was not in the table before;
    /// none where that is full.
    #[expect(clippy::cast_possible_truncation, reason = "the table is short")]
    pub(super) fn site(&mut self, code: u64) -> Option<(u8, bool)> {
        let known = self.sites.iter().position(|known| *known == code);
        let index = known.unwrap_or(self.sites.len()) as u8;
        if known.is_none() {
            self.sites.push(code).ok()?;
        }
        self.site = index;
        Some((index, known.is_none()))
    }
}

/// The index of no site.
const NO_INDEX: u8 = u8::MAX;

/// Those of 32 bits that are not in it.
pub(super) const UNUSED_BITS: u32 = LOW_BITS.leading_zeros();

/// How far a number is from another, in the shorter direction.
pub(super) const fn distance(from: u32, to: u32) -> i32 {
    (to.wrapping_sub(from) << UNUSED_BITS).cast_signed() >> UNUSED_BITS
}
