//! [`Tracer`]: what firmware talks to.

mod build;
mod describe;
mod optional;

use super::active::{self, Active};
use super::baggage::HeldBaggage;
use super::drain::Drain;
use super::mask;
use super::names::Names;
use super::numbers::whole_number;
use super::recorder::{Recorder, RecorderRef, flag};
#[cfg(feature = "retained")]
use super::retained::RetainedRef;
use super::sampling::Adjustable;
use super::time::{self, Moment};
use crate::carrier::short::ShortHandle;
use crate::config::{BuildSource, DeviceSource, SessionSource};
use crate::sampler::AdjustableRef;
use crate::wire::{Losses, ProcessTags, Value, Writer};
use crate::{BaggageError, Clock, DeviceId, DrainError, Session, SpanContext, Ticks, TraceId};
use core::sync::atomic::Ordering::Relaxed;
use optional::Optional;

/// Makes spans: service name, clock, identity, sampler and recorder, all in one static.
///
/// It lies in flash; what changes lies in its [`Recorder`].
///
/// ```
/// use spandrel::{Clock, DeviceId, Recorder, SessionSource, Tracer, span};
///
/// static RECORDER: Recorder<1024> = Recorder::new();
/// static TRACER: Tracer = Tracer::new("sensor-node", &RECORDER, Clock::monotonic())
///     .device_id(DeviceId(0x0012_3456))
///     .session(SessionSource::process());
///
/// let span = span!(TRACER, "read", bus = 1, state = "idle");
/// span.finish();
/// ```
#[derive(Debug)]
pub struct Tracer {
    pub(crate) recorder: RecorderRef,
    pub(crate) clock: Clock,
    /// What of the [key](active::key) of an active span depends on the tracer.
    pub(super) key: u32,
    /// Roots are recorded whose trace id, low 63 bits, is below this.
    sampled_below: u64,
    /// The share of roots that are, or negative where none is.
    share: f64,
    /// Decides about roots; none where all are recorded.
    pub(super) decide: Option<fn(&Self) -> u32>,
    /// What decides about them if it is more than a share.
    pub(super) adjustable: Option<Adjustable>,
    device: DeviceSource,
    pub(super) session: SessionSource,
    pub(crate) service: &'static str,
    build: BuildSource,
    tags: Tags,
    /// Writes the tags. Without tags nothing refers to what writes them, and it is not in the program.
    write_tags: Option<fn(&Self, &mut Writer<'_>)>,
    tags_from: Option<fn(&mut ProcessTags<'_, '_>)>,
    handle: Option<&'static ShortHandle>,
    /// What its recorder has beside, if a reset leaves that alone.
    #[cfg(feature = "retained")]
    pub(super) retained: Option<RetainedRef>,
    #[cfg_attr(
        not(any(
            feature = "window",
            feature = "fault-flush",
            feature = "control",
            feature = "stats",
            feature = "auth",
            feature = "baggage"
        )),
        expect(dead_code, reason = "it is nothing")
    )]
    pub(super) optional: Optional,
}

/// Tags of a process.
type Tags = &'static [(&'static str, Value<'static>)];

