//! Frames that go up: the unit that a link carries.

use super::value::next;
use super::{DecodeError, VERSION, Writer};
use core::fmt;
use core::marker::PhantomData;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};

/// The first byte of every frame, up or down: version 4 bits, kind 3 bits, authenticated 1 bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Head {
    /// What follows: 0 to 7.
    pub kind: u8,
}

impl Head {
    /// The byte.
    #[must_use]
    pub const fn byte(self) -> u8 {
        VERSION << 4 | (self.kind & 7) << 1
    }

    /// Reads the byte.
    ///
    /// # Errors
    /// Where the version is not ours or the frame is authenticated.
    pub const fn parse(byte: u8) -> Result<Self, DecodeError> {
        match (byte >> 4, byte & 1) {
            (VERSION, 0) => Ok(Self { kind: byte >> 1 & 7 }),
            (VERSION, _) => Err(DecodeError::Sealed),
            (version, _) => Err(DecodeError::UnknownVersion(version)),
        }
    }
}

/// The kinds of frames that go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum FrameKind {
    /// [`Hello`](super::Hello).
    Hello = 0,
    /// A list of records behind a [`DataHead`].
    Data = 1,
    /// [`Pong`].
    Pong = 2,
    /// [`Stats`](super::Stats).
    Stats = 3,
    /// [`Answer`](super::Answer).
    Answer = 4,
}

impl FrameKind {
    /// The kind with this number.
    ///
    /// # Errors
    /// Where no kind of this version has it.
    pub const fn parse(kind: u8) -> Result<Self, DecodeError> {
        Ok(match kind {
            0 => Self::Hello,
            1 => Self::Data,
            2 => Self::Pong,
            3 => Self::Stats,
            4 => Self::Answer,
            _ => return Err(DecodeError::UnknownKind(kind)),
        })
    }

    /// Writes what every frame of this kind begins with.
    pub(crate) fn begin(self, session_tag: [u8; 4], out: &mut Writer<'_>) {
        out.byte(Head { kind: self as u8 }.byte());
        out.raw(&session_tag);
    }
}

/// Running counts of what was lost on the device since its session began, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Losses {
    /// Records that found the ring full.
    pub ring_full: u32,
    /// Spans that the sampler left out: meant, but counted.
    pub sampled_out: u32,
    /// Tags and log fields that were cut or left out for want of room.
    pub tag_cut: u32,
    /// Strings that went inline because the table of names was full: nothing is lost but bytes.
    pub names_full: u32,
    /// Spans that found no slot in the table of open spans: a reset would lose them.
    pub open_full: u32,
    /// Items of baggage that found no room.
    pub baggage_full: u32,
    /// Contexts whose baggage was gone.
    pub baggage_stale: u32,
    /// Records that the drain gave up before they were sent, to keep newer ones.
    pub evicted: u32,
}

/// How many kinds of losses there are.
const KINDS: usize = 8;

impl Losses {
    /// The counts in the order of the mask's bits.
    #[must_use]
    pub const fn counts(&self) -> [u32; KINDS] {
        let Self {
            ring_full,
            sampled_out,
            tag_cut,
            names_full,
            open_full,
            baggage_full,
            baggage_stale,
            evicted,
        } = *self;
        [
            ring_full,
            sampled_out,
            tag_cut,
            names_full,
            open_full,
            baggage_full,
            baggage_stale,
            evicted,
        ]
    }

    /// The greater of each count.
    #[must_use]
    pub fn max(&self, other: &Self) -> Self {
        let (mut counts, others) = (self.counts(), other.counts());
        counts.iter_mut().zip(others).for_each(|(count, other)| *count = other.max(*count));
        Self::from_counts(counts)
    }

    const fn from_counts(counts: [u32; KINDS]) -> Self {
        let [
            ring_full,
            sampled_out,
            tag_cut,
            names_full,
            open_full,
            baggage_full,
            baggage_stale,
            evicted,
        ] = counts;
        Self {
            ring_full,
            sampled_out,
            tag_cut,
            names_full,
            open_full,
            baggage_full,
            baggage_stale,
            evicted,
        }
    }
}

