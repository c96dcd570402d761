//! How a span begins.

#[cfg(not(speed))]
mod called;
#[cfg(speed)]
mod inlined;

use super::active::Active;
use super::open::{LAST_NUMBER, Open, mark};
use super::record;
use super::recorder::count;
use super::span::Span;
use super::time::Moment;
use super::tracer::Tracer;
use crate::site::{NO_SITE, SiteStart};
use crate::tags::TagList;
use crate::{ChildOf, SpanContext};

impl Tracer {
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
        self.span_named(parent.into(), NO_SITE, name, ())
    }

    /// What [`span!`](crate::span) with a name of run time expands to; the site has none.
    #[doc(hidden)]
    pub fn span_named<T: TagList>(
        &'static self,
        parent: ChildOf<'_>,
        site: &'static SiteStart,
        name: &'static str,
        tags: T,
    ) -> Span {
        let span = self.span_child_of(parent, site, tags);
        span.set_operation_name(name);
        span
    }

    /// What [`span!`](crate::span) expands to.
    #[doc(hidden)]
    #[inline(always)]
    pub fn span_at<T: TagList>(&'static self, site: &'static SiteStart, tags: T) -> Span {
        Span::new(Open::child(self, site, tags))
    }

    /// What [`span!`](crate::span) with a parent expands to.
    #[doc(hidden)]
    #[inline(always)]
    pub fn span_child_of<T: TagList>(
        &'static self,
        parent: ChildOf<'_>,
        site: &'static SiteStart,
        tags: T,
    ) -> Span {
        Span::new(Open::with(self, site, tags, |open| match parent {
            // Only what is really asked for is in the program.
            ChildOf::Active => open.begin_active(),
            ChildOf::Span(parent) => open.begin_child_of(parent),
            ChildOf::Context(context) if context.is_valid() => open.begin_entry(&context, 0),
            ChildOf::FollowsFrom(context) if context.is_valid() => {
                open.begin_entry(&context, record::FOLLOWS);
            }
            ChildOf::Debug => open.begin_debug(),
            ChildOf::Root | ChildOf::Context(_) | ChildOf::FollowsFrom(_) => open.begin_root(),
        }))
    }

    /// The number of a new root, and whether it is to be recorded.
    #[inline(always)]
    fn sample_root(&self) -> Option<(u32, bool)> {
        let number = self.decide.map(|decide| decide(self))?;
        Some((number & LAST_NUMBER, number & RECORDED != 0))
    }

    /// The number of a new root, and [`RECORDED`] if it is to be.
    #[inline(never)]
    pub(super) fn decide_root(&self) -> u32 {
        let state = self.recorder.state();
        let (number, flags) = Self::take_number_and_flags(state);
        if self.samples(number, flags) { number | RECORDED } else { number }
    }
}

/// What beside the number of a root says that it is to be recorded.
const RECORDED: u32 = LAST_NUMBER + 1;

impl Open {
    /// A span that begins as `begin` has it; its tags lie in it, if they fit, else they follow.
    #[inline(always)]
    fn with<T: TagList>(
        tracer: &'static Tracer,
        site: &'static SiteStart,
        tags: T,
        begin: impl FnOnce(&mut Self),
    ) -> Self {
        if T::INLINE {
            let mut open = Self::with_tags(tracer, site, tags);
            begin(&mut open);
            open
        } else {
            let mut open = Self::with_tags(tracer, site, ());
            begin(&mut open);
            open.tags(site, tags);
            open
        }
    }

