//! [`Datagram`]: links with small packets, such as CAN and radios.
//!
//! Where a packet holds a frame of 48 bytes, [`Whole`] sends one in each; where it does not, or cannot have
//! any length, [`Segmented`] cuts them.

use crate::Uplink;
use crate::framing::segments::{Assembler, MIN_DATAGRAM, Segmenter};
use core::time::Duration;

/// A link that carries packets one by one, of a sender that the far end can tell.
#[expect(async_fn_in_trait, reason = "the reporter is a task of its own and is not boxed")]
pub trait Datagram {
    /// The longest packet in bytes; at least 8.
    fn mtu(&self) -> usize;

    /// The longest packet of at most `len` bytes, which is from 2 to [`mtu`](Self::mtu), that
    /// arrives with the length it was sent with.
    ///
    /// CAN-FD pads what is not of certain lengths:
    /// [`can_fd_len`](crate::framing::segments::can_fd_len) is its answer.
    fn fit(&self, len: usize) -> usize {
        len
    }

    /// Hands over one packet; false where the link cannot take it now.
    async fn send(&mut self, packet: &[u8]) -> bool;

    /// Waits for a packet that comes down, at most so long; gives its length.
    ///
    /// The buffer may be empty: then it only waits, and what comes is left or lost. A link that only sends waits and
    /// gives none.
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize>;
}

/// One frame a packet.
#[derive(Debug)]
pub struct Whole<D> {
    link: D,
}

impl<D: Datagram> Whole<D> {
    /// For packets that hold at least [`MIN_MTU`](spandrel::wire::MIN_MTU) bytes, and may have any length up to
    /// that.
    pub fn new(link: D) -> Self {
        Self { link }
    }
}

impl<D: Datagram> Uplink for Whole<D> {
    fn mtu(&self) -> usize {
        self.link.mtu()
    }

    async fn send(&mut self, frame: &[u8]) -> bool {
        self.link.send(frame).await
    }

    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        self.link.receive(buffer, within).await
    }
}

/// The longest packet that is cut into: that of CAN-FD.
const LONGEST: usize = 64;
/// Frames that come down, with their checksum.
const DOWN: usize = 256;

/// Frames in packets that are shorter, by [`framing::segments`](crate::framing::segments).
#[derive(Debug)]
pub struct Segmented<D> {
    link: D,
    mtu: usize,
    number: u8,
    assembler: Assembler<[u8; DOWN]>,
}

impl<D: Datagram> Segmented<D> {
    /// Frames of at most `mtu` bytes, from [`MIN_MTU`](spandrel::wire::MIN_MTU) up.
    ///
    /// Longer ones cost less, and more where a packet is lost: 256 is good where few are.
    pub fn new(link: D, mtu: usize) -> Self {
        Self { link, mtu, number: 0, assembler: Assembler::new([0; DOWN]) }
    }

    /// How long the next packet is.
    fn packet_len(&self, left: usize) -> usize {
        let most = self.link.mtu().clamp(MIN_DATAGRAM, LONGEST);
        self.link.fit(left.min(most)).clamp(2, most)
    }
}

impl<D: Datagram> Uplink for Segmented<D> {
    fn mtu(&self) -> usize {
        self.mtu
    }

    /// A frame of which a packet was not taken is sent again, whole.
    async fn send(&mut self, frame: &[u8]) -> bool {
        let mut segmenter = Segmenter::new(frame, self.number);
        let mut packet = [0; LONGEST];
        let mut is_sent = true;
        while is_sent
            && segmenter.left() > 1
            && let Some(room) = packet.get_mut(..self.packet_len(segmenter.left()))
            && let Some(len) = segmenter.fill(room)
        {
            is_sent = self.link.send(packet.get(..len).unwrap_or_default()).await;
        }
        self.number = segmenter.number();
        is_sent
    }

    /// Ends early where a packet comes that is not the last of its frame.
    async fn receive(&mut self, buffer: &mut [u8], within: Duration) -> Option<usize> {
        if buffer.is_empty() {
            return self.link.receive(&mut [], within).await;
        }
        let mut packet = [0; LONGEST];
        let len = self.link.receive(&mut packet, within).await?;
        let frame = self.assembler.take(packet.get(..len)?)?;
        buffer.get_mut(..frame.len())?.copy_from_slice(frame);
        Some(frame.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::framing::segments::can_fd_len;
    use alloc::vec::Vec;
    use embassy_futures::block_on;

    /// A bus that gives back what it is given.
    struct Bus {
        mtu: usize,
        fit: fn(usize) -> usize,
        packets: Vec<Vec<u8>>,
        /// How many packets it takes until it takes one not.
        takes: usize,
    }

    impl Datagram for Bus {
        fn mtu(&self) -> usize {
            self.mtu
        }

        fn fit(&self, len: usize) -> usize {
            (self.fit)(len)
        }

        async fn send(&mut self, packet: &[u8]) -> bool {
            assert!((2..=self.mtu).contains(&packet.len()));
            assert_eq!((self.fit)(packet.len()), packet.len());
            self.takes = self.takes.wrapping_sub(1);
            if self.takes == usize::MAX {
                return false;
            }
            self.packets.push(packet.to_vec());
            true
        }

        async fn receive(&mut self, buffer: &mut [u8], _: Duration) -> Option<usize> {
            if buffer.is_empty() || self.packets.is_empty() {
                return None;
            }
            let packet = self.packets.remove(0);
            buffer[..packet.len()].copy_from_slice(&packet);
            Some(packet.len())
        }
    }

    fn receive(uplink: &mut Segmented<Bus>) -> Vec<Vec<u8>> {
        let (mut frames, mut buffer) = (Vec::new(), [0; 300]);
        while !uplink.link.packets.is_empty() {
            let received = block_on(uplink.receive(&mut buffer, Duration::ZERO));
            frames.extend(received.map(|len| buffer[..len].to_vec()));
        }
        frames
    }

    #[test]
    fn frames_pass_both_ways_over_packets_of_any_length() {
        for (mtu, fit) in
            [(8, (|len| len) as fn(usize) -> usize), (64, can_fd_len), (20, |len| len)]
        {
            let bus = Bus { mtu, fit, packets: Vec::new(), takes: usize::MAX - 1 };
            let mut uplink = Segmented::new(bus, 256);
            let frames: Vec<_> = (1..=252).map(|len| alloc::vec![len; usize::from(len)]).collect();
            for frame in &frames {
                assert!(block_on(uplink.send(frame)));
                assert_eq!(receive(&mut uplink), core::slice::from_ref(frame));
            }
        }
    }

    #[test]
    fn a_frame_that_was_cut_is_sent_again_whole() {
        for takes in 0..8 {
            let bus = Bus { mtu: 8, fit: |len| len, packets: Vec::new(), takes };
            let mut uplink = Segmented::new(bus, 48);
            assert!(!block_on(uplink.send(&[3; 48])));
            assert!(block_on(uplink.send(&[3; 48])));
            assert_eq!(receive(&mut uplink), [[3; 48]]);
        }
    }
}
