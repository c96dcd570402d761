//! What only some tracers have: none where the feature is off, so that nothing asks in a program without it.

use super::super::baggage::PoolRef;
use super::super::control::Controlled;
#[cfg(feature = "auth")]
use super::super::drain::Sealing;
use super::super::fault::FaultPoint;
use super::super::stats::StatsRef;
use super::super::window::{Held, Newest};
use super::Tracer;

/// Nothing, in a program without the features.
#[derive(Debug)]
pub(in super::super) struct Optional {
    #[cfg(feature = "window")]
    pub(in super::super) held: Option<Held>,
    #[cfg(feature = "window")]
    pub(in super::super) newest: Option<Newest>,
    #[cfg(feature = "fault-flush")]
    pub(in super::super) fault_point: Option<&'static FaultPoint>,
    #[cfg(feature = "control")]
    pub(in super::super) control: Option<Controlled>,
    #[cfg(feature = "stats")]
    stats: Option<StatsRef>,
    #[cfg(feature = "auth")]
    sealing: Option<Sealing>,
    #[cfg(feature = "baggage")]
    pub(super) pool: Option<PoolRef>,
}

impl Optional {
    pub(super) const NONE: Self = Self {
        #[cfg(feature = "window")]
        held: None,
        #[cfg(feature = "window")]
        newest: None,
        #[cfg(feature = "fault-flush")]
        fault_point: None,
        #[cfg(feature = "control")]
        control: None,
        #[cfg(feature = "stats")]
        stats: None,
        #[cfg(feature = "auth")]
        sealing: None,
        #[cfg(feature = "baggage")]
        pool: None,
    };
}

impl Tracer {
    /// What is done where records are held until they are acknowledged.
    #[inline(always)]
    pub(in super::super) const fn held(&self) -> Option<Held> {
        #[cfg(feature = "window")]
        return self.optional.held;
        #[cfg(not(feature = "window"))]
        None
    }

    /// What is done where the oldest records are given up for newer ones.
    #[inline(always)]
    pub(in super::super) const fn newest(&self) -> Option<Newest> {
        #[cfg(feature = "window")]
        return self.optional.newest;
        #[cfg(not(feature = "window"))]
        None
    }

    /// Where is noted how far the reporter is.
    #[inline(always)]
    pub(in super::super) const fn noted_point(&self) -> Option<&'static FaultPoint> {
        #[cfg(feature = "fault-flush")]
        return self.optional.fault_point;
        #[cfg(not(feature = "fault-flush"))]
        None
    }

    /// What is done where the collector may tell the tracer what to do.
    #[inline(always)]
    pub(in super::super) const fn control(&self) -> Option<Controlled> {
        #[cfg(feature = "control")]
        return self.optional.control;
        #[cfg(not(feature = "control"))]
        None
    }

    /// Where it counts what it does.
    #[inline(always)]
    pub(in super::super) fn stats_ref(&self) -> Option<StatsRef> {
        #[cfg(feature = "stats")]
        return self.optional.stats;
        #[cfg(not(feature = "stats"))]
        None
    }

    /// Has it count there.
    #[cfg(feature = "stats")]
    pub(in super::super) const fn counting_in(mut self, stats: StatsRef) -> Self {
        self.optional.stats = Some(stats);
        self
    }

    /// How its frames are sealed.
    #[cfg(feature = "auth")]
    #[inline(always)]
    pub(in super::super) fn sealing(&self) -> Option<&Sealing> {
        self.optional.sealing.as_ref()
    }

    /// Has its frames sealed.
    #[cfg(feature = "auth")]
    pub(in super::super) const fn sealing_by(mut self, sealing: Sealing) -> Self {
        self.optional.sealing = Some(sealing);
        self
    }

    /// Where the baggage of its spans is.
    #[inline(always)]
    pub(in super::super) fn pool(&self) -> Option<PoolRef> {
        #[cfg(feature = "baggage")]
        return self.optional.pool;
        #[cfg(not(feature = "baggage"))]
        None
    }
}
