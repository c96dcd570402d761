//! The tracer without the feature `enable`: the same names, nothing behind them.
//!
//! Every type has no size, every function no body. The macros do not evaluate what they are given.

mod baggage;
mod drain;
mod in_span;
#[cfg(feature = "retained")]
mod retained;
mod span;

use crate::carrier::short::ShortHandle;
use crate::wire::{Losses, ProcessTags, Stats, Value};
use crate::{
    AdjustError, BaggageError, ChildOf, Clock, DeviceId, DrainError, Sampler, Session,
    SessionSource, SpanContext, Strategy, Ticks,
};

pub use baggage::{BaggagePool, HeldBaggage};
pub use drain::Drain;
pub use in_span::{FutureExt, InScopeOf, InSpan};
#[cfg(feature = "retained")]
pub use retained::{BootCell, Retained};
pub use span::{Scope, Span};

/// Holds nothing, since the feature `enable` is off.
#[derive(Debug, Default)]
pub struct Recorder<const WORDS: usize, const OPEN: usize = 0, const NAMES: usize = 32>(());

impl<const WORDS: usize, const OPEN: usize, const NAMES: usize> Recorder<WORDS, OPEN, NAMES> {
    /// Nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Holds nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct Window(());

impl Window {
    /// Nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "as the other, which is for statics alone")]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Is told nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct ControlCell(());

impl ControlCell {
    /// Nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "as the other, which is for statics alone")]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Knows nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct FaultPoint(());

impl FaultPoint {
    /// Nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "as the other, which is for statics alone")]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Counts nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct StatsCell(());

impl StatsCell {
    /// Nothing.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "as the other, which is for statics alone")]
    pub const fn new() -> Self {
        Self(())
    }
}

/// Makes nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct Tracer(());

impl Tracer {
    /// Nothing.
    #[must_use]
    pub const fn new<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        _: &'static str,
        _: &'static Recorder<WORDS, OPEN, NAMES>,
        _: Clock,
    ) -> Self {
        Self(())
    }

    /// Forgets it.
    #[must_use]
    pub const fn device_id(self, _: DeviceId) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn device_id_from(self, _: fn() -> DeviceId) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn session(self, _: SessionSource) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn sampler(self, _: Sampler) -> Self {
        self
    }

    /// Forgets them.
    #[must_use]
    pub const fn tags(self, _: &'static [(&'static str, Value<'static>)]) -> Self {
        self
    }

    /// Forgets it.
    #[cfg(feature = "baggage")]
    #[must_use]
    pub const fn baggage<const ITEMS: usize, const BYTES: usize>(
        self,
        _: &'static BaggagePool<ITEMS, BYTES>,
    ) -> Self {
        self
    }

    /// No ring.
    #[cfg(feature = "std")]
    #[must_use]
    pub const fn ring_per_thread(self) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn acknowledged(self, _: &'static Window) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn keep_newest(self, _: &'static Window) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn controlled(self, _: &'static ControlCell) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn fault_point(self, _: &'static FaultPoint) -> Self {
        self
    }

    /// Does nothing.
    #[cfg(feature = "clock-events")]
    #[inline(always)]
    pub fn clock_paused(&self, _: u64) {}

    /// Does nothing.
    #[cfg(feature = "clock-events")]
    #[inline(always)]
    pub fn clock_changed(&self, _: u32) {}

    /// Does nothing.
    #[cfg(feature = "clock-events")]
    #[inline(always)]
    pub fn clock_stepped(&self) {}

    /// Does nothing.
    #[cfg(feature = "clock-events")]
    #[inline(always)]
    pub fn wall_clock(&self, _: Ticks, _: u64, _: u64) {}

    /// Sends nothing: 0.
    ///
    /// # Safety
    /// Always safe; the other is not.
    #[inline(always)]
    pub unsafe fn flush_after_fault(
        &'static self,
        _: &mut [u8],
        _: impl FnMut(&[u8]) -> bool,
    ) -> usize {
        0
    }

