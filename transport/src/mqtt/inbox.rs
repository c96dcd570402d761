//! [`Inbox`]: gathers a stream into packets, in a buffer of any length.

use super::decode::{Head, Malformed, decode};
use super::packet::Packet;

/// Bytes that came, and where the packets in them are.
///
/// ```
/// # use spandrel_transport::mqtt::{Inbox, Packet};
/// let mut inbox = Inbox::new([0; 64]);
/// // Half of a packet now, the other half later.
/// for byte in [0xd0, 0x00] {
///     assert_eq!(inbox.next(), Ok(None));
///     inbox.space()[0] = byte;
///     inbox.filled(1);
/// }
/// assert_eq!(inbox.next(), Ok(Some(Packet::PingResp)));
/// assert_eq!(inbox.next(), Ok(None));
/// ```
///
/// The buffer has at least eight bytes. A message may be kept, by [`Inbox::hold`], while what comes behind it is read. One that is longer
/// than the buffer is left out, and said to be.
#[derive(Clone, Debug)]
pub struct Inbox<B> {
    buffer: B,
    /// A packet that is held lies before here.
    held: usize,
    /// What was not looked at yet: the packet that was given last, and what came behind it.
    begin: usize,
    end: usize,
    given: usize,
    /// Bytes of a packet that is too long which are still to come.
    skip: usize,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Inbox<B> {
    /// An empty one.
    pub const fn new(buffer: B) -> Self {
        Self { buffer, held: 0, begin: 0, end: 0, given: 0, skip: 0 }
    }

    /// Forgets everything, as for a new connection; gives all of the buffer.
    pub fn clear(&mut self) -> &mut [u8] {
        (self.held, self.begin, self.end, self.given, self.skip) = (0, 0, 0, 0, 0);
        self.buffer.as_mut()
    }

    /// Where the next bytes go. It is not empty where [`Inbox::next`] said that there is no packet.
    pub fn space(&mut self) -> &mut [u8] {
        self.buffer.as_mut().get_mut(self.end..).unwrap_or_default()
    }

    /// So many bytes are in what [`Inbox::space`] gave.
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.room());
        self.leave_out();
    }

    /// The next packet, behind the one that was given last; none until more bytes are there.
    ///
    /// # Errors
    /// Where the broker does not keep to the standard: nothing that follows means anything.
    // It gives what borrows from it, so it is no iterator.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<Packet<'_>>, Malformed> {
        self.begin += self.given;
        self.given = 0;
        let head = Head::read(self.fresh())?;
        if head.is_some_and(|head| head.packet_len() <= self.end - self.begin) {
            let fresh = self.buffer.as_ref().get(self.begin..self.end).unwrap_or(&[]);
            let packet = decode(fresh)?;
            self.given = packet.map_or(0, |(_, len)| len);
            return Ok(packet.map(|(packet, _)| packet));
        }
        self.close_up();
        let room = self.room();
        if self.end == room && head.is_none_or(|head| head.packet_len() > room - self.held) {
            // The newer one is worth more.
            self.release();
            self.close_up();
        }
        match head {
            // What to answer may not be known before the buffer is full.
            Some(head) if head.packet_len() > room && self.end == room => {
                let too_long = head.too_long(self.fresh())?;
                self.skip = head.packet_len();
                self.leave_out();
                Ok(Some(too_long))
            }
            _ => Ok(None),
        }
    }

    /// Keeps the packet that [`Inbox::next`] gave last, in place of one that is held.
    pub fn hold(&mut self) {
        let packet = self.begin..self.begin + self.given;
        self.buffer.as_mut().copy_within(packet, 0);
        self.begin += self.given;
        (self.held, self.given) = (self.given, 0);
    }

    /// The packet that is held.
    pub fn held(&self) -> Option<Packet<'_>> {
        let bytes = self.buffer.as_ref().get(..self.held).unwrap_or(&[]);
        decode(bytes).ok().flatten().map(|(packet, _)| packet)
    }

    /// Makes the room of the packet that is held free again.
    pub fn release(&mut self) {
        self.held = 0;
    }

    fn room(&self) -> usize {
        self.buffer.as_ref().len()
    }

    fn fresh(&self) -> &[u8] {
        self.buffer.as_ref().get(self.begin..self.end).unwrap_or(&[])
    }

    fn leave_out(&mut self) {
        let count = self.skip.min(self.end - self.begin);
        self.begin += count;
        self.skip -= count;
        if self.skip != 0 || self.begin == self.end {
            self.close_up();
        }
    }

    /// Moves what is not looked at to where what is held ends.
    fn close_up(&mut self) {
        if self.begin > self.held {
            self.buffer.as_mut().copy_within(self.begin..self.end, self.held);
            self.end -= self.begin - self.held;
            self.begin = self.held;
        }
    }
}
