//! The entries of the files of vectors.

use serde::{Deserialize, Serialize};
use spandrel::wire::DecodeError;

use super::{Frame, Record};
use crate::workspace;

/// One entry of `frames.json`: a frame, or bytes that a reader must refuse.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// What it shows, unique in the file.
    pub name: String,
    /// Which side reads it.
    pub direction: Direction,
    /// The bytes.
    pub hex: String,
    /// What they mean.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame: Option<Frame>,
    /// The record whose fragments these are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Record>,
    /// Why they mean nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// One entry of `sealed.json`: a frame, and what it is once it was sealed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// What it shows.
    pub name: String,
    /// Which side opens it.
    pub direction: Direction,
    /// The key of the device, 32 hexadecimal digits.
    pub key: String,
    /// The device, in hexadecimal digits.
    pub device: String,
    /// The number of the session.
    pub session: u32,
    /// The number of the packet, or of the frame that goes down.
    pub number: String,
    /// The frame before it is sealed.
    pub plain: String,
    /// And then.
    pub sealed: String,
}

/// All entries of `sealed.json`.
///
/// # Panics
/// If the file is not there, or not of this form.
#[must_use]
pub fn sealed() -> Vec<Sealed> {
    let path = workspace::root().join("tests/vectors/sealed.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    serde_json::from_str(&text).expect("it is a list of vectors")
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the collector.
    Up,
    /// To a device.
    Down,
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There are no bytes.
    Empty,
    /// The version in the first byte.
    UnknownVersion(u8),
    /// The kind in the first byte.
    UnknownKind(u8),
    /// The frame is authenticated.
    Sealed,
    /// They end early or contradict the format.
    Malformed,
    /// So many bytes follow the frame.
    TrailingBytes(usize),
}

impl TryFrom<DecodeError> for Refusal {
    type Error = DecodeError;

    fn try_from(error: DecodeError) -> Result<Self, DecodeError> {
        Ok(match error {
            DecodeError::Empty => Self::Empty,
            DecodeError::UnknownVersion(version) => Self::UnknownVersion(version),
            DecodeError::UnknownKind(kind) => Self::UnknownKind(kind),
            DecodeError::Sealed => Self::Sealed,
            DecodeError::Malformed => Self::Malformed,
            DecodeError::TrailingBytes(count) => Self::TrailingBytes(count),
            other => return Err(other),
        })
    }
}
