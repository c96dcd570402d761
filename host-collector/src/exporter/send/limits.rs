//! How much may wait, and how much goes at once.

use core::time::Duration;

/// Bounds of an exporter's queue and of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes that may wait in memory. A source may have as many of them as are free.
    pub queue_bytes: usize,
    /// A request is sent once this many bytes wait.
    pub request_bytes: usize,
    /// What is longer than this is sent in halves. A gRPC server takes 4 MiB unless told otherwise.
    pub longest_request: usize,
    /// A request is sent once its first span has waited this long.
    pub linger: Duration,
    /// An attempt that takes longer than this has failed.
    pub timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_bytes: 16 << 20,
            request_bytes: 1 << 20,
            longest_request: 3 << 20,
            linger: Duration::from_millis(200),
            timeout: Duration::from_secs(10),
        }
    }
}
