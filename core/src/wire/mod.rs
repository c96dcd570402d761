//! The wire format, version 1: types that exist once, for the device and the collector.
//!
//! `docs/wire-format.md` is normative. Every frame is plain postcard, which `postcard::from_bytes`
//! reads as a `Frame` or a [`Downlink`]; [`Writer`] and [`DataWriter`] write them, on the device and
//! on the host alike. A frame stands alone, given the hello of its session and the definitions of
//! the sites and names in it.
//!
//! | part | holds |
//! |---|---|
//! | `Frame` | what goes up: hello, data, pong, stats, answer |
//! | [`Record`] | what a data frame is a list of: span, part, log, reference, clock, definition, fragment |
//! | [`Downlink`] | what comes down: hello seen, requests, ping, set handle, ack, control, challenge |

mod ack;
mod answer;
mod cause;
mod codec;
mod control;
mod downlink;
mod frame;
mod hello;
#[cfg(feature = "alloc")]
mod owned;
mod record;
mod stats;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use crate::id::record_number;
pub use ack::{Ack, MAX_RANGES};
pub use answer::{Answer, AnswerStatus};
pub use cause::ResetCause;
pub use codec::MAX_SITES;
pub use control::{Command, Control, MAX_PARAMS};
#[cfg(feature = "auth")]
pub(crate) use downlink::varint;
pub use downlink::{Asked, Downlink, MAX_ASKED, Request, decode_downlink};
#[cfg(feature = "enable")]
pub(crate) use downlink::{Said, read as read_downlink};
pub use frame::{DataHead, FrameKind, Head, Losses, Pong};
#[cfg(feature = "enable")]
pub(crate) use hello::write_tags;
pub use hello::{Hello, Process, ProcessTags};
#[cfg(feature = "alloc")]
pub use owned::{Body, Data, Frame, Records, Simple, decode_fragments};
pub use record::{
    Clock, ClockEvent, DataWriter, Define, Fragment, FragmentOf, Log, Parent, Part, PartKey,
    Record, Reference, SiteRef, SpanFields, SpanHead, SpanRecord, TraceRef,
};
pub use stats::{Stats, StatsFrame};
pub use value::{MAX_VALUES, NameRef, Shape, Type, Value, Values};
pub use writer::Writer;

/// The version that this crate speaks, in the upper half of a frame's first byte.
pub const VERSION: u8 = 1;

/// The smallest frame size in bytes that an uplink may state.
pub const MIN_MTU: usize = 48;

/// Why bytes are not a frame of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DecodeError {
    /// There are no bytes.
    Empty,
    /// The version is not [`VERSION`]; the other side is older or newer.
    UnknownVersion(u8),
    /// The kind is not known in this version.
    UnknownKind(u8),
    /// The frame is authenticated, and there is no key to open it with.
    Sealed,
    /// It is meant for another session.
    OtherSession,
    /// The bytes end early or contradict the format.
    Malformed,
    /// Bytes are left over behind the frame.
    TrailingBytes(usize),
}

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Empty => f.write_str("the frame is empty"),
            Self::UnknownVersion(version) => write!(
                f,
                "frame of wire version {version}, and this program reads version {VERSION}: \
                 update the older of the two"
            ),
            Self::UnknownKind(kind) => write!(f, "frame of unknown kind {kind}"),
            Self::Sealed => f.write_str("the frame is authenticated: give the device's key"),
            Self::OtherSession => f.write_str("the frame is for another session"),
            Self::Malformed => f.write_str("the bytes are not a frame"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes are left over behind the frame"),
        }
    }
}

impl core::error::Error for DecodeError {}

/// Reads one frame that goes up.
///
/// # Errors
/// Says what is wrong by name where `postcard::from_bytes` could only say that something is.
#[cfg(feature = "alloc")]
pub fn decode(bytes: &[u8]) -> Result<Frame<'_>, DecodeError> {
    let head = bytes.first().ok_or(DecodeError::Empty)?;
    Head::parse(*head).and_then(|head| FrameKind::parse(head.kind))?;
    whole(postcard::take_from_bytes(bytes))
}

#[cfg(feature = "alloc")]
fn whole<T>(read: Result<(T, &[u8]), postcard::Error>) -> Result<T, DecodeError> {
    match read {
        Ok((value, [])) => Ok(value),
        Ok((_, rest)) => Err(DecodeError::TrailingBytes(rest.len())),
        Err(_) => Err(DecodeError::Malformed),
    }
}
