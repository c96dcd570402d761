//! What a tracer is told once: where its identity comes from.

use crate::{DeviceId, Session};

/// Why a tracer gives no [`Drain`](crate::Drain).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DrainError {
    /// It gave one already, and there can be only one.
    Taken,
    /// Names and keys of all call sites take 256 KiB and more: records cannot tell them apart.
    TooManySites,
    /// The link's frames, or the buffer for them, are shorter than the tracer's must be.
    ShortFrames,
}

impl core::fmt::Display for DrainError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Taken => "the tracer has a drain already: keep the one there is",
            Self::TooManySites => {
                "the call sites take 256 KiB and more: shorten their names and keys, or give \
                 some names at run time"
            }
            Self::ShortFrames => {
                "the link's frames, or the reporter's buffer, are too short: they hold at least 48 \
                 bytes, and 80 where the tracer has a key"
            }
        })
    }
}

impl core::error::Error for DrainError {}

/// Where the identity of the device comes from.
#[derive(Clone, Copy, Debug)]
pub enum DeviceSource {
    /// It is in the image.
    Fixed(DeviceId),
    /// It is read, for example from the unique id of the chip; always the same.
    Function(fn() -> DeviceId),
}

#[cfg(feature = "enable")]
impl DeviceSource {
    /// The identity.
    #[inline]
    pub(crate) fn get(&self) -> DeviceId {
        match self {
            Self::Fixed(device) => *device,
            Self::Function(read) => read(),
        }
    }
}

/// Where the identity of the build comes from.
#[cfg(feature = "enable")]
#[derive(Clone, Copy, Debug)]
pub(crate) enum BuildSource {
    Fixed(&'static [u8]),
    Function(fn() -> &'static [u8]),
}

#[cfg(feature = "enable")]
impl BuildSource {
    #[inline]
    pub(crate) fn get(&self) -> &'static [u8] {
        match self {
            Self::Fixed(build) => build,
            Self::Function(read) => read(),
        }
    }
}

/// Where the number of a session comes from: it must differ from boot to boot.
#[derive(Clone, Copy, Debug)]
pub enum SessionSource {
    /// A number given: for tests, and where the boot loader counts.
    Fixed(Session),
    /// Asked once a boot: a counter in non-volatile memory, a random number, or a counter that
    /// survives reset mixed with entropy.
    Function(fn() -> Session),
    /// Counted in the memory of a [`Retained`](crate::Retained) recorder, which a reset does not take. Where the
    /// power was off the count begins anywhere: at what the memory held by chance, mixed with what this function
    /// gives, such as a measured noise. It is asked then alone; `|| 0` will do on chips whose memory is not
    /// zero when it gets power.
    #[cfg(feature = "retained")]
    Counted(fn() -> u32),
}

#[cfg(feature = "enable")]
impl SessionSource {
    /// A new number.
    pub(crate) fn get(&self) -> Session {
        match self {
            Self::Fixed(session) => *session,
            Self::Function(read) => read(),
            // A tracer without such a recorder has no count.
            #[cfg(feature = "retained")]
            Self::Counted(read) => Session::new(read()),
        }
    }
}

#[cfg(feature = "std")]
impl SessionSource {
    /// The wall clock mixed with the id of the process.
    #[must_use]
    pub const fn process() -> Self {
        fn read() -> Session {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            let micros = now.map_or(0, |now| now.as_micros());
            #[expect(clippy::cast_possible_truncation, reason = "only its low bits vary")]
            Session::new((micros as u32 >> 4) ^ std::process::id().rotate_left(8))
        }
        Self::Function(read)
    }
}

/// What [`Tracer::boot`](crate::Tracer::boot) found.
#[cfg(feature = "retained")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Boot {
    /// Nothing is known of a boot before: the memory was without power, or another program laid it out.
    pub is_cold: bool,
    /// Boots before this one that recorded something which is still to be sent.
    pub sessions: u8,
    /// Records of them.
    pub records: u32,
    /// Spans of them that were open, as far as there was room in the table.
    pub open_spans: u32,
    /// Records that the reset came in the middle of.
    pub unfinished: u32,
    /// Boots whose records were given up, since there were too many.
    pub given_up: u32,
    /// The memory was damaged: what is behind the damage is lost.
    pub is_damaged: bool,
}
