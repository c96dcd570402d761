//! Samplers: which roots are recorded. Children follow their root, here and on other devices.

#[cfg(feature = "enable")]
mod rules;

/// Which roots are recorded; whatever has a parent follows it, and a root for debugging is recorded
/// in any case.
///
/// A root that is recorded says who decided, in the tags `sampler.type` and `sampler.param`, as Jaeger's
/// clients do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Sampler {
    /// Every one.
    Always,
    /// None.
    Never,
    /// A share of the roots, from 0.0 to 1.0, decided on the low 64 bits of the trace id as Jaeger's
    /// clients do: whoever decides with this share decides alike.
    Probabilistic(f64),
    /// As an [`AdjustableSampler`] says at the time: see [`Sampler::adjustable`].
    Adjustable(AdjustableRef),
}

/// What a sampler does until it is told otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Strategy {
    /// All roots, or none.
    Const(bool),
    /// A share of them, from 0.0 to 1.0: see [`Sampler::Probabilistic`].
    Probabilistic(f64),
    /// So many a second, by a leaky bucket that holds those of one second, and one at least.
    RateLimiting(f32),
}

/// Why a sampler was not adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum AdjustError {
    /// The tracer's sampler is not adjustable.
    NotAdjustable,
    /// All entries of the table of operations are taken by others.
    Full,
}

impl core::fmt::Display for AdjustError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NotAdjustable => {
                "the tracer's sampler cannot be adjusted: give it `Sampler::Adjustable`"
            }
            Self::Full => "the table of operations is full: make it longer",
        })
    }
}

impl core::error::Error for AdjustError {}

impl Sampler {
    /// [`Sampler::Probabilistic`].
    #[must_use]
    pub const fn probability(share: f64) -> Self {
        Self::Probabilistic(share)
    }

    /// A sampler that takes every root until
    /// [`Tracer::adjust_sampler`](crate::Tracer::adjust_sampler) says otherwise.
    #[must_use]
    pub const fn adjustable<const OPERATIONS: usize>(
        sampler: &'static AdjustableSampler<OPERATIONS>,
    ) -> Self {
        #[cfg(feature = "enable")]
        return Self::Adjustable(AdjustableRef {
            rules: &sampler.rules,
            operations: &sampler.operations,
        });
        #[cfg(not(feature = "enable"))]
        {
            let _ = sampler;
            Self::Adjustable(AdjustableRef {})
        }
    }
}

/// An [`AdjustableSampler`] of whatever size.
#[derive(Clone, Copy, Debug)]
pub struct AdjustableRef {
    #[cfg(feature = "enable")]
    pub(crate) rules: &'static Rules,
    #[cfg(feature = "enable")]
    pub(crate) operations: &'static [Operation],
}

/// Parameters that can change while the program runs; all zero at first (`.bss`).
///
/// It takes 32 bytes of RAM, and 40 for each of `OPERATIONS`: so many can have parameters of their own.
///
/// ```
/// use spandrel::{AdjustableSampler, Clock, Recorder, Sampler, Strategy, Tracer};
///
/// static RECORDER: Recorder<1024> = Recorder::new();
/// static SAMPLING: AdjustableSampler<4> = AdjustableSampler::new();
/// static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic())
///     .sampler(Sampler::adjustable(&SAMPLING));
///
/// TRACER.adjust_sampler(Strategy::RateLimiting(2.0))?;
/// // One "read" in a hundred, but one in ten seconds at least.
/// TRACER.adjust_operation("read", 0.01, 0.1)?;
/// # Ok::<(), spandrel::AdjustError>(())
/// ```
#[derive(Debug)]
pub struct AdjustableSampler<const OPERATIONS: usize = 0> {
    #[cfg(feature = "enable")]
    rules: Rules,
    #[cfg(feature = "enable")]
    operations: [Operation; OPERATIONS],
}

impl<const OPERATIONS: usize> AdjustableSampler<OPERATIONS> {
    /// A sampler that takes everything.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            #[cfg(feature = "enable")]
            rules: Rules::new(),
            #[cfg(feature = "enable")]
            operations: [const { Operation::new() }; OPERATIONS],
        }
    }
}

impl<const OPERATIONS: usize> Default for AdjustableSampler<OPERATIONS> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "enable")]
pub(crate) use rules::{EVERY, Operation, Rules, below};
