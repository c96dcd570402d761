//! [`Span`]: a handle of 40 bytes that becomes a record when it is finished.

use super::active::{Active, Scope};
use super::open::{Open, mark};
use super::time::Moment;
use super::tracer::Tracer;
use super::{finish, record};
use crate::carrier::InjectError;
use crate::carrier::short::{self, ShortContext};
use crate::site::SiteStart;
use crate::tags::{TagList, TagValue};
use crate::{BaggageError, Copied, Reference, SpanContext, Ticks};

/// When a log with many fields was.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct LogMoment(Moment);

/// A unit of work with a name, a start and a finish, tags and logs.
///
/// It is recorded when it is finished or dropped. It may be sent to another thread or task, but not
/// shared between two. All its functions are callable from every context.
#[derive(Debug)]
#[must_use = "a span that is not kept finishes at once"]
pub struct Span {
    open: Open,
}

impl Span {
    #[inline(always)]
    pub(crate) fn new(open: Open) -> Self {
        Self { open }
    }

    /// Sets a tag. The key need not be a constant; [`tag!`](crate::tag) costs less.
    pub fn set_tag(&self, key: &'static str, value: impl TagValue) {
        self.open.named(0, key, value);
    }

    /// Gives the span another operation name.
    pub fn set_operation_name(&self, name: &'static str) {
        self.open.named(record::OPERATION, "", name);
    }

    /// Says that the work failed, and how: the tags `error` and `otel.status_description`, which are the
    /// status of the span to OpenTelemetry.
    #[doc(alias = "set_status")]
    pub fn set_error(&self, message: &str) {
        crate::tag!(self, error = true, "otel.status_description" = Copied(message));
    }

    /// Refers to one more span: another parent, or what it follows from; also in another trace.
    ///
    /// A context that is not valid is left out.
    #[doc(alias = "add_link")]
    pub fn add_reference(&self, reference: Reference) {
        let (context, kind) = match &reference {
            Reference::ChildOf(context) => (context, 0),
            Reference::FollowsFrom(context) => (context, record::FOLLOWS),
        };
        if context.is_valid() {
            self.open.refer_to(context, kind);
        }
    }

    /// Has the span begin at another time than now, for example when an interrupt took the time.
    pub fn starting_at(mut self, start: Ticks) -> Self {
        self.open.start_at(start.0);
        self
    }

    /// Finishes the span at another time than now. An end before its start is its start.
    pub fn finish_at(self, end: Ticks) {
        let this = core::mem::ManuallyDrop::new(self);
        finish::record_at(&this.open, Some(this.open.end_at(end.0)));
    }

    /// Logs one field, with the time. [`log!`](crate::log) costs less and takes several.
    pub fn log(&self, key: &'static str, value: impl TagValue) {
        self.open.log_named(key, value);
    }

    /// What of the span crosses a boundary.
    ///
    /// About 200 instructions on a Cortex-M4: the ids are computed, not stored.
    #[must_use]
    pub fn context(&self) -> SpanContext {
        self.open.as_active().context(self.open.tracer)
    }

    /// What of the span crosses a boundary of eight bytes, such as a frame of classic CAN.
    ///
    /// # Errors
    /// Where the tracer has no [handle](Tracer::short_handle) yet, or the trace began where there are
    /// none.
    pub fn short_context(&self) -> Result<ShortContext, InjectError> {
        let active = self.open.as_active();
        let handle = self.open.tracer.handle();
        if handle == 0 {
            return Err(InjectError::NoHandle);
        }
        let context = active.context(self.open.tracer);
        let (root, trace) = match short::trace_of(context.trace_id) {
            Some(known) => known,
            None if self.open.is(mark::REMOTE) => return Err(InjectError::LongTrace),
            None => (handle, active.trace[0]),
        };
        Ok(ShortContext { sender: handle, span: active.own, root, trace, flags: context.flags })
    }

