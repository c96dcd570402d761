//! Baggage: pairs of strings that travel with a trace, from span to span and from device to device.

/// What of a context stands for its baggage: a handle of an item in the [`BaggagePool`] of this device.
///
/// It does not keep the baggage: that goes with the last span that has it. A handle that is stale by
/// then is counted and never followed.
///
/// [`BaggagePool`]: crate::BaggagePool
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Baggage(
    /// Generation 16 | place 16.
    pub(crate) u32,
);

impl Baggage {
    /// No baggage.
    pub const NONE: Self = Self(0);

    /// Whether there is none.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Why an item of baggage is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum BaggageError {
    /// The tracer has no pool.
    NoPool,
    /// All items of the pool are taken.
    Full,
    /// Key and value are longer than an item, or one of them than 255 bytes.
    TooLong,
    /// The last span that had the baggage is finished.
    Stale,
}

impl core::fmt::Display for BaggageError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoPool => {
                "the tracer has no pool of baggage: turn on the feature `baggage` and give it one \
                 with `Tracer::baggage`"
            }
            Self::Full => "no item of the pool of baggage is free: make the pool larger",
            Self::TooLong => {
                "key and value are longer than an item of the pool: make its items longer"
            }
            Self::Stale => {
                "the span that had the baggage is finished: start the child before, or hand on the \
                 items"
            }
        })
    }
}

impl core::error::Error for BaggageError {}
