//! [`Answer`]: what a device says to a [`Control`](super::Control).

use super::Writer;
use super::frame::FrameKind;
use serde::de::{Deserialize, Deserializer};

/// What became of what a control told a device to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum AnswerStatus {
    /// It is done.
    Done = 0,
    /// The device does not know what that is: its program is older, or has no use for it.
    Unknown = 1,
    /// The device knows, and cannot: its sampler cannot be adjusted, a number names nothing.
    Refused = 2,
}

impl AnswerStatus {
    pub(crate) const fn from_number(number: u32) -> Option<Self> {
        match number {
            0 => Some(Self::Done),
            1 => Some(Self::Unknown),
            2 => Some(Self::Refused),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for AnswerStatus {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let status = Self::from_number(u8::deserialize(deserializer)?.into());
        status.ok_or_else(|| serde::de::Error::custom("unknown status of an answer"))
    }
}

/// The answer to a control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Answer {
    /// Number of this packet in its session.
    pub packet: u32,
    /// The control's number.
    pub id: u64,
    /// What became of it.
    pub status: AnswerStatus,
    /// What the command says of it, else 0.
    pub detail: u32,
}

impl Answer {
    /// Writes the frame.
    pub fn write(&self, session_tag: [u8; 4], out: &mut Writer<'_>) {
        FrameKind::Answer.begin(session_tag, out);
        out.varint(self.packet.into());
        out.varint(self.id);
        out.byte(self.status as u8);
        out.varint(self.detail.into());
    }
}
