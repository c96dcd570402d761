//! [`Uplink`]: what a link from a device to the collector must do.

use core::time::Duration;

/// A link that carries whole frames, and perhaps answers.
///
/// It may lose, double and reorder frames. A link is some thirty lines: see
/// [`uplinks`](crate::uplinks).
#[expect(async_fn_in_trait, reason = "the reporter is a task of its own and is not boxed")]
pub trait Uplink {
    /// The longest frame in bytes; at least [`MIN_MTU`](spandrel::wire::MIN_MTU).
    fn mtu(&self) -> usize;

    /// Hands over one frame; false where the link cannot take it now. Then the reporter keeps the
    /// frame and tries again at its next turn.
    async fn send(&mut self, frame: &[u8]) -> bool;

    /// Waits for a frame that comes down, at most so long; gives its length.
    ///
    /// The buffer may be empty: then it only waits, and what comes is left or lost.
    /// A link that only sends waits and gives none: the time it takes is the reporter's pace.
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize>;
}
