//! A group: up to 4096 rows of a block that are packed together and stand by themselves.
//!
//! Its rows are sorted by shape, then trace. Each column is cut into runs, one for each shape, so
//! that what is alike stands together. There are four sections, since most readers need one or two:
//!
//! | section | holds |
//! |---|---|
//! | frame | traces, shapes and their texts, to which trace each row belongs, and which row is its parent |
//! | times | starts and durations |
//! | ids | span ids, and ids of parents that are not in the group |
//! | values | the values of ops, and their texts |
//!
//! `docs/store.md` has every byte.

mod column;
mod pack;
mod unpack;

#[cfg(test)]
mod tests;

pub(super) use pack::{Member, Packed, Packer, Part};
#[cfg(test)]
use unpack::unpack;
pub(super) use unpack::{Unpacked, Want};

/// Rows in a group at most.
pub(super) const ROWS: usize = 4096;

/// The sections, in the order in which they stand.
pub(super) const SECTIONS: usize = 4;

/// What a row's parent is: the numbers from [`parent::HERE`] on are rows of the same trace in the
/// same group, by their order.
pub(super) mod parent {
    /// It has none.
    pub(crate) const NONE: u64 = 0;
    /// It was not there when the block was made.
    pub(crate) const AWAY: u64 = 1;
    /// It is in another group that was made with this one.
    pub(crate) const BESIDE: u64 = 2;
    /// The first row of the trace.
    pub(crate) const HERE: u64 = 3;
}
