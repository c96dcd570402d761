//! [`Tracer`]: what firmware talks to, and how a span begins.

use super::active::{self, Active, KEY_UNSAMPLED};
use super::drain::Drain;
use super::open::{Open, UNNUMBERED, mark};
use super::record;
use super::recorder::{Recorder, RecorderRef, State, flag};
use super::span::{ChildOf, Span};
use super::time::{self, Moment};
use crate::config::{DeviceSource, Sampler, SessionSource};
use crate::site::{NO_SITE, SiteStart};
use crate::tags::{MAX_INLINE_STR, TagList};
use crate::wire::{Losses, Value};
use crate::{Clock, DeviceId, Session, SpanContext, TraceId};
use core::sync::atomic::Ordering::Relaxed;
use critical_section::CriticalSection;

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
    sampler: Sampler,
    device: DeviceSource,
    session: SessionSource,
    pub(crate) service: &'static str,
    pub(crate) build: &'static [u8],
    pub(crate) tags: &'static [(&'static str, Value<'static>)],
}

impl Tracer {
    /// A tracer for a service, which samples everything.
    ///
    /// Give it a device and a session before two boards or two boots report to one collector.
    #[must_use]
    pub const fn new<const WORDS: usize, const OPEN: usize>(
        service: &'static str,
        recorder: &'static Recorder<WORDS, OPEN>,
        clock: Clock,
    ) -> Self {
        Self {
            recorder: recorder.by_ref(),
            clock,
            sampler: Sampler::Always,
            device: DeviceSource::Fixed(DeviceId(1)),
            session: SessionSource::Fixed(Session::new(1)),
            service,
            build: &[],
            tags: &[],
        }
    }

    /// The identity of the device, where it is in the image.
    #[must_use]
    pub const fn device_id(mut self, device: DeviceId) -> Self {
        self.device = DeviceSource::Fixed(device);
        self
    }

    /// The identity of the device, where it is read from the chip; asked often, always the same.
    #[must_use]
    pub const fn device_id_from(mut self, read: fn() -> DeviceId) -> Self {
        self.device = DeviceSource::Function(read);
        self
    }

    /// Where the number of each boot comes from.
    #[must_use]
    pub const fn session(mut self, source: SessionSource) -> Self {
        self.session = source;
        self
    }

