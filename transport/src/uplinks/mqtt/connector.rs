//! [`Connector`]: what MQTT needs of the network.

use core::time::Duration;

/// The stream to the broker has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Closed;

/// A stream to a broker, which can be opened again and again, and a clock.
///
/// For streams of embedded-io-async [`Timed`](super::Timed) is one; a host has
/// [`StdBroker`](super::StdBroker). Futures may be dropped at any time; what one has not done by then is
/// undone by [`Connector::close`].
#[expect(async_fn_in_trait, reason = "the reporter is a task of its own and is not boxed")]
pub trait Connector {
    /// Opens the stream, which is closed; false where that fails or takes longer.
    async fn open(&mut self, within: Duration) -> bool;

    /// Closes the stream, whatever state it is in.
    fn close(&mut self);

    /// Takes what has come, and waits for it at most so long; 0 where nothing comes.
    ///
    /// # Errors
    /// Where nothing will come any more. A read that is dropped has taken nothing.
    async fn read(&mut self, buffer: &mut [u8], within: Duration) -> Result<usize, Closed>;

    /// Hands over all bytes.
    ///
    /// # Errors
    /// Where the other side is gone, or takes longer. Then some may have been sent.
    async fn write(&mut self, bytes: &[u8], within: Duration) -> Result<(), Closed>;

    /// Only waits.
    async fn pause(&mut self, time: Duration);

    /// Microseconds since any moment that stays the same.
    fn now_us(&self) -> u64;
}
