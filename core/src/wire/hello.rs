//! Hello: who speaks, since when, and by which clock.

use super::ResetCause;
use super::frame::{FrameKind, FromElements, Losses, read_tuple};
use super::value::{Value, next};
use super::writer::Writer;
use serde::de::{Deserialize, Deserializer, SeqAccess};

/// Sent every second by default, since the collector may come late.
///
/// The description of the process may be longer than a frame: each hello carries a piece of it,
/// and everything else whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// [`Hello::KEPT`] and [`Hello::ACKNOWLEDGED`]; the other bits say which of the options follow, and
    /// come of themselves.
    pub flags: u8,
    /// Length of the table of sites in units of four bytes; sites have lower numbers.
    pub sites: u16,
    /// Number of the oldest record that the device holds or will send next. All below were sent or
    /// acknowledged, or given up: none of them comes any more.
    pub first_record: u64,
    /// Running counts of losses.
    pub losses: Losses,
    /// The session is over: a reset ended it, by this cause. Then `sent_ticks` is the last tick known.
    pub ended: Option<ResetCause>,
    /// The session of this device's boot before, if that is known.
    pub previous: Option<u32>,
    /// The challenge that the collector gave last; only in sealed frames.
    pub challenge: Option<[u8; 8]>,
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
    /// A keeper watches the clock.
    pub const KEPT: u8 = 1;
    /// The device holds records until they are acknowledged.
    pub const ACKNOWLEDGED: u8 = 1 << 1;
    const ENDED: u8 = 1 << 2;
    const PREVIOUS: u8 = 1 << 3;
    const CHALLENGE: u8 = 1 << 4;
    const KNOWN: u8 = (1 << 5) - 1;

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
        let options = [
            (self.ended.is_some(), Self::ENDED),
            (self.previous.is_some(), Self::PREVIOUS),
            (self.challenge.is_some(), Self::CHALLENGE),
        ];
        let given = options.into_iter().map(|(is_given, flag)| if is_given { flag } else { 0 });
        let flags = self.flags & (Self::KEPT | Self::ACKNOWLEDGED);
        out.byte(given.fold(flags, |flags, flag| flags | flag));
        out.varint(u64::from(self.sites));
        out.varint(self.first_record);
        losses.write(out, LEAST_ROOM);
        if let Some(cause) = self.ended {
            out.byte(cause as u8);
        }
        if let Some(previous) = self.previous {
            out.varint(u64::from(previous));
        }
        if let Some(challenge) = self.challenge {
            out.raw(&challenge);
        }
        out.varint(u64::from(self.process_total));
        out.varint(u64::from(self.process_offset));
        out.bytes(self.process);
    }
}

impl<'de> Deserialize<'de> for Hello<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Hello<'de> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let mut hello = Self {
            packet: next(from)?,
            device: next(from)?,
            session: next(from)?,
            clock_hz: next(from)?,
            sent_ticks: next(from)?,
            flags: next(from)?,
            sites: next(from)?,
            first_record: next(from)?,
            losses: next(from)?,
            ..Self::default()
        };
        let has = |flag| hello.flags & flag != 0;
        if has(!Self::KNOWN) {
            return Err(serde::de::Error::custom("unknown flags in a hello"));
        }
        if has(Self::ENDED) {
            hello.ended = Some(ResetCause::from_byte(next(from)?));
        }
        if has(Self::PREVIOUS) {
            hello.previous = Some(next(from)?);
        }
        if has(Self::CHALLENGE) {
            hello.challenge = Some(next(from)?);
        }
        hello.flags &= Self::KEPT | Self::ACKNOWLEDGED;
        hello.process_total = next(from)?;
        hello.process_offset = next(from)?;
        hello.process = next(from)?;
        Ok(hello)
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
