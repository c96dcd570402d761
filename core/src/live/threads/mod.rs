//! A ring for each thread that records, so that no two of them write to the same memory.
//!
//! A thread takes a ring when it first records, one that a thread before it left, or a new one, and
//! leaves it when it ends. What is in it then stays until it is drained, and whoever takes the ring next
//! goes on behind it. So there are as many rings as threads recorded at the same time, and no more.
//!
//! A thread that is about to end has left its ring already; what it still records, while its variables
//! are dropped, goes into one that such threads share, and for which they take the critical section.
//! Signal handlers must not record: they would be a second producer.

#[cfg(not(loom))]
mod list;
pub(super) mod ring;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(not(loom))]
pub(crate) use list::{Member, Threads};
