//! Numbers, texts and sections as they stand in the store's files: plain functions over bytes.

pub(super) mod bits;
pub(super) mod filter;
pub(super) mod hash;
pub(super) mod section;
pub(super) mod wire;

pub(super) use wire::{Damaged, Reader};
