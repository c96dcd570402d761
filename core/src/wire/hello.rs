//! Hello: who speaks, since when, and by which clock.

use super::frame::{FrameKind, Losses};
use super::value::Value;
use super::writer::Writer;

/// Sent every second by default, since the collector may come late.
///
/// The description of the process may be longer than a frame: each hello carries a piece of it,
/// and everything else whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
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

/// Bytes that are left behind the counts of losses: the two numbers, and a byte of the piece.
const LEAST_ROOM: usize = 3 + 3 + 2;

impl Hello<'_> {
    /// The flag that says that a keeper watches the clock.
    pub const KEPT: u8 = 1;

    /// Writes the frame.
    pub fn write(&self, session_tag: [u8; 4], out: &mut Writer<'_>) {
        self.write_with(session_tag, &self.losses, out);
    }

    /// Writes the frame with other losses. So they may lie elsewhere, and the rest in registers.
    #[inline(always)]
    pub(crate) fn write_with(&self, session_tag: [u8; 4], losses: &Losses, out: &mut Writer<'_>) {
        FrameKind::Hello.begin(session_tag, out);
        out.varint(u64::from(self.packet));
        out.varint(self.device);
        out.varint(u64::from(self.session));
        out.varint(u64::from(self.clock_hz));
        out.varint(self.sent_ticks);
        out.byte(self.flags);
        out.varint(u64::from(self.sites));
        losses.write(out, LEAST_ROOM);
        out.varint(u64::from(self.process_total));
        out.varint(u64::from(self.process_offset));
        out.bytes(self.process);
    }
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

impl Process<'_, &[(&str, Value<'_>)]> {
    /// Writes the description; tags beyond the 255th are left out.
    pub fn write(&self, out: &mut Writer<'_>) {
        out.text(self.service);
        out.bytes(self.build);
        write_tags(self.tags, out);
    }
}

/// Takes the tags of a process, up to 255.
#[derive(Debug)]
pub struct ProcessTags<'a, 'b> {
    out: Option<&'a mut Writer<'b>>,
    len: u8,
}

#[cfg(feature = "enable")]
impl<'a, 'b> ProcessTags<'a, 'b> {
    pub(crate) fn counting() -> Self {
        Self { out: None, len: 0 }
    }

    pub(crate) fn writing(out: &'a mut Writer<'b>) -> Self {
        Self { out: Some(out), len: 0 }
    }

    pub(crate) fn len(&self) -> u8 {
        self.len
    }
}

impl ProcessTags<'_, '_> {
    /// Adds one; the 256th and those behind it are left out.
    pub fn add(&mut self, key: &str, value: Value<'_>) {
        let Some(len) = self.len.checked_add(1) else { return };
        self.len = len;
        if let Some(out) = &mut self.out {
            write_tag(key, &value, out);
        }
    }
}

fn write_tag(key: &str, value: &Value<'_>, out: &mut Writer<'_>) {
    out.text(key);
    out.byte(value.ty() as u8);
    value.write(out);
}

/// Writes the tags of a process, and how many there are.
pub(crate) fn write_tags(tags: &[(&str, Value<'_>)], out: &mut Writer<'_>) {
    let tags = tags.iter().take(usize::from(u8::MAX));
    out.byte(u8::try_from(tags.len()).unwrap_or(u8::MAX));
    for (key, value) in tags {
        write_tag(key, value, out);
    }
}
