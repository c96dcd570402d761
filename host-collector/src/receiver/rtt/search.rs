//! Where the control block is: told, or searched for in the target's RAM.

use super::block::{HEADER_LEN, HEADER_SIZE, Header, ID};
use super::{Memory, MemoryError};
use std::ops::Range;

/// How much of the RAM is searched at one look, in bytes: the target may have to stand still for it.
const A_LOOK: u32 = 16 << 10;
/// How much is read at once, in bytes.
const A_READ: u32 = 1 << 10;
/// Compilers and linkers place words at addresses that this divides.
const ALIGNMENT: u32 = 4;

/// Where the control block is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At this address.
    At(u32),
    /// Somewhere in this part of the RAM.
    Within(Range<u32>),
}

/// Looks for a control block, a little at a time.
#[derive(Debug)]
pub(super) struct Search {
    place: Place,
    /// Where the search goes on.
    next: u32,
}

impl Search {
    pub(super) fn new(place: Place) -> Self {
        let next = match &place {
            Place::At(address) => *address,
            Place::Within(range) => range.start,
        };
        Self { place, next }
    }

    /// The next control block there is, and what it says of its channels.
    pub(super) fn next<M: Memory>(
        &mut self,
        memory: &mut M,
    ) -> Result<Option<(u32, Header)>, MemoryError> {
        let Place::Within(range) = self.place.clone() else {
            return Ok(header_at(memory, self.next)?.map(|header| (self.next, header)));
        };
        let mut searched = 0;
        while searched < A_LOOK {
            let left = range.end.saturating_sub(self.next);
            let len = A_READ.min(left);
            if len < HEADER_SIZE {
                self.next = range.start;
                break;
            }
            let mut bytes = [0; A_READ as usize];
            let bytes = bytes.get_mut(..len as usize).unwrap_or_default();
            match memory.read(self.next, bytes) {
                Ok(()) => {}
                // The RAM is smaller than the range.
                Err(MemoryError::Refused(_)) => {
                    self.next = range.start;
                    break;
                }
                Err(lost) => return Err(lost),
            }
            if let Some(at) = position(bytes) {
                let address = self.next + at;
                self.next = address + ALIGNMENT;
                if let Some(header) = header_at(memory, address)? {
                    return Ok(Some((address, header)));
                }
            } else {
                // A name that begins in this piece and ends in the next is not missed.
                self.next += (len - (HEADER_SIZE - ALIGNMENT)) & !(ALIGNMENT - 1);
            }
            searched += A_READ;
        }
        Ok(None)
    }

    /// Has the search begin with this address: what is gone for a reset comes again where it was.
    pub(super) fn begin_with(&mut self, address: u32) {
        self.next = address;
    }
}

/// Where the name of a control block is in these bytes.
fn position(bytes: &[u8]) -> Option<u32> {
    let at = bytes.windows(ID.len()).step_by(ALIGNMENT as usize).position(|part| part == ID)?;
    Some(u32::try_from(at).ok()? * ALIGNMENT)
}

/// What is at this address, if it is a control block and can be read.
fn header_at<M: Memory>(memory: &mut M, address: u32) -> Result<Option<Header>, MemoryError> {
    let mut bytes = [0; HEADER_LEN];
    match memory.read(address, &mut bytes) {
        Ok(()) => Ok(Header::parse(&bytes).filter(|header| header.up != 0)),
        Err(MemoryError::Refused(_)) => Ok(None),
        Err(lost) => Err(lost),
    }
}
