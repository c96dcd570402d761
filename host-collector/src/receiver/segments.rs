//! Frames in segments, of many senders: for a gateway that hears a bus or a radio.

use spandrel_transport::framing::segments::{Assembler, buffer_len};
use std::collections::BTreeMap;

/// The longest frame. Devices on a bus send 256 bytes at most, usually.
const LONGEST: usize = 1024;
/// Senders at a time; the one unheard of longest goes.
const MOST: usize = 4096;

/// Joins the segments of each sender, which a bus tells by an id or an address.
#[derive(Debug)]
pub struct Segments<K> {
    senders: BTreeMap<K, Sender>,
    datagrams: u64,
}

#[derive(Debug)]
struct Sender {
    assembler: Assembler<Vec<u8>>,
    heard: u64,
}

impl<K: Ord + Clone> Segments<K> {
    /// Without senders.
    #[must_use]
    pub fn new() -> Self {
        Self { senders: BTreeMap::new(), datagrams: 0 }
    }

    /// Takes a datagram; gives the frame that is whole with it.
    ///
    /// ```
    /// use spandrel_collector::receiver::segments::Segments;
    ///
    /// let mut segments = Segments::new();
    /// // A CAN frame of the sender 0x123: not the last of what it sends.
    /// assert_eq!(segments.take(&0x123, b"\x80a frame"), None);
    /// ```
    pub fn take(&mut self, sender: &K, datagram: &[u8]) -> Option<&[u8]> {
        self.datagrams += 1;
        if !self.senders.contains_key(sender) && self.senders.len() >= MOST {
            let oldest = self.senders.iter().min_by_key(|(_, sender)| sender.heard);
            let oldest = oldest.map(|(sender, _)| sender.clone());
            oldest.and_then(|oldest| self.senders.remove(&oldest));
        }
        let make = || Sender { assembler: Assembler::new(vec![0; buffer_len(LONGEST)]), heard: 0 };
        let sender = self.senders.entry(sender.clone()).or_insert_with(make);
        sender.heard = self.datagrams;
        sender.assembler.take(datagram)
    }
}

impl<K: Ord + Clone> Default for Segments<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use spandrel_transport::framing::segments::Segmenter;

    fn datagrams(frame: &[u8]) -> Vec<Vec<u8>> {
        let (mut segmenter, mut datagram) = (Segmenter::new(frame, 0), [0; 8]);
        core::iter::from_fn(|| segmenter.fill(&mut datagram).map(|len| datagram[..len].to_vec()))
            .collect()
    }

    #[test]
    fn senders_that_speak_in_turn_are_told_apart() {
        let mut segments = Segments::new();
        let (first, second) = (datagrams(&[1; 48]), datagrams(&[2; 48]));
        let mut frames = Vec::new();
        for (one, other) in first.iter().zip(&second) {
            frames.extend(segments.take(&1, one).map(<[u8]>::to_vec));
            frames.extend(segments.take(&2, other).map(<[u8]>::to_vec));
        }
        assert_eq!(frames, [[1; 48], [2; 48]]);
    }

    #[test]
    fn senders_are_bounded_and_those_that_speak_stay() {
        let mut segments = Segments::new();
        let frame = datagrams(&[7; 48]);
        let (last, rest) = frame.split_last().unwrap();
        rest.iter().for_each(|datagram| assert_eq!(segments.take(&0, datagram), None));
        for sender in 1..MOST + 10 {
            segments.take(&sender, &rest[0]);
            // Twice in a row costs nothing.
            segments.take(&0, rest.last().unwrap());
        }
        assert_eq!(segments.senders.len(), MOST);
        assert_eq!(segments.take(&0, last), Some(&[7; 48][..]));
    }
}