    /// Forgets it.
    #[must_use]
    pub const fn short_handle(self, _: &'static ShortHandle) -> Self {
        self
    }

    /// Forgets it.
    #[cfg(feature = "stats")]
    #[must_use]
    pub const fn stats_in(self, _: &'static StatsCell) -> Self {
        self
    }

    /// Forgets it.
    #[cfg(feature = "auth")]
    #[must_use]
    pub const fn key(self, _: &'static crate::seal::Key) -> Self {
        self
    }

    /// As without a key.
    #[inline(always)]
    pub fn min_mtu(&self) -> usize {
        crate::wire::MIN_MTU
    }

    /// None.
    #[inline(always)]
    pub fn stats(&self) -> Option<(Stats, Losses)> {
        None
    }

    /// Forgets it.
    #[must_use]
    pub const fn tags_from(self, _: fn(&mut ProcessTags<'_, '_>)) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn build_id(self, _: &'static [u8]) -> Self {
        self
    }

    /// Forgets it.
    #[must_use]
    pub const fn build_id_from(self, _: fn() -> &'static [u8]) -> Self {
        self
    }

    /// No span.
    #[inline(always)]
    pub fn start(&'static self, _: &'static str) -> Span {
        Span::none()
    }

    /// No span.
    #[inline(always)]
    pub fn start_child_of<'a>(&'static self, _: impl Into<ChildOf<'a>>, _: &'static str) -> Span {
        Span::none()
    }

    /// None.
    #[inline(always)]
    pub fn active_context(&'static self) -> Option<SpanContext> {
        None
    }

    /// None.
    ///
    /// # Errors
    /// Always.
    #[inline(always)]
    pub fn hold_baggage(&self, _: &SpanContext) -> Result<HeldBaggage, BaggageError> {
        Err(BaggageError::NoPool)
    }

    /// None: without the feature `enable` nobody asks who the device is.
    #[inline(always)]
    pub fn device(&self) -> DeviceId {
        DeviceId(0)
    }

    /// None.
    #[inline(always)]
    pub fn session_number(&self) -> Session {
        Session::new(0)
    }

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn adjust_sampler(&self, _: Strategy) -> Result<(), AdjustError> {
        Ok(())
    }

    /// Does nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn adjust_operation(&self, _: &'static str, _: f64, _: f32) -> Result<(), AdjustError> {
        Ok(())
    }

    /// Does nothing.
    #[inline(always)]
    pub fn keep_time(&self) {}

    /// Does nothing.
    #[inline(always)]
    pub fn flush(&self) {}

    /// True: there is nothing to send.
    #[inline(always)]
    pub fn is_flushed(&self) -> bool {
        true
    }

    /// 0.
    #[inline(always)]
    pub fn now(&self) -> Ticks {
        Ticks(0)
    }

    /// 0.
    #[inline(always)]
    pub fn ticks_of(&self, _: u32) -> Ticks {
        Ticks(0)
    }

    /// None: nothing is recorded, so nothing is lost.
    #[inline(always)]
    pub fn losses(&self) -> Losses {
        Losses::default()
    }

    /// None.
    #[inline(always)]
    pub fn open_spans(&self) -> impl Iterator<Item = (&'static str, u32)> {
        core::iter::empty()
    }

    /// A drain that gives nothing.
    ///
    /// # Errors
    /// None.
    #[inline(always)]
    pub fn drain(&'static self) -> Result<Drain, DrainError> {
        Ok(Drain(()))
    }
}

const _: () = {
    assert!(size_of::<Span>() == 0 && size_of::<Scope<'_>>() == 0);
    assert!(size_of::<Tracer>() == 0 && size_of::<Recorder<1024, 16>>() == 0);
    assert!(size_of::<Drain>() == 0 && size_of::<BaggagePool<8>>() == 0);
};
