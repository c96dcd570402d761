//! What became of the spans that an exporter was offered.

use crate::storage::Waiting;

/// Counts of an exporter, for its end and for metrics. All but what waits only grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spans that the server took.
    pub delivered: u64,
    /// Spans that the server refused, or the request that they were in.
    pub rejected: u64,
    /// Spans that found no room.
    pub dropped: u64,
    /// Spans that were given up: nobody knows whether they arrived.
    pub undelivered: u64,
    /// Requests that the server answered for good, one way or the other.
    pub requests: u64,
    /// Attempts that failed and were repeated.
    pub retries: u64,
    /// What waits in memory or is under way.
    pub queued: Waiting,
    /// What waits in the spool.
    pub spooled: Waiting,
}
