//! Bounds on what a client can take: memory, connections, time.

use std::time::Duration;

/// Bounds that hold at all doors.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a connection may take until its first request is there, with its headers.
    pub first_time: Duration,
    /// How long a connection may be without a request.
    pub idle_time: Duration,
    /// How long the body of a request may take.
    pub body_time: Duration,
    /// How long a client may take none of an answer that waits.
    pub stall_time: Duration,
    /// How long what is under way may take when the collector ends.
    pub end_time: Duration,
    /// How many headers a request may have.
    pub headers: usize,
    /// How many bytes its line and its headers may have; 8 KiB at least.
    pub header_bytes: usize,
    /// How many bytes one byte of a compressed request may become, beyond the first `FREE_BYTES`.
    pub ratio: usize,
    /// How many bytes of requests and answers there may be at a time, at all doors together.
    pub bytes: usize,
    /// How many requests of one connection of HTTP/2 may be under way.
    pub streams: u32,
    /// How many queries of what is stored may be under way.
    pub queries: usize,
    /// How long a query waits for others to end.
    pub query_wait: Duration,
}

/// A compressed request may become as long as this whatever its ratio is.
pub(super) const FREE_BYTES: usize = 1 << 20;

impl Default for Limits {
    fn default() -> Self {
        Self {
            first_time: Duration::from_secs(10),
            idle_time: Duration::from_mins(2),
            body_time: Duration::from_secs(30),
            stall_time: Duration::from_secs(30),
            end_time: Duration::from_secs(4),
            headers: 100,
            header_bytes: 48 << 10,
            ratio: 250,
            bytes: 256 << 20,
            streams: 128,
            queries: 4,
            query_wait: Duration::from_secs(10),
        }
    }
}
