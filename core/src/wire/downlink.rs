//! Frames that come down: what the collector says to a device.

use super::DecodeError;
use super::frame::{FromElements, Head, read_tuple};
use super::value::next;
use heapless::Vec;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess};
use serde::ser::{Serialize, SerializeTuple, Serializer};

/// The most definitions that one frame asks for.
pub const MAX_ASKED: usize = 16;

/// What the collector says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
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
}

/// One frame that comes down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Downlink {
    /// The session that is meant; a device ignores what is meant for another.
    pub session_tag: [u8; 4],
    /// What it says.
    pub request: Request,
}

impl Request {
    const fn kind(&self) -> u8 {
        match self {
            Self::HelloSeen => 0,
            Self::SendHello => 1,
            Self::SendDefinitions { .. } => 2,
            Self::Ping(_) => 3,
        }
    }
}

pub(super) const fn check_kind(kind: u8) -> Result<(), DecodeError> {
    if kind <= 3 { Ok(()) } else { Err(DecodeError::UnknownKind(kind)) }
}

impl Serialize for Downlink {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_tuple(4)?;
        out.serialize_element(&Head { kind: self.request.kind() }.byte())?;
        out.serialize_element(&self.session_tag)?;
        match &self.request {
            Request::HelloSeen | Request::SendHello => {}
            Request::SendDefinitions { sites, names } => {
                out.serialize_element(sites)?;
                out.serialize_element(names)?;
            }
            Request::Ping(id) => out.serialize_element(id)?,
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for Downlink {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Downlink {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let head = Head::parse(next(from)?).map_err(S::Error::custom)?;
        let session_tag = next(from)?;
        let request = match head.kind {
            0 => Request::HelloSeen,
            1 => Request::SendHello,
            2 => Request::SendDefinitions { sites: next(from)?, names: next(from)? },
            3 => Request::Ping(next(from)?),
            kind => return Err(S::Error::custom(DecodeError::UnknownKind(kind))),
        };
        Ok(Self { session_tag, request })
    }
}