impl Tracer {
    /// A tracer for a service, which samples everything.
    ///
    /// Give it a device and a session before two boards or two boots report to one collector.
    #[must_use]
    pub const fn new<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        service: &'static str,
        recorder: &'static Recorder<WORDS, OPEN, NAMES>,
        clock: Clock,
    ) -> Self {
        Self::of(service, recorder.by_ref(), clock)
    }

    pub(super) const fn of(service: &'static str, recorder: RecorderRef, clock: Clock) -> Self {
        Self {
            recorder,
            clock,
            key: active::key(&recorder, &clock),
            sampled_below: 0,
            share: 1.0,
            decide: None,
            adjustable: None,
            device: DeviceSource::Fixed(DeviceId(1)),
            session: SessionSource::Fixed(Session::new(1)),
            service,
            build: BuildSource::Fixed(&[]),
            tags: &[],
            write_tags: None,
            tags_from: None,
            handle: None,
            #[cfg(feature = "retained")]
            retained: None,
            optional: Optional::NONE,
        }
    }

    /// The identity of the device.
    #[inline]
    pub fn device(&self) -> DeviceId {
        self.device.get()
    }

    /// The session: asked of its source once, the first time.
    pub fn session_number(&self) -> Session {
        if self.recorder.state().flags.load(flag::ACQUIRE) & flag::SESSION == 0 {
            self.begin_session();
        }
        if self.is_asleep() {
            return Session::new(0);
        }
        Session::of_base(self.device(), self.trace_base())
    }

    /// Whether its memory was not looked at yet, and nothing may be recorded. Only that of a recorder which a
    /// reset leaves alone must be.
    #[cfg(not(feature = "retained"))]
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "the other asks")]
    pub(super) const fn is_asleep(&self) -> bool {
        false
    }

    /// What of the key of an active span depends on the tracer.
    #[inline(always)]
    pub(super) fn active_key(&self) -> u32 {
        if cfg!(speed) { 0 } else { self.key }
    }

    /// The shortest frames in bytes that a link for it may have: [`MIN_MTU`](crate::wire::MIN_MTU), or
    /// 80 where it has a key.
    pub fn min_mtu(&self) -> usize {
        #[cfg(feature = "auth")]
        if self.sealing().is_some() {
            return crate::seal::MIN_SEALED_MTU;
        }
        crate::wire::MIN_MTU
    }

    /// The handle; 0 where it has none.
    pub(super) fn handle(&self) -> u16 {
        self.handle.map_or(0, ShortHandle::get)
    }

    pub(super) fn set_handle(&self, handle: u16) {
        if let Some(known) = self.handle {
            known.assign(handle);
        }
    }

    pub(super) fn adjustable(&self) -> Option<AdjustableRef> {
        self.adjustable.map(|adjustable| adjustable.sampler)
    }

    #[inline(always)]
    fn trace_base(&self) -> u64 {
        self.recorder.state().trace_base.load()
    }

    #[cold]
    #[inline(never)]
    fn begin_session(&self) {
        if self.is_asleep() {
            return;
        }
        let state = self.recorder.state();
        // The source may take its time, so it is asked with interrupts on; the first answer wins.
        let base = TraceId::base(self.device(), self.session.get());
        mask::with(|_| {
            let flags = state.flags.load(Relaxed);
            if flags & flag::SESSION == 0 {
                state.trace_base.store(base);
                state.flags.store(flags | flag::SESSION, flag::RELEASE);
            }
        });
    }

    /// The context of the active span, for example to name it in text logs.
    ///
    /// Its ids print in hexadecimal, also by `defmt`. Callable from every context; about 200
    /// instructions on a Cortex-M4.
    ///
    /// ```
    /// # use spandrel::{Clock, Recorder, Tracer, span};
    /// # static RECORDER: Recorder<1024> = Recorder::new();
    /// # static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic());
    /// let span = span!(TRACER, "read");
    /// let _active = span.enter();
    /// if let Some(active) = TRACER.active_context() {
    ///     println!("trace {} span {}: too hot", active.trace_id, active.span_id);
    /// }
    /// ```
    pub fn active_context(&'static self) -> Option<SpanContext> {
        Active::of(self).map(|active| active.context(self))
    }

    /// Keeps the baggage of a context, to read it or to hand it on: none where it has none.
    ///
    /// # Errors
    /// Where the tracer has no pool, or the last span that had the baggage is finished, which is counted.
    pub fn hold_baggage(&self, context: &SpanContext) -> Result<HeldBaggage, BaggageError> {
        let pool = self.pool().ok_or(BaggageError::NoPool)?;
        let place = if context.baggage.is_none() { 0 } else { pool.claim(context.baggage)? };
        Ok(HeldBaggage::new(pool, place))
    }

    /// Watches the clock: to be called at least once in each half turn of its 32 bits.
    ///
    /// The reporter does it. Where none runs, a timer interrupt must, or else durations are marked
    /// ambiguous. Callable from every context; masks interrupts for about 20 instructions.
    pub fn keep_time(&self) {
        if self.is_asleep() {
            return;
        }
        time::keep(self.recorder.state(), &self.clock);
    }

    /// Now, in ticks of the clock: for [`Span::starting_at`](crate::Span::starting_at) and
    /// [`Span::finish_at`](crate::Span::finish_at).
    pub fn now(&self) -> Ticks {
        Ticks(Moment::now(self.recorder.state(), &self.clock).wide())
    }

    /// The time when the clock's counter had this value, less than half a turn ago: what a timer
    /// captured, or an interrupt noted.
    pub fn ticks_of(&self, counter: u32) -> Ticks {
        let now = self.now().0;
        #[expect(clippy::cast_possible_truncation, reason = "the counter is the low half")]
        let ago = (now as u32).wrapping_sub(counter);
        Ticks(now.saturating_sub(ago.into()))
    }

    /// Running counts of what was lost here; the reporter adds its own.
    pub fn losses(&self) -> Losses {
        #[cfg(feature = "retained")]
        if self.is_asleep() {
            return Losses { ring_full: self.early(), ..Losses::default() };
        }
        self.losses_of_recorder()
    }

    /// The counts that the recorder has.
    #[cfg_attr(not(feature = "retained"), inline(always))]
    pub(super) fn losses_of_recorder(&self) -> Losses {
        let state = self.recorder.state();
        let [baggage_full, baggage_stale] = self.pool().map_or([0; 2], |pool| pool.losses());
        Losses {
            ring_full: self.recorder.dropped(),
            sampled_out: state.sampled_out.load(Relaxed),
            tag_cut: state.tag_cut.load(Relaxed),
            open_full: self.recorder.open_full(),
            baggage_full,
            baggage_stale,
            evicted: self.evicted(),
            ..Losses::default()
        }
    }

    /// Names and start times, in ticks of the clock's counter, of the spans that are open now.
    ///
    /// As far as the recorder's table of open spans held them; a name given later is not seen.
    pub fn open_spans(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let spans = self.recorder.open_spans();
        #[cfg(feature = "retained")]
        let spans = spans.take(if self.is_asleep() { 0 } else { usize::MAX });
        spans
    }

    /// Takes the one right to drain the ring into frames.
    ///
    /// # Errors
    /// Where there is a drain already, or the program has more call sites than records can tell
    /// apart.
    pub fn drain(&'static self) -> Result<Drain, DrainError> {
        let table = crate::site::table();
        if !table.is_told_apart() || !table.has_none() {
            return Err(DrainError::TooManySites);
        }
        #[cfg(feature = "retained")]
        self.boot(crate::ResetCause::Unknown);
        let was_taken = self.change_flags(flag::DRAINED, 0) & flag::DRAINED != 0;
        if was_taken {
            return Err(DrainError::Taken);
        }
        // SAFETY: this comes to pass once.
        let names = unsafe { self.recorder.names() };
        Ok(Drain::new(self, Names::new(names)))
    }

    /// Asks the reporter to send what is recorded, without waiting for its time.
    ///
    /// Callable from every context.
    pub fn flush(&self) {
        self.change_flags(flag::FLUSH, 0);
    }

    /// Whether the reporter has sent all that was recorded before [`Tracer::flush`].
    pub fn is_flushed(&self) -> bool {
        self.recorder.state().flags.load(Relaxed) & flag::FLUSH == 0
    }

    /// Sets and clears flags; gives those before.
    pub(crate) fn change_flags(&self, set: u16, clear: u16) -> u16 {
        if self.is_asleep() {
            return 0;
        }
        let flags = &self.recorder.state().flags;
        mask::with(|_| {
            let before = flags.load(Relaxed);
            flags.store(before & !clear | set, flag::RELEASE);
            before
        })
    }

    /// Whether the root with a number, given when the flags were these, is to be recorded.
    #[inline(always)]
    pub(super) fn samples(&self, number: u32, flags: u16) -> bool {
        if flags & flag::SESSION == 0 {
            self.begin_session();
        }
        let low = TraceId::low_of(self.trace_base(), whole_number(number, flags));
        low << 1 >> 1 < self.sampled_below
    }
}