    /// Which roots are recorded.
    #[must_use]
    pub const fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = sampler;
        self
    }

    /// Tags of the process, up to 255: `("board", Value::Text("nucleo"))`.
    #[must_use]
    pub const fn tags(mut self, tags: &'static [(&'static str, Value<'static>)]) -> Self {
        self.tags = tags;
        self
    }

    /// The identity of the program's build.
    #[must_use]
    pub const fn build_id(mut self, build: &'static [u8]) -> Self {
        self.build = build;
        self
    }

    /// Starts a span with a name that need not be a constant of the call.
    ///
    /// A child of the active span, or a root where none is active. [`span!`](crate::span) costs
    /// less: here the name takes a record of its own.
    pub fn start(&'static self, name: &'static str) -> Span {
        self.start_child_of(ChildOf::Active, name)
    }

    /// Starts a span below a given parent, with a name that need not be a constant.
    pub fn start_child_of<'a>(
        &'static self,
        parent: impl Into<ChildOf<'a>>,
        name: &'static str,
    ) -> Span {
        let open = self.begin(NO_SITE, parent.into());
        let open = if open.is(mark::UNSAMPLED) { open } else { open.guarded(self) };
        open.named(record::KIND_PART | record::OPERATION, "", name);
        Span::new(open)
    }

    /// What [`span!`](crate::span) expands to.
    #[doc(hidden)]
    #[cfg_attr(speed, inline(always))]
    pub fn span_at<T: TagList>(&'static self, site: &'static SiteStart, tags: T) -> Span {
        let (key, parent, trace) = active::with_slot(self, |slot| {
            (slot.key.load(Relaxed), slot.own.load(Relaxed), slot.trace[0].load(Relaxed))
        });
        let context = active::context();
        let open = if key == context {
            if T::INLINE && tags.static_len() <= MAX_INLINE_STR {
                let now = Moment::now(self.recorder.state(), &self.clock);
                Open::leaf(self, site, now, parent, trace, tags).guarded(self)
            } else {
                self.open_otherwise(site, tags, true)
            }
        } else if key == context | KEY_UNSAMPLED {
            self.unsampled_child(parent, trace)
        } else {
            self.open_otherwise(site, tags, key & 0xffff == context)
        };
        Span::new(open)
    }

    #[cfg_attr(speed, inline(always))]
    #[cfg_attr(not(speed), inline(never))]
    fn unsampled_child(&'static self, parent: u32, trace: u32) -> Open {
        self.count(&self.recorder.state().sampled_out, 1);
        Open::unsampled_child(self, parent, trace)
    }

    /// A span below one of another kind, or with many tags, or a root.
    #[cfg_attr(speed, inline(always))]
    #[cfg_attr(not(speed), cold, inline(never))]
    fn open_otherwise<T: TagList>(
        &'static self,
        site: &'static SiteStart,
        tags: T,
        has_parent: bool,
    ) -> Open {
        let mut parent = ChildOf::Active;
        if !has_parent && matches!(self.sampler, Sampler::Below(_)) {
            match self.sample_root() {
                Ok(number) => parent = ChildOf::Sampled(number),
                Err(number) => return Open::unsampled_root(self, number),
            }
        }
        self.begin_with(site, parent, tags.apart()).numbered()
    }

    /// What [`span!`](crate::span) with a parent expands to.
    #[doc(hidden)]
    pub fn span_child_of<T: TagList>(
        &'static self,
        parent: ChildOf<'_>,
        site: &'static SiteStart,
        tags: T,
    ) -> Span {
        Span::new(self.begin_with(site, parent, tags))
    }

    #[inline(never)]
    fn begin_with<T: TagList>(
        &'static self,
        site: &'static SiteStart,
        parent: ChildOf<'_>,
        tags: T,
    ) -> Open {
        let open = self.begin(site, parent);
        // What did not begin the short way does not end it either: see `Open::numbered`.
        open.number();
        let open = if open.is(mark::UNSAMPLED) { open } else { open.guarded(self) };
        open.leave_leaf();
        if T::COUNT != 0 {
            open.tags(site, tags);
        }
        open
    }

    /// Starts a span in whatever relation, without tags.
    fn begin(&'static self, site: &'static SiteStart, parent: ChildOf<'_>) -> Open {
        let now = Moment::now(self.recorder.state(), &self.clock);
        let parent = match parent {
            ChildOf::Active => Active::current(self).ok_or(ChildOf::Root),
            ChildOf::Span(parent) => Ok(parent.as_active()),
            other => Err(other),
        };
        match parent {
            Ok(parent) => {
                let open = Open::below(self, site, now, &parent);
                if open.is(mark::UNSAMPLED) {
                    self.count(&self.recorder.state().sampled_out, 1);
                }
                open
            }
            Err(ChildOf::Sampled(number)) => Open::root(self, site, now, number),
            Err(ChildOf::Context(context)) => self.entry(site, now, context),
            Err(_) => match self.sample_root() {
                Ok(number) => Open::root(self, site, now, number),
                Err(number) => Open::unsampled_root(self, number),
            },
        }
    }

    /// The number of a new root, as an error where it is not to be recorded; then it is counted.
    #[inline(never)]
    fn sample_root(&self) -> Result<u32, u32> {
        let state = self.recorder.state();
        let (number, turns) = critical_section::with(|cs| {
            let number = Self::next_number(state, cs);
            (number, state.flags.load(Relaxed) >> 8)
        });
        let sampled = match self.sampler {
            Sampler::Always => true,
            Sampler::Never => false,
            Sampler::Below(_) => {
                let counter = u64::from(turns) << 32 | u64::from(number);
                let (device, session) = (self.device(), self.session_number());
                self.sampler.samples(TraceId::expand_low(device, session, counter))
            }
        };
        if sampled {
            return Ok(number);
        }
        self.count(&state.sampled_out, 1);
        Err(number)
    }

    /// The first span of this device in a trace that began elsewhere.
    fn entry(&'static self, site: &'static SiteStart, now: Moment, context: SpanContext) -> Open {
        let open = Open::entry(self, site, now, &context);
        if open.is(mark::UNSAMPLED) {
            self.count(&self.recorder.state().sampled_out, 1);
        }
        open.refer_to(&context);
        open
    }

    /// The identity of the device.
    #[inline]
    pub fn device(&self) -> DeviceId {
        self.device.get()
    }

    /// The session: asked of its source once, the first time.
    #[inline]
    pub fn session_number(&self) -> Session {
        let state = self.recorder.state();
        if state.flags.load(Relaxed) & flag::SESSION == 0 {
            self.begin_session();
        }
        Session::new(state.session.load(Relaxed))
    }

    #[cold]
    fn begin_session(&self) {
        let state = self.recorder.state();
        // The source may take its time, so it is asked with interrupts on; the first answer wins.
        let session = self.session.get();
        critical_section::with(|_| {
            let flags = state.flags.load(Relaxed);
            if flags & flag::SESSION == 0 {
                state.session.store(session.get(), Relaxed);
                state.flags.store(flags | flag::SESSION, Relaxed);
            }
        });
    }

    /// Watches the clock: to be called at least once in each half turn of its 32 bits.
    ///
    /// The reporter does it. Where none runs, a timer interrupt must, or else durations are marked
    /// ambiguous. Callable from every context; masks interrupts for about 20 instructions.
    pub fn keep_time(&self) {
        time::keep(self.recorder.state(), &self.clock);
    }

    /// Running counts of what was lost here; the reporter adds its own.
    pub fn losses(&self) -> Losses {
        let state = self.recorder.state();
        Losses {
            ring_full: state.positions.dropped(),
            sampled_out: state.sampled_out.load(Relaxed),
            tag_cut: state.tag_cut.load(Relaxed),
            open_full: u32::from(state.open_full.load(Relaxed)),
            ..Losses::default()
        }
    }

    /// Names and start times, in ticks of the clock's counter, of the spans that are open now.
    ///
    /// As far as the recorder's table of open spans held them; a name given later is not seen.
    pub fn open_spans(&self) -> impl Iterator<Item = (&'static str, u32)> {
        self.recorder.open_spans()
    }

    /// Takes the one right to drain the ring into frames; none where it is taken.
    ///
    /// `NAMES` is the size of the table of what frames refer to by number, see [`Drain`].
    pub fn drain<const NAMES: usize>(&'static self) -> Option<Drain<NAMES>> {
        let was_taken = self.change_flags(flag::DRAINED, 0) & flag::DRAINED != 0;
        (!was_taken).then(|| Drain::new(self))
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
        let flags = &self.recorder.state().flags;
        critical_section::with(|_| {
            let before = flags.load(Relaxed);
            flags.store(before & !clear | set, Relaxed);
            before
        })
    }

    /// The number of the next span that is no leaf.
    ///
    /// A leaf takes one without a look at the counter's end. It may, since it takes none that is
    /// [`FAR`](record::FAR) from its root's, and no root has one of the last so many.
    #[inline(always)]
    pub(crate) fn next_number(state: &State, cs: CriticalSection<'_>) -> u32 {
        let number = state.counter.load(Relaxed).wrapping_add(1);
        if number <= UNNUMBERED || number >= record::FAR.wrapping_neg() {
            return Self::turn_counter(state, cs);
        }
        state.counter.store(number, Relaxed);
        number
    }

    /// The first number, or the counter's 32 bits are used up: eight more of them are in the flags.
    #[cold]
    fn turn_counter(state: &State, _: CriticalSection<'_>) -> u32 {
        const FIRST: u32 = UNNUMBERED + 1;

        if state.counter.load(Relaxed) != 0 {
            let flags = state.flags.load(Relaxed);
            state.flags.store(flags.wrapping_add(1 << 8), Relaxed);
        }
        state.counter.store(FIRST, Relaxed);
        FIRST
    }

    /// The 40 bits of a number given not long ago.
    pub(crate) fn widen_counter(&self, number: u32) -> u64 {
        let state = self.recorder.state();
        let (flags, counter) =
            critical_section::with(|_| (state.flags.load(Relaxed), state.counter.load(Relaxed)));
        let turns = (flags >> 8) as u8;
        let turns = if number > counter { turns.wrapping_sub(1) } else { turns };
        u64::from(turns) << 32 | u64::from(number)
    }

    #[inline(always)]
    pub(crate) fn count(&self, counter: &core::sync::atomic::AtomicU32, more: u32) {
        critical_section::with(|_| {
            counter.store(counter.load(Relaxed).wrapping_add(more), Relaxed);
        });
    }
}