impl Losses {
    /// The mask, then a varint for each count that is not 0. None of them where fewer than
    /// `least` bytes would be left: another frame says them.
    #[inline(never)]
    pub(super) fn write(&self, out: &mut Writer<'_>, least: usize) {
        let counts = self.counts();
        let at = out.written();
        let mask = counts.iter().rev().fold(0, |mask, count| mask << 1 | u64::from(*count != 0));
        out.varint(mask);
        for count in counts.into_iter().filter(|count| *count != 0) {
            out.varint(u64::from(count));
        }
        if out.room() < least {
            out.go_back(at);
            out.byte(0);
        }
    }
}

/// As on the wire, so that what reads a frame reads what a host has put aside.
#[cfg(feature = "alloc")]
impl serde::Serialize for Losses {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple as _;
        let counts = self.counts();
        let told = || counts.into_iter().filter(|count| *count != 0);
        let mask: u32 =
            counts.iter().rev().fold(0, |mask, count| mask << 1 | u32::from(*count != 0));
        let mut tuple = serializer.serialize_tuple(1 + told().count())?;
        tuple.serialize_element(&mask)?;
        told().try_for_each(|count| tuple.serialize_element(&count))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Losses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Losses {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let mask: u32 = next(from)?;
        let mut counts = [0; KINDS];
        if mask >> counts.len() != 0 {
            return Err(S::Error::custom("unknown kind of loss"));
        }
        for (bit, count) in counts.iter_mut().enumerate() {
            if mask >> bit & 1 != 0 {
                *count = next(from)?;
            }
        }
        Ok(Self::from_counts(counts))
    }
}

/// Bytes that are left in the shortest frame, whatever was lost: enough for a part of a record.
const LEAST_ROOM: usize = 16;

/// What stands before the records of a data frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataHead {
    /// Number of this packet in its session, from 0, of all kinds; never used twice.
    pub packet: u32,
    /// Number of the frame's first record in its session, from 0; definitions have no number.
    pub first_record: u64,
    /// The number that a span was given last: those in the records are told by their low 31 bits,
    /// and are the nearest to this.
    pub last_number: u64,
    /// Running counts of losses.
    pub losses: Losses,
    /// How many records follow, definitions included.
    pub count: u8,
}

impl DataHead {
    /// Writes it, with these losses; the count is the last byte.
    #[inline(always)]
    pub(super) fn write(&self, losses: &Losses, out: &mut Writer<'_>) {
        out.varint(u64::from(self.packet));
        out.varint(self.first_record);
        out.varint(self.last_number);
        losses.write(out, LEAST_ROOM);
        out.byte(self.count);
    }
}

/// The answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pong {
    /// Number of this packet in its session.
    pub packet: u32,
    /// The ping's number.
    pub id: u32,
    /// When the ping was received, in ticks since the session's clock began.
    pub received_ticks: u64,
    /// When this answer was sent, in the same ticks.
    pub sent_ticks: u64,
}

impl Pong {
    /// Writes the frame.
    pub fn write(&self, session_tag: [u8; 4], out: &mut Writer<'_>) {
        FrameKind::Pong.begin(session_tag, out);
        out.varint(u64::from(self.packet));
        out.varint(u64::from(self.id));
        out.varint(self.received_ticks);
        out.varint(self.sent_ticks);
    }
}

/// How a type is read from elements whose number is not known before the first are read.
pub(super) trait FromElements<'de>: Sized {
    /// Reads as many elements as there are.
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error>;
}

/// Reads `T` as a tuple.
pub(super) fn read_tuple<'de, T: FromElements<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    struct Elements<T>(PhantomData<T>);

    impl<'de, T: FromElements<'de>> Visitor<'de> for Elements<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a part of a spandrel frame")
        }

        fn visit_seq<S: SeqAccess<'de>>(self, mut from: S) -> Result<T, S::Error> {
            T::from_elements(&mut from)
        }
    }

    deserializer.deserialize_tuple(usize::MAX, Elements(PhantomData))
}
