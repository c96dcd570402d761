//! Hello: who speaks, since when, and by which clock.

use super::frame::Losses;
use super::value::Value;
use serde::ser::{Serialize, SerializeTuple, Serializer};

/// Sent every second by default, since the collector may come late.
///
/// The description of the process may be longer than a frame: each hello carries a piece of it,
/// and everything else whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Hello<'a> {
    /// Number of this packet in its session.
    pub packet: u32,
    /// [`crate::DeviceId`].
    pub device: u64,
    /// [`crate::Session`].
    pub session: u32,
    /// Ticks a second.
    pub clock_hz: u32,
    /// When this was sent, in ticks since the session's clock began.
    pub sent_ticks: u64,
    /// Bit 0: a keeper watches the clock.
    pub flags: u8,
    /// Length of the table of sites in units of four bytes; sites have lower numbers.
    pub sites: u16,
    /// Running counts of losses.
    pub losses: Losses,
    /// Length in bytes of the description of the process, a [`Process`] in postcard.
    pub process_total: u32,
    /// Where in it `process` begins.
    pub process_offset: u32,
    /// A piece of it.
    pub process: &'a [u8],
}

impl Hello<'_> {
    /// The flag that says that a keeper watches the clock.
    pub const KEPT: u8 = 1;
}

/// The description of a process, as the hello carries it.
///
/// Written as service, build id, number of tags in one byte, then each tag: key, type, value.
#[derive(Clone, Debug, PartialEq)]
pub struct Process<'a, Tags> {
    /// Name of the service, as Jaeger lists it.
    pub service: &'a str,
    /// Identity of the program's build; empty where it is not known.
    pub build: &'a [u8],
    /// Tags of the process.
    pub tags: Tags,
}

impl Serialize for Process<'_, &[(&str, Value<'_>)]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_tuple(3 + 3 * self.tags.len())?;
        out.serialize_element(self.service)?;
        out.serialize_element(self.build)?;
        let tags = self.tags.get(..usize::from(u8::MAX)).unwrap_or(self.tags);
        out.serialize_element(&u8::try_from(tags.len()).unwrap_or(u8::MAX))?;
        for (key, value) in tags {
            out.serialize_element(key)?;
            out.serialize_element(&(value.ty() as u8))?;
            value.encode(&mut out)?;
        }
        out.end()
    }
}