    /// A child of the active span, or a root where none is active.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_active(&mut self) {
        match Active::of(self.tracer) {
            Some(active) => self.follow(&active),
            None => self.begin_root(),
        }
    }

    /// A child of a span of this device.
    #[inline(never)]
    fn begin_child_of(&mut self, parent: &Span) {
        self.follow(&parent.as_active());
    }

    fn follow(&mut self, parent: &Active) {
        let marks = mark::inherited(parent.key);
        self.begin_with(marks & mark::INHERITED & !mark::BAGGAGE);
        self.parent = parent.own;
        if marks & mark::REMOTE != 0 {
            self.go_remote(parent.trace);
        } else {
            let [root, ..] = parent.trace;
            self.trace.set(root);
        }
        if mark::has_baggage(marks) {
            self.inherit(marks);
        }
        self.settle();
    }

    /// A root, which has a number if the sampler asks for it.
    fn begin_root(&mut self) {
        if self.tracer.is_asleep() {
            return self.begin_early();
        }
        let sampled = self.tracer.sample_root();
        self.begin_with(0);
        if let Some(adjustable) = &self.tracer.adjustable {
            return (adjustable.begin)(self, adjustable);
        }
        if let Some((number, is_sampled)) = sampled {
            self.mark(if is_sampled { 0 } else { mark::UNSAMPLED });
            self.set_number(number);
        }
        self.settle();
    }

    /// A span that begins before [`Tracer::boot`]: it is counted, and neither it nor what belongs to it asks
    /// anything of the recorder.
    #[cold]
    fn begin_early(&mut self) {
        #[cfg(feature = "retained")]
        {
            self.tracer.count_early();
            self.mark(mark::UNSAMPLED);
            // So that nobody asks for one.
            self.set_number(super::open::FIRST_NUMBER);
        }
    }

    /// A root that is for debugging: no sampler is asked.
    #[inline(never)]
    fn begin_debug(&mut self) {
        if self.tracer.is_asleep() {
            return self.begin_early();
        }
        self.begin_with(mark::DEBUG);
        self.settle();
    }

    /// The first span of this device in a trace that began elsewhere.
    #[inline(never)]
    fn begin_entry(&mut self, context: &SpanContext, kind: u32) {
        if self.tracer.is_asleep() {
            return self.begin_early();
        }
        let unsampled = if context.flags.is_sampled() { 0 } else { mark::UNSAMPLED };
        let debug = if context.flags.is_debug() { mark::DEBUG } else { 0 };
        self.begin_with(mark::REMOTE | mark::REMOTE_PARENT | unsampled | debug);
        self.go_remote(context.trace_id.words());
        self.refer_to(context, kind);
        if let Some(pool) = self.tracer.pool()
            && !context.baggage.is_none()
            // A stale handle is counted there.
            && let Ok(place) = pool.claim(context.baggage)
        {
            self.set_baggage(place);
        }
        self.settle();
    }

    /// Shares the baggage of a parent with these marks.
    #[cold]
    fn inherit(&self, marks: u32) {
        let place = (marks >> mark::BAGGAGE_SHIFT) as usize;
        if let Some(pool) = self.tracer.pool()
            && pool.hold(place)
        {
            self.number();
            self.set_baggage(place);
        }
    }

    /// Begins, as a leaf where it has no marks and its record is short.
    #[inline(never)]
    fn begin_with(&mut self, marks: u32) {
        self.begin(Moment::now(self.tracer.recorder.state(), &self.tracer.clock));
        if marks != 0 || !self.is_short() {
            self.mark(marks);
        } else if self.tracer.key != 0 {
            // Where its end is not inlined it would not ask for a slot, or call the clock.
            self.go_long();
        }
    }

    /// Belongs to a trace that began elsewhere: its id takes the place of the values, which become
    /// a part.
    fn go_remote(&mut self, trace: [u32; 4]) {
        if self.types() != 0 {
            self.values_apart();
            self.first.set(self.first.get() << 8 >> 8);
        }
        self.set_trace(trace);
    }

    /// Gets a slot in the table of open spans, or is counted where it is not recorded.
    pub(super) fn settle(&self) {
        if self.tracer.is_asleep() {
            #[cfg(feature = "retained")]
            self.tracer.count_early();
        } else if self.is(mark::UNSAMPLED) {
            count(&self.tracer.recorder.state().sampled_out, 1);
        } else {
            self.tracer.recorder.claim(self);
        }
    }
}
