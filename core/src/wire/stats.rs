//! What a device's tracer counts of itself.

use super::Writer;

/// Counts since the session began, which go with each hello where the tracer keeps them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Stats {
    /// Size of the ring, in words of four bytes.
    pub ring_words: u32,
    /// The most words of it that were taken at once, as far as the drain saw; all, where records found
    /// it full.
    pub ring_most_words: u32,
    /// Frames that were sent, modulo 2^32.
    pub frames: u32,
    /// Bytes in them, modulo 2^32.
    pub bytes: u32,
    /// Cycles of the longest stretch with interrupts masked; 0 where that is not measured.
    pub longest_mask_cycles: u32,
    /// Frames that came down and were refused, modulo 2^32: not sealed with the device's key, or sent before.
    pub refused: u32,
}

impl Stats {
    /// Writes what stands behind the session tag: the number of the packet, and the counts.
    pub fn write(&self, packet: u32, out: &mut Writer<'_>) {
        let Self { ring_words, ring_most_words, frames, bytes, longest_mask_cycles, refused } =
            *self;
        let counts = [ring_words, ring_most_words, frames, bytes, longest_mask_cycles, refused];
        for value in [packet].into_iter().chain(counts) {
            out.varint(value.into());
        }
    }
}

/// Counts in their packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StatsFrame {
    /// Number of this packet in its session.
    pub packet: u32,
    /// The counts.
    pub stats: Stats,
}
