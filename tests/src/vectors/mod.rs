//! The golden vectors of the wire format: frames and ids as JSON that any language can read.
//!
//! The types here are the JSON's form. [`Frame::encode`] and [`Frame::decode`] are the ways to
//! bytes and back, through the types of the core. What JSON readers would round stands as text:
//! 64-bit values in decimal, ids and bytes in hexadecimal digits. [`Sealed`] is the form of sealed ones.

mod decode;
mod encode;
mod entry;
mod hex;

pub use entry::{Direction, Refusal, Sealed, Vector, sealed};
pub use hex::{Hex, from_hex, to_hex};

use serde::{Deserialize, Serialize};

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

/// A number with a fraction; what JSON has no number for is `NaN`, `inf` or `-inf`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Float {
    /// A finite one.
    Finite(f64),
    /// Another, as text.
    Other(String),
}
