//! [`ResetCause`]: what ended a session.

/// What ended a session, as far as the device knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
#[repr(u8)]
pub enum ResetCause {
    /// Nobody knows; also every cause that is newer than this program.
    #[default]
    Unknown = 0,
    /// Power came.
    PowerOn = 1,
    /// The reset pin.
    External = 2,
    /// A watchdog that was not fed.
    Watchdog = 3,
    /// The program asked for it.
    Software = 4,
    /// The supply fell too low.
    BrownOut = 5,
    /// A fault that the processor found, or a lockup.
    Fault = 6,
    /// A panic.
    Panic = 7,
    /// A wake from a sleep that only a reset ends.
    Wake = 8,
    /// A debugger.
    Debugger = 9,
}

impl ResetCause {
    const ALL: [(Self, &str); 10] = [
        (Self::Unknown, "unknown"),
        (Self::PowerOn, "power_on"),
        (Self::External, "external"),
        (Self::Watchdog, "watchdog"),
        (Self::Software, "software"),
        (Self::BrownOut, "brown_out"),
        (Self::Fault, "fault"),
        (Self::Panic, "panic"),
        (Self::Wake, "wake"),
        (Self::Debugger, "debugger"),
    ];

    /// The cause with this number; [`ResetCause::Unknown`] where this program knows none.
    #[must_use]
    pub fn from_byte(byte: u8) -> Self {
        Self::ALL.get(usize::from(byte)).map_or(Self::Unknown, |(cause, _)| *cause)
    }

    /// Its name, as the tag `reset.cause` has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.get(self as usize).map_or("unknown", |(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_causes_are_the_same() {
        for (number, (cause, name)) in (0..).zip(ResetCause::ALL) {
            assert_eq!((cause as u8, cause.name()), (number, name));
            assert_eq!(ResetCause::from_byte(number), cause);
        }
        assert_eq!(ResetCause::from_byte(200), ResetCause::Unknown);
    }
}
