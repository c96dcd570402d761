//! Numbers of packets: what came twice.

use serde::{Deserialize, Serialize};

/// Remembers which of the latest packets came.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Window {
    /// One more than the highest number seen.
    end: u64,
    /// Bit i of word w: whether packet `64 w + i`, modulo the window, came.
    bits: [u64; WORDS],
}

const WORDS: usize = 16;
const WINDOW: u64 = 64 * WORDS as u64;

impl Window {
    pub(crate) fn new() -> Self {
        Self { end: 0, bits: [0; WORDS] }
    }

    /// A window in which every packet below `floor` came.
    pub(crate) fn above(floor: u32) -> Self {
        Self { end: floor.into(), bits: [u64::MAX; WORDS] }
    }

    /// One more than the highest number seen.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Takes every packet below `floor` for one that came.
    pub(crate) fn refuse_below(&mut self, floor: u32) {
        let floor = u64::from(floor).min(self.end);
        for packet in self.end.saturating_sub(WINDOW)..floor {
            self.set(packet, true);
        }
    }

    /// Notes a packet; false if it came before, or is too old to tell.
    pub(crate) fn insert(&mut self, packet: u32) -> bool {
        let packet = u64::from(packet);
        if packet + WINDOW < self.end {
            return false;
        }
        if packet >= self.end {
            // What the window moves over is forgotten; more than all of it need not be.
            for skipped in self.end.max((packet + 1).saturating_sub(WINDOW))..packet {
                self.set(skipped, false);
            }
            self.end = packet + 1;
            self.set(packet, true);
            return true;
        }
        !self.set(packet, true)
    }

    /// Whether a packet would be behind all that came.
    pub(super) fn is_newer(&self, packet: u32) -> bool {
        u64::from(packet) >= self.end
    }

    /// Sets a bit; says what it was.
    fn set(&mut self, packet: u64, came: bool) -> bool {
        let bit = 1 << (packet % 64);
        let word = usize::try_from(packet / 64 % WORDS as u64).unwrap_or_default();
        let Some(word) = self.bits.get_mut(word) else { return false };
        let before = *word & bit != 0;
        *word = if came { *word | bit } else { *word & !bit };
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn a_packet_comes_once() {
        let mut window = Window::new();
        assert!(window.insert(5) && window.insert(3) && window.insert(4));
        assert!(!window.insert(5) && !window.insert(3));
        assert!(window.insert(u32::MAX));
        assert!(!window.insert(6), "too old to tell");
    }

    #[test]
    fn what_lies_below_a_floor_came() {
        let mut window = Window::above(5_000);
        assert!(!window.insert(4_999) && !window.insert(4_000) && !window.insert(0));
        assert!(window.insert(5_002) && window.insert(5_000) && !window.insert(5_002));
        window.refuse_below(5_002);
        assert!(!window.insert(5_001));
        assert!(window.insert(9_000) && window.insert(8_990) && window.end() == 9_001);
        window.refuse_below(8_990);
        assert!(!window.insert(8_980) && window.insert(8_991));
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set(packets in prop::collection::vec(0..3_000_u32, 0..500)) {
            let (mut window, mut set, mut highest) = (Window::new(), HashSet::new(), 0);
            for packet in packets {
                let too_old = u64::from(packet) + WINDOW < highest;
                let is_new = set.insert(packet);
                prop_assert_eq!(window.insert(packet), is_new && !too_old);
                highest = highest.max(u64::from(packet) + 1);
            }
        }
    }
}
