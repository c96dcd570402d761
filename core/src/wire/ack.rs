//! [`Ack`]: which records the collector has.

use super::Writer;
use super::frame::{FromElements, read_tuple};
use super::value::next;
use core::ops::Range;
use heapless::Vec;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess};

/// The most ranges of records that one acknowledgement names.
pub const MAX_RANGES: usize = 8;

/// Which records were received, by their numbers: cumulative, and selective above.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ack {
    /// All records below were received, or are not waited for.
    pub next: u64,
    /// What was received above, in order; no two touch.
    pub ranges: Vec<Range<u64>, MAX_RANGES>,
}

impl Ack {
    /// Writes what stands behind the session tag.
    pub(super) fn write(&self, out: &mut Writer<'_>) {
        out.varint(self.next);
        out.varint(self.ranges.len() as u64);
        let mut end = self.next;
        for range in &self.ranges {
            out.varint(range.start.saturating_sub(end));
            out.varint(range.end.saturating_sub(range.start));
            end = range.end;
        }
    }

    /// Reads what stands behind the session tag: gives `next`, and `visit` hears of each range above. None
    /// where that is no acknowledgement; then some may have been visited.
    ///
    /// Builds nothing, for devices.
    pub(crate) fn read(bytes: &[u8], mut visit: impl FnMut(Range<u64>)) -> Option<u64> {
        let mut bytes = bytes.iter();
        let mut number = || super::downlink::varint(&mut bytes);
        let next = number()?;
        let mut end = next;
        let count = number()?;
        if count > MAX_RANGES as u64 {
            return None;
        }
        for _ in 0..count {
            let range = range(end, number()?, number()?)?;
            end = range.end;
            visit(range);
        }
        bytes.as_slice().is_empty().then_some(next)
    }
}

/// The range that begins `gap` behind `end` and is `len` long.
fn range(end: u64, gap: u64, len: u64) -> Option<Range<u64>> {
    if gap == 0 || len == 0 {
        return None;
    }
    let start = end.checked_add(gap)?;
    Some(start..start.checked_add(len)?)
}

impl<'de> Deserialize<'de> for Ack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Ack {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let next_record: u64 = next(from)?;
        let (mut ranges, mut end) = (Vec::new(), next_record);
        for _ in 0..next::<u64, S>(from)? {
            let (gap, len) = (next(from)?, next(from)?);
            let range =
                range(end, gap, len).ok_or_else(|| S::Error::custom("no range of records"))?;
            end = range.end;
            ranges.push(range).map_err(|_| S::Error::custom("too many ranges"))?;
        }
        Ok(Self { next: next_record, ranges })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn both_readers_agree(bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..40)) {
            let mut seen = std::vec::Vec::new();
            let ours = Ack::read(&bytes, |range| seen.push(range));
            let theirs = postcard::take_from_bytes::<Ack>(&bytes);
            let theirs = theirs.ok().filter(|(_, rest)| rest.is_empty()).map(|(ack, _)| ack);
            prop_assert_eq!(ours, theirs.as_ref().map(|ack| ack.next));
            if let Some(ack) = theirs {
                prop_assert_eq!(&seen[..], &ack.ranges[..]);
            }
        }
    }
}
