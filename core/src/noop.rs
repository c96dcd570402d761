//! The tracer without the feature `enable`: the same names, nothing behind them.
//!
//! Every type has no size, every function no body. The macros do not evaluate what they are given.

use crate::tags::TagValue;
use crate::wire::{Asked, Losses, Value};
use crate::{Clock, DeviceId, DrainError, Sampler, Session, SessionSource, SpanContext, SpanId};
use crate::{TraceFlags, TraceId};
use core::marker::PhantomData;

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
    #[must_use]
    pub const fn build_id(self, _: &'static [u8]) -> Self {
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

/// What a new span would be a child of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ChildOf<'a> {
    /// The active span.
    Active,
    /// Nothing.
    Root,
    /// A span of this device.
    Span(&'a Span),
    /// A span anywhere.
    Context(SpanContext),
}

impl<'a> From<&'a Span> for ChildOf<'a> {
    fn from(span: &'a Span) -> Self {
        Self::Span(span)
    }
}

impl From<SpanContext> for ChildOf<'_> {
    fn from(context: SpanContext) -> Self {
        Self::Context(context)
    }
}

impl From<Option<SpanContext>> for ChildOf<'_> {
    fn from(context: Option<SpanContext>) -> Self {
        context.map_or(Self::Root, Self::Context)
    }
}

/// No span, since the feature `enable` is off.
#[derive(Debug)]
#[must_use = "a span that is not kept finishes at once"]
pub struct Span(());

impl Span {
    /// What the macros expand to.
    #[doc(hidden)]
    #[inline(always)]
    pub const fn none() -> Self {
        Self(())
    }

    /// Does nothing.
    #[inline(always)]
    pub fn set_tag(&self, _: &'static str, _: impl TagValue) {}

    /// Does nothing.
    #[inline(always)]
    pub fn set_operation_name(&self, _: &'static str) {}

    /// Does nothing.
    #[inline(always)]
    pub fn log(&self, _: &'static str, _: impl TagValue) {}

    /// A context that is not valid: its ids are zero, and no carrier takes it for one.
    #[inline(always)]
    #[must_use]
    pub fn context(&self) -> SpanContext {
        let (trace_id, span_id) = (TraceId([0; 16]), SpanId([0; 8]));
        SpanContext::new(trace_id, span_id, TraceFlags(0))
    }

    /// False.
    #[inline(always)]
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        false
    }

    /// A guard of nothing.
    #[inline(always)]
    pub fn enter(&self) -> Scope<'_> {
        Scope(PhantomData)
    }

    /// Does nothing.
    #[inline(always)]
    pub fn finish(self) {}
}

/// Keeps nothing active, since the feature `enable` is off.
#[derive(Debug)]
#[must_use = "the span is active only as long as the guard lives"]
pub struct Scope<'a>(PhantomData<(&'a Span, *const ())>);

/// Gives nothing, since the feature `enable` is off.
#[derive(Debug)]
pub struct Drain(());

impl Drain {
    /// None.
    #[inline(always)]
    pub fn frame<'b>(&mut self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }

    /// None.
    #[inline(always)]
    pub fn hello<'b>(&mut self, _: &'b mut [u8]) -> Option<&'b [u8]> {
        None
    }

    /// True: there is nothing to tell.
    #[inline(always)]
    pub fn is_described(&self) -> bool {
        true
    }

    /// None.
    #[inline(always)]
    pub fn pong<'b>(&mut self, _: &'b mut [u8], _: u32, _: u64) -> Option<&'b [u8]> {
        None
    }

    /// 0.
    #[inline(always)]
    pub fn backlog_words(&self) -> usize {
        0
    }

    /// True: there is nothing to send.
    #[inline(always)]
    pub fn is_idle(&self) -> bool {
        true
    }

    /// Does nothing.
    #[inline(always)]
    pub fn rotate_definitions(&mut self) {}

    /// False.
    #[inline(always)]
    pub fn is_flush_asked(&self) -> bool {
        false
    }

    /// Does nothing.
    #[inline(always)]
    pub fn flushed(&mut self) {}

    /// One tick a second, which never comes.
    #[inline(always)]
    pub fn tick_hz(&self) -> u32 {
        1
    }

    /// Nothing.
    #[inline(always)]
    pub fn on_downlink(&mut self, _: &[u8]) -> Asked {
        Asked::Nothing
    }

    /// 0.
    #[inline(always)]
    pub fn now_ticks(&mut self) -> u64 {
        0
    }

    /// 0.
    #[inline(always)]
    pub fn counter(&self) -> u32 {
        0
    }

    /// None: nothing is recorded, so nothing is lost.
    #[inline(always)]
    pub fn losses(&self) -> Losses {
        Losses::default()
    }
}

const _: () = {
    assert!(size_of::<Span>() == 0 && size_of::<Scope<'_>>() == 0);
    assert!(size_of::<Tracer>() == 0 && size_of::<Recorder<1024, 16>>() == 0);
    assert!(size_of::<Drain>() == 0);
};