    /// Adds an item of baggage, which all children have that begin from now on, here and on other
    /// devices. A key that is there already has the new value.
    ///
    /// The span gets a log of it, as Jaeger's clients do. Children that follow this span as the
    /// active one have it if no other has been made active since.
    ///
    /// # Errors
    /// Where the tracer has no pool, or none that has room for it, which is counted; the baggage stays
    /// as it was.
    #[cfg_attr(not(feature = "baggage"), expect(unused_variables, reason = "there is no pool"))]
    pub fn set_baggage_item(&self, key: &str, value: &str) -> Result<(), BaggageError> {
        #[cfg(feature = "baggage")]
        if let Some(pool) = self.open.tracer.pool() {
            let is_new = self.baggage_item(key).is_none();
            let place = pool.put(self.open.baggage(), key, value)?;
            self.open.number();
            self.open.set_baggage(place);
            super::active::see_again(self.open.tracer, &self.open.as_active());
            let (key, value) = (Copied(key), Copied(value));
            if is_new {
                crate::log!(self, event = "baggage", key = key, value = value);
            } else {
                crate::log!(self, event = "baggage", key = key, value = value, r#override = true);
            }
            return Ok(());
        }
        Err(BaggageError::NoPool)
    }

    /// The value of an item of baggage that the span has from its parent or by itself.
    #[must_use]
    pub fn baggage_item(&self, key: &str) -> Option<&str> {
        self.baggage_items().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// All items of baggage, the last set first.
    pub fn baggage_items(&self) -> impl Iterator<Item = (&str, &str)> {
        let pool = self.open.tracer.pool();
        // SAFETY: the span holds all items that it ever had until it ends.
        pool.into_iter().flat_map(|pool| unsafe { pool.items(self.open.baggage()) })
    }

    /// Whether the span is recorded.
    #[inline]
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        !self.open.is(mark::UNSAMPLED)
    }

    /// Makes the span active until the guard is dropped.
    ///
    /// 27 instructions with the guard's end on a Cortex-M4, where the profile asks for speed; more the first
    /// time, when the span gets its number, and for a span of a remote trace or with baggage.
    #[cfg_attr(speed, inline(always))]
    pub fn enter(&self) -> Scope<'_> {
        Scope::new(self)
    }

    /// Finishes the span now.
    #[inline(always)]
    pub fn finish(self) {
        // Not by `drop`, which takes the address of the span: so it can stay in registers.
        #[cfg(speed)]
        finish::record(&core::mem::ManuallyDrop::new(self).open);
    }

    /// What [`tag!`](crate::tag) expands to.
    #[doc(hidden)]
    #[inline(always)]
    pub fn tags_at<T: TagList>(&self, site: &'static SiteStart, tags: T) {
        self.open.tags(site, tags);
    }

    /// What [`log!`](crate::log) expands to.
    #[doc(hidden)]
    #[cfg_attr(speed, inline(always))]
    pub fn log_at<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        self.open.log(site, fields);
    }

    /// The moment of a log that has more than one record.
    #[doc(hidden)]
    pub fn log_moment(&self) -> LogMoment {
        LogMoment(Moment::now(self.open.tracer.recorder.state(), &self.open.tracer.clock))
    }

    /// What [`log!`](crate::log) with many fields expands to; `is_more` for all but the first.
    #[doc(hidden)]
    pub fn log_many<T: TagList>(
        &self,
        at: &LogMoment,
        is_more: bool,
        site: &'static SiteStart,
        fields: T,
    ) {
        let kind = if is_more { record::KIND_LOG | record::MORE } else { record::KIND_LOG };
        self.open.log_fields(site, fields, at.0, kind);
    }

    pub(crate) fn tracer(&self) -> &'static Tracer {
        self.open.tracer
    }

    #[cfg(speed)]
    #[inline(always)]
    pub(crate) fn open(&self) -> &Open {
        &self.open
    }

    /// The span's number, which it gets now if it has none.
    #[inline(always)]
    pub(crate) fn number(&self) -> u32 {
        self.open.number()
    }

    /// The span as its children see it.
    pub(crate) fn as_active(&self) -> Active {
        self.open.as_active()
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        finish::record(&self.open);
    }
}

const _: () = assert!(size_of::<usize>() > 4 || cfg!(feature = "std") || size_of::<Span>() == 40);
