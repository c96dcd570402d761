//! Why a carrier has no context in it, and what its format says should be done then.

use core::fmt;

/// A format of carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Format {
    /// W3C's `traceparent`: [`super::w3c`].
    W3c,
    /// W3C's binary form: [`super::w3c_binary`].
    W3cBinary,
    /// `uber-trace-id`: [`super::uber`].
    Uber,
    /// Jaeger's binary form: [`super::jaeger_binary`].
    JaegerBinary,
    /// B3 in one header or several: [`super::b3`].
    B3,
    /// Our binary form: [`super::binary`].
    Binary,
    /// Our short form: [`super::short`].
    Short,
}

impl Format {
    /// What is to be done where the carrier is not valid.
    #[must_use]
    pub const fn rule(self) -> Rule {
        match self {
            Self::W3c | Self::W3cBinary => Rule::Restart,
            Self::B3 => Rule::Ignore,
            Self::Uber | Self::JaegerBinary | Self::Binary | Self::Short => Rule::Error,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::W3c => "traceparent",
            Self::W3cBinary => "binary traceparent",
            Self::Uber => "uber-trace-id",
            Self::JaegerBinary => "Jaeger's binary context",
            Self::B3 => "b3",
            Self::Binary => "binary context",
            Self::Short => "short context",
        })
    }
}

/// What a format says about input that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Rule {
    /// A new trace begins here, and what came with the context, as `tracestate`, is dropped.
    Restart,
    /// As though the carrier had not come: another one, if there is one, may still have a context.
    Ignore,
    /// The carrier is corrupted, which the caller should hear of; most begin a new trace then.
    Error,
}

/// Why a carrier has no context in it.
///
/// ```
/// # use spandrel::carrier::{Fault, Rule, w3c};
/// let error = w3c::parse("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01").unwrap_err();
/// assert_eq!(error.fault, Fault::ZeroSpanId);
/// assert_eq!(error.rule(), Rule::Restart);
/// assert_eq!(error.to_string(), "traceparent: the span id is zero");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ExtractError {
    /// The format that it should have had.
    pub format: Format,
    /// What is wrong with it.
    pub fault: Fault,
}

impl ExtractError {
    /// What the format says should be done.
    #[must_use]
    pub const fn rule(&self) -> Rule {
        self.format.rule()
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.format, self.fault)
    }
}

impl core::error::Error for ExtractError {}

/// What is wrong with a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// It is shorter or longer than the form.
    Length {
        /// Bytes that the form takes.
        wanted: usize,
        /// Bytes that there are.
        found: usize,
    },
    /// It is of a version that is not known or not allowed.
    Version(u8),
    /// A flag is set that this version does not know.
    Flags(u8),
    /// Where a field should begin stands the number of another one.
    Field(u8),
    /// It does not have the parts of the form.
    Parts,
    /// A part is not a hexadecimal number of the right length.
    NotHex,
    /// The trace id is zero.
    ZeroTraceId,
    /// The span id is zero.
    ZeroSpanId,
    /// There is more than one of it.
    Repeated,
    /// The baggage ends too early, goes on too long, or is over the format's limits.
    Baggage,
    /// A handle is zero, which is none.
    NoHandle,
}

impl Fault {
    /// The error that this is in a format.
    pub(super) const fn of(self, format: Format) -> ExtractError {
        ExtractError { format, fault: self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { wanted, found } => {
                write!(f, "{wanted} bytes are wanted, and there are {found}")
            }
            Self::Version(version) => write!(f, "unknown version {version}"),
            Self::Flags(flags) => write!(f, "unknown flags {flags:#x}"),
            Self::Field(field) => write!(f, "field {field} is not the one that is wanted there"),
            Self::Parts => f.write_str("it does not have the parts of the form"),
            Self::NotHex => f.write_str("a part is no hexadecimal number of the right length"),
            Self::ZeroTraceId => f.write_str("the trace id is zero"),
            Self::ZeroSpanId => f.write_str("the span id is zero"),
            Self::Repeated => f.write_str("there is more than one"),
            Self::Baggage => f.write_str("its baggage is cut off or over the limits"),
            Self::NoHandle => f.write_str("a handle is 0, which is none"),
        }
    }
}

/// There was no room for a carrier, or for a pair of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoRoom;

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no room for the context or its baggage")
    }
}

impl core::error::Error for NoRoom {}

/// Why a context has no carrier of the wanted form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum InjectError {
    /// A device has no handle, which the short form needs.
    NoHandle,
    /// A handle is greater than [`super::short::MAX_HANDLE`].
    Handle(u16),
    /// The context came in the short form: its ids are not known here, and no other form can carry it.
    OnlyShort,
    /// The trace began where there are no handles, so the short form cannot carry it.
    LongTrace,
    /// There is no room for it.
    NoRoom,
}

impl fmt::Display for InjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHandle => f.write_str("the device has no handle yet"),
            Self::Handle(handle) => write!(f, "handle {handle} has more than 12 bits"),
            Self::OnlyShort => f.write_str(
                "the context came in the short form, whose ids only the collector knows",
            ),
            Self::LongTrace => {
                f.write_str("the trace began where there are no handles: use a longer form")
            }
            Self::NoRoom => fmt::Display::fmt(&NoRoom, f),
        }
    }
}

impl core::error::Error for InjectError {}

impl From<NoRoom> for InjectError {
    fn from(_: NoRoom) -> Self {
        Self::NoRoom
    }
}
