//! Frames that come down: what the collector says to a device.
//!
//! A device reads them with [`read`], which builds nothing; [`decode_downlink`] makes a [`Downlink`]
//! of what that sees. With serde a [`Downlink`] can also be read by `postcard::from_bytes`.

use super::ack::Ack;
use super::control::Control;
use super::frame::{FromElements, Head, read_tuple};
use super::value::next;
use super::{DecodeError, Writer};
use heapless::Vec;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess};

/// The most definitions that one frame asks for.
pub const MAX_ASKED: usize = 16;

/// What the collector says.
#[derive(Clone, Debug, PartialEq)]
pub enum Request<'a> {
    /// The session's hello and the whole description of its process were seen.
    HelloSeen,
    /// Send the hello.
    SendHello,
    /// Send these definitions; a number that names none is ignored.
    SendDefinitions {
        /// Numbers of sites.
        sites: Vec<u16, MAX_ASKED>,
        /// Numbers of names.
        names: Vec<u16, MAX_ASKED>,
    },
    /// Answer with a pong that carries this number.
    Ping(u32),
    /// Go by this handle in the [short form](crate::carrier::short) of contexts.
    SetHandle(u16),
    /// These records were received.
    Ack(Ack),
    /// Do this, and [answer](super::Answer).
    Control(Control<'a>),
    /// Give this back in hellos from now on.
    Challenge([u8; 8]),
}

/// What a downlink frame asks of the reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Asked {
    /// Nothing more.
    Nothing,
    /// To note that the collector knows who speaks.
    HelloSeen,
    /// To send a hello.
    Hello,
    /// To send [`Drain::pong`](crate::Drain::pong) with this number.
    Pong(u32),
    /// To send [`Drain::answer`](crate::Drain::answer).
    Answer,
}

/// One frame that comes down.
#[derive(Clone, Debug, PartialEq)]
pub struct Downlink<'a> {
    /// The session that is meant; a device ignores what is meant for another.
    pub session_tag: [u8; 4],
    /// What it says.
    pub request: Request<'a>,
}

impl Request<'_> {
    const fn kind(&self) -> u8 {
        match self {
            Self::HelloSeen => 0,
            Self::SendHello => 1,
            Self::SendDefinitions { .. } => 2,
            Self::Ping(_) => 3,
            Self::SetHandle(_) => 4,
            Self::Ack(_) => 5,
            Self::Control(_) => 6,
            Self::Challenge(_) => 7,
        }
    }
}

impl Downlink<'_> {
    /// Writes the frame.
    pub fn write(&self, out: &mut Writer<'_>) {
        out.byte(Head { kind: self.request.kind() }.byte());
        out.raw(&self.session_tag);
        match &self.request {
            Request::HelloSeen | Request::SendHello => {}
            Request::SendDefinitions { sites, names } => {
                for ids in [sites, names] {
                    out.varint(ids.len() as u64);
                    ids.iter().for_each(|id| out.varint(u64::from(*id)));
                }
            }
            Request::Ping(id) => out.varint(u64::from(*id)),
            Request::SetHandle(handle) => out.varint(u64::from(*handle)),
            Request::Ack(ack) => ack.write(out),
            Request::Control(control) => control.write(out),
            Request::Challenge(challenge) => out.raw(challenge),
        }
    }
}

impl<'de> Deserialize<'de> for Downlink<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Downlink<'de> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let head = Head::parse(next(from)?).map_err(S::Error::custom)?;
        let session_tag = next(from)?;
        let request = match head.kind {
            0 => Request::HelloSeen,
            1 => Request::SendHello,
            2 => Request::SendDefinitions { sites: next(from)?, names: next(from)? },
            3 => Request::Ping(next(from)?),
            4 => Request::SetHandle(next(from)?),
            5 => Request::Ack(next(from)?),
            6 => Request::Control(next(from)?),
            _ => Request::Challenge(next(from)?),
        };
        Ok(Self { session_tag, request })
    }
}

