//! The golden vectors of the wire format: frames and ids as JSON that any language can read.
//!
//! The types here are the JSON's form. [`Frame::encode`] and [`Frame::decode`] are the ways to
//! bytes and back, through the types of the core. What JSON readers would round stands as text:
//! 64-bit values in decimal, ids and bytes in hexadecimal digits. [`Sealed`] is the form of sealed ones.

mod decode;
mod encode;
mod hex;

pub use hex::{from_hex, to_hex};

use serde::{Deserialize, Serialize};
use spandrel::wire::DecodeError;

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

/// A frame, up or down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Eight hexadecimal digits, in the order of the bytes.
    pub session_tag: String,
    /// What it says.
    pub body: Body,
}

/// What a frame says behind its session tag; the fields are those of the document.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum Body {
    Hello {
        packet: u32,
        device: String,
        session: u32,
        clock_hz: u32,
        sent_ticks: u64,
        flags: u8,
        sites: u16,
        #[serde(default, skip_serializing_if = "is_none_sent")]
        first_record: u64,
        losses: Losses,
        /// The number of the cause.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        previous: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        challenge: Option<String>,
        process: Process,
    },
    Data {
        packet: u32,
        first_record: u64,
        last_number: u64,
        losses: Losses,
        records: Vec<Record>,
    },
    Pong {
        packet: u32,
        id: u32,
        received_ticks: u64,
        sent_ticks: u64,
    },
    HelloSeen,
    SendHello,
    SendDefinitions {
        sites: Vec<u16>,
        names: Vec<u16>,
    },
    Ping {
        id: u32,
    },
    SetHandle(u16),
    Ack {
        next: u64,
        /// Each from its first record to behind its last.
        ranges: Vec<[u64; 2]>,
    },
    Control {
        id: u64,
        what: u8,
        params: String,
    },
    Challenge(String),
    Answer {
        packet: u32,
        id: u64,
        status: Status,
        detail: u32,
    },
    Stats {
        packet: u32,
        ring_words: u32,
        ring_most_words: u32,
        frames: u32,
        bytes: u32,
        longest_mask_cycles: u32,
        refused: u32,
    },
}

/// What became of a control.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "docs/wire-format.md has every status by this name")]
pub enum Status {
    Done,
    Unknown,
    Refused,
}

/// Counts of losses; those that are missing are 0.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md says what each bit counts, in this order")]
pub struct Losses {
    #[serde(skip_serializing_if = "is_zero")]
    pub ring_full: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub sampled_out: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub tag_cut: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub names_full: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub open_full: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub baggage_full: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub baggage_stale: u32,
    #[serde(skip_serializing_if = "is_zero")]
    pub evicted: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_none_sent(record: &u64) -> bool {
    *record == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde calls")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// The description of a process, or a piece of its bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum Process {
    Whole { service: String, build: String, tags: Vec<(String, Value)> },
    Piece { total: u32, offset: u32, bytes: String },
}

/// One record of a data frame.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum Record {
    Span {
        own: u64,
        parent: Parent,
        trace: Trace,
        site: u16,
        ambiguous: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        cut_off: bool,
        parts: u8,
        start: u64,
        duration: u64,
        values: Vec<Value>,
    },
    Part {
        own: u64,
        key: Key,
        values: Vec<Value>,
    },
    Log {
        own: u64,
        time: u64,
        /// The fields belong to the last log of the span.
        #[serde(default, skip_serializing_if = "is_false")]
        more: bool,
        key: Key,
        values: Vec<Value>,
    },
    Reference {
        own: u64,
        trace: String,
        span: String,
        follows_from: bool,
    },
    SiteDefinition {
        id: u16,
        site: Site,
    },
    NameDefinition {
        id: u16,
        name: NameText,
    },
    Clock {
        time: u64,
        event: ClockEvent,
    },
    Fragment {
        /// Of a definition: of which.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Defined>,
        offset: u32,
        last: bool,
        bytes: String,
    },
}

/// What befell a clock.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum ClockEvent {
    Paused { ns: u64 },
    Rate { hz: u32 },
    Stepped,
    Wall { unix_ns: u64, error_ns: u64 },
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Defined {
    /// The site with this number.
    Site(u16),
    /// The name with this number.
    Name(u16),
}

/// What a span is a child of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parent {
    /// Nothing: it is a root.
    None,
    /// The span with this number.
    Own(u64),
    /// A span that a reference names.
    Elsewhere,
}

/// The trace that a span belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trace {
    /// That of the root with this number.
    Own(u64),
    /// One that began elsewhere.
    Remote(String),
}

/// Where the keys of values come from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Key {
    /// The site with this number.
    Site(u16),
    /// One key, for one value.
    Name(Name),
}

/// A name by its number, or in full.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The number that a definition gives.
    Number(u16),
    /// The name.
    Text(String),
}

/// The definition of a site, or its bytes, where they are no strings.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum Site {
    Strings { operation: String, keys: Vec<String> },
    Bytes { bytes: String },
}

/// The definition of a name, or its bytes, where they are no text.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
#[expect(missing_docs, reason = "docs/wire-format.md has every field by this name")]
pub enum NameText {
    Text(String),
    /// Address and length of a string of another build, as they stand there.
    Address {
        by_address: String,
    },
    Bytes {
        bytes: String,
    },
}

/// A value with its type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "docs/wire-format.md has every type by this name")]
pub enum Value {
    Bool(bool),
    I32(i32),
    U32(u32),
    I64(String),
    U64(String),
    F32(Float),
    F64(Float),
    StaticString(Name),
    String(String),
    Bytes(Hex),
    CutString(String),
    CutBytes(Hex),
    CutStaticString(Name),
}

/// Bytes, as hexadecimal digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(pub Vec<u8>);

impl TryFrom<String> for Hex {
    type Error = anyhow::Error;

    fn try_from(digits: String) -> anyhow::Result<Self> {
        from_hex(&digits).map(Self)
    }
}

impl From<Hex> for String {
    fn from(bytes: Hex) -> Self {
        to_hex(&bytes.0)
    }
}

/// A number with a fraction; what JSON has no number for is `NaN`, `inf` or `-inf`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Float {
    /// A finite one.
    Finite(f64),
    /// Another, as text.
    Other(String),
}
