//! A ring for each thread that records, so that no two of them write to the same memory.
//!
//! A thread takes a ring when it first records, one that a thread before it left, or a new one, and
//! leaves it when it ends. What is in it then stays until it is drained, and whoever takes the ring next
//! goes on behind it. So there are as many rings as threads recorded at the same time, and no more.
//!
//! A thread that has no ring, since it is about to end or there is no memory, records in the tracer's
//! own, which all share. Signal handlers must not record: they would be a second producer.

#[cfg(not(loom))]
mod list;
pub(super) mod ring;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(not(loom))]
pub(crate) use list::{Member, Threads};