/// What a frame that comes down is, less the numbers that it asks for. What only few devices have
/// a use for is not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    HelloSeen,
    SendHello,
    SendDefinitions,
    Ping(u32),
    SetHandle(u16),
    Ack(&'a [u8]),
    Control(&'a [u8]),
    Challenge([u8; 8]),
}

/// Reads a frame that comes down for the session with this tag, or for any. Calls `ask` with what it
/// asks for: whether that is a name, and its number.
pub(crate) fn read(
    bytes: &[u8],
    tag: Option<[u8; 4]>,
    mut ask: impl FnMut(bool, u16),
) -> Result<([u8; 4], Said<'_>), DecodeError> {
    let (head, rest) = bytes.split_first().ok_or(DecodeError::Empty)?;
    let kind = Head::parse(*head)?.kind;
    let (found, rest) = rest.split_first_chunk().ok_or(DecodeError::Malformed)?;
    if tag.is_some_and(|tag| tag != *found) {
        return Err(DecodeError::OtherSession);
    }
    match kind {
        5 => return Ok((*found, Said::Ack(rest))),
        6 => return Ok((*found, Said::Control(rest))),
        7 => {
            let challenge = rest.try_into().map_err(|_| DecodeError::Malformed)?;
            return Ok((*found, Said::Challenge(challenge)));
        }
        _ => {}
    }
    let mut rest = rest.iter();
    let mut number = || {
        let number = varint(&mut rest).and_then(|number| u32::try_from(number).ok());
        number.ok_or(DecodeError::Malformed)
    };
    let said = match kind {
        0 => Said::HelloSeen,
        1 => Said::SendHello,
        2 => {
            for is_name in [false, true] {
                let len = number()?;
                if len as usize > MAX_ASKED {
                    return Err(DecodeError::Malformed);
                }
                for _ in 0..len {
                    let id = u16::try_from(number()?);
                    ask(is_name, id.map_err(|_| DecodeError::Malformed)?);
                }
            }
            Said::SendDefinitions
        }
        3 => Said::Ping(number()?),
        _ => Said::SetHandle(u16::try_from(number()?).map_err(|_| DecodeError::Malformed)?),
    };
    match rest.len() {
        0 => Ok((*found, said)),
        left => Err(DecodeError::TrailingBytes(left)),
    }
}

/// A varint of up to 64 bits, if it is one.
#[inline(never)]
pub(crate) fn varint(bytes: &mut core::slice::Iter<'_, u8>) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let byte = *bytes.next()?;
        let bits = u64::from(byte & 0x7f);
        // Of the tenth byte one bit is left.
        if shift > 63 || shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
        shift += 7;
    }
}

/// Reads one frame that comes down.
///
/// # Errors
/// Says what is wrong by name where `postcard::from_bytes` could only say that something is.
pub fn decode_downlink(bytes: &[u8]) -> Result<Downlink<'_>, DecodeError> {
    let (mut sites, mut names) = (Vec::new(), Vec::new());
    let (session_tag, said) = read(bytes, None, |is_name, id| {
        // There are no more than a list holds.
        let _ = if is_name { names.push(id) } else { sites.push(id) };
    })?;
    let request = match said {
        Said::HelloSeen => Request::HelloSeen,
        Said::SendHello => Request::SendHello,
        Said::SendDefinitions => Request::SendDefinitions { sites, names },
        Said::Ping(id) => Request::Ping(id),
        Said::SetHandle(handle) => Request::SetHandle(handle),
        Said::Ack(bytes) => {
            let mut ranges = Vec::new();
            let next = Ack::read(bytes, |range| {
                // There are no more than it holds.
                let _ = ranges.push(range);
            });
            Request::Ack(Ack { next: next.ok_or(DecodeError::Malformed)?, ranges })
        }
        Said::Control(bytes) => {
            Request::Control(Control::read(bytes).ok_or(DecodeError::Malformed)?)
        }
        Said::Challenge(challenge) => Request::Challenge(challenge),
    };
    Ok(Downlink { session_tag, request })
}
