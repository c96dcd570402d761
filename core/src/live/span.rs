//! [`Span`]: a handle of 40 bytes that becomes a record when it is finished.

use super::active::{self, Active, KEY_DEBUG, KEY_REMOTE, KEY_UNSAMPLED, Scope};
use super::record::{self, first};
use super::ring::{COMMITTED, LEN_SHIFT, Reserved};
use super::time::Moment;
use super::tracer::Tracer;
use crate::site::{NO_SITE, SiteStart};
use crate::tags::{INLINE_WORDS, MAX_INLINE_STR, TagList, TagValue, Words};
use crate::{SpanContext, SpanId, TraceFlags, TraceId};
use core::cell::Cell;

/// What a new span is a child of.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum ChildOf<'a> {
    /// The active span; nothing where none is active.
    Active,
    /// Nothing: the span begins a trace.
    Root,
    /// A span of this device.
    Span(&'a Span),
    /// A span anywhere, known by its context.
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

/// None begins a trace, as where nothing could be extracted.
impl From<Option<SpanContext>> for ChildOf<'_> {
    fn from(context: Option<SpanContext>) -> Self {
        context.map_or(Self::Root, Self::Context)
    }
}

/// A unit of work with a name, a start and a finish, tags and logs.
///
/// It is recorded when it is finished or dropped. It may be sent to another thread or task, but not
/// shared between two. All its functions are callable from every context.
#[derive(Debug)]
#[must_use = "a span that is not kept finishes at once"]
pub struct Span {
    tracer: &'static Tracer,
    data: Data,
}

/// The words of a span that is not finished.
#[derive(Debug)]
pub(crate) struct Data {
    /// The first word of the record in its short form; see [`mark`] for its lowest byte.
    first: Cell<u32>,
    start: u32,
    /// Half wraps 16, length of the static string 8, types 8.
    kinds: u32,
    /// Its number; 0 until somebody needs it, so that a leaf takes it while it reserves.
    own: Cell<u32>,
    /// The parent's number; 0 where it has none or it is elsewhere.
    parent: u32,
    /// The root's number; in a remote trace this and the first three words are the trace id.
    trace: u32,
    words: [u32; INLINE_WORDS],
}

/// What keeps a span from the short form: bits of the lowest byte of its first word, beside
/// [`COMMITTED`].
mod mark {
    pub(super) const UNSAMPLED: u32 = 1 << 1;
    pub(super) const REMOTE: u32 = 1 << 2;
    pub(super) const ROOT: u32 = 1 << 3;
    pub(super) const REMOTE_PARENT: u32 = 1 << 4;
    pub(super) const DEBUG: u32 = 1 << 5;
    /// Records carry its number: how many is in the upper nibble of the next byte.
    pub(super) const PARTS: u32 = 1 << 6;
    pub(super) const ANY: u32 = 0xfe;
}

/// One more part, in the first word.
const ONE_PART: u32 = 1 << 12;
const MAX_PARTS: u32 = 15;

const SHORT: u32 = first(record::KIND_SPAN, record::SPAN_WORDS) | COMMITTED;

/// Words in a span, from the first on.
struct Inline<'a> {
    words: &'a mut [u32; INLINE_WORDS],
    at: usize,
}

impl Words for Inline<'_> {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if let Some(slot) = self.words.get_mut(self.at) {
            *slot = word;
        }
        self.at += 1;
    }
}

/// Words of a record from `at` on.
struct Body<'a> {
    reserved: Reserved<'a>,
    at: usize,
    end: usize,
}

impl Words for Body<'_> {
    #[inline(always)]
    fn put(&mut self, word: u32) {
        if self.at < self.end {
            // SAFETY: below the length reserved.
            unsafe { self.reserved.write(self.at, word) };
        }
        self.at += 1;
    }
}

impl Data {
    fn new(site: &'static SiteStart, now: Moment) -> Self {
        Self {
            first: Cell::new(site.bits() | SHORT),
            start: now.ticks,
            kinds: u32::from(now.half_wraps) << 16,
            own: Cell::new(0),
            parent: 0,
            trace: 0,
            words: [0; INLINE_WORDS],
        }
    }

    /// A sampled child of a span of this device, with tags that fit.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "lengths were checked")]
    pub(crate) fn child<T: TagList>(
        site: &'static SiteStart,
        now: Moment,
        parent: u32,
        trace: u32,
        tags: T,
    ) -> Self {
        let mut words = [0; INLINE_WORDS];
        tags.put_inline(&mut Inline { words: &mut words, at: 0 });
        let len = (T::INLINE_WORDS as u32) << LEN_SHIFT;
        let kinds = (tags.static_len() as u32) << 8 | T::SHAPE & 0xff;
        Self {
            first: Cell::new(site.bits() | (SHORT + len)),
            start: now.ticks,
            kinds: u32::from(now.half_wraps) << 16 | kinds,
            own: Cell::new(0),
            parent,
            trace,
            words,
        }
    }

    pub(crate) fn root(site: &'static SiteStart, now: Moment) -> Self {
        let data = Self::new(site, now);
        data.mark(mark::ROOT);
        data
    }

    /// A child of a span of this device.
    pub(crate) fn below(site: &'static SiteStart, now: Moment, parent: Active) -> Self {
        let mut data = Self::new(site, now);
        data.parent = parent.own;
        data.set_trace(parent.trace);
        if parent.key & KEY_UNSAMPLED != 0 {
            data.mark(mark::UNSAMPLED);
        }
        if parent.key & KEY_REMOTE != 0 {
            data.mark(mark::REMOTE);
        }
        if parent.key & KEY_DEBUG != 0 {
            data.mark(mark::DEBUG);
        }
        data
    }

    /// A child of a span elsewhere.
    pub(crate) fn entry(site: &'static SiteStart, now: Moment, context: &SpanContext) -> Self {
        let mut data = Self::new(site, now);
        data.set_trace(trace_words(context.trace_id));
        data.mark(mark::REMOTE | mark::REMOTE_PARENT);
        if !context.flags.is_sampled() {
            data.mark(mark::UNSAMPLED);
        }
        if context.flags.is_debug() {
            data.mark(mark::DEBUG);
        }
        data
    }

    fn set_trace(&mut self, trace: [u32; 4]) {
        let [first, rest @ ..] = trace;
        self.trace = first;
        self.words.iter_mut().zip(rest).for_each(|(to, word)| *to = word);
    }

    fn trace(&self) -> [u32; 4] {
        let mut rest = self.words.iter().copied();
        [self.trace, rest.next().unwrap_or(0), rest.next().unwrap_or(0), rest.next().unwrap_or(0)]
    }

    fn mark(&self, marks: u32) {
        self.first.set(self.first.get() | marks);
    }

    #[inline(always)]
    fn is(&self, marks: u32) -> bool {
        self.first.get() & marks != 0
    }

    fn start(&self) -> Moment {
        Moment { half_wraps: (self.kinds >> 16) as u16, ticks: self.start }
    }

    /// Words of values.
    #[inline(always)]
    fn values(&self) -> usize {
        ((self.first.get() >> LEN_SHIFT & 0xf) - record::SPAN_WORDS) as usize
    }
}

impl Span {
    #[inline(always)]
    pub(crate) fn new(tracer: &'static Tracer, data: Data) -> Self {
        Self { tracer, data }
    }

    /// Sets a tag. The key need not be a constant; [`tag!`](crate::tag) costs less.
    pub fn set_tag(&self, key: &'static str, value: impl TagValue) {
        self.named(record::KIND_PART | record::NAMED, key, value);
    }

    /// Gives the span another operation name.
    pub fn set_operation_name(&self, name: &'static str) {
        self.named(record::KIND_PART | record::NAMED | record::OPERATION, "", name);
    }

    /// Logs one field, with the time. [`log!`](crate::log) costs less and takes several.
    pub fn log(&self, key: &'static str, value: impl TagValue) {
        self.named(record::KIND_LOG | record::NAMED, key, value);
    }

    /// What of the span crosses a boundary.
    ///
    /// About 200 instructions on a Cortex-M4: the ids are computed, not stored.
    #[must_use]
    pub fn context(&self) -> SpanContext {
        let (device, session) = (self.tracer.device(), self.tracer.session_number());
        let own = self.tracer.widen_counter(self.number());
        let trace_id = if self.data.is(mark::REMOTE) {
            trace_id(self.data.trace())
        } else if self.data.is(mark::ROOT) {
            TraceId::expand(device, session, own)
        } else {
            TraceId::expand(device, session, self.tracer.widen_counter(self.data.trace))
        };
        let debug = if self.data.is(mark::DEBUG) { TraceFlags::DEBUG.0 } else { 0 };
        let sampled = if self.is_sampled() { TraceFlags::SAMPLED.0 } else { 0 };
        SpanContext {
            trace_id,
            span_id: SpanId::expand(device, session, own),
            flags: TraceFlags(sampled | debug),
        }
    }

    /// Whether the span is recorded.
    #[inline]
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        !self.data.is(mark::UNSAMPLED)
    }

    /// Makes the span active until the guard is dropped.
    pub fn enter(&self) -> Scope<'_> {
        Scope::new(self)
    }

    /// Finishes the span now.
    #[inline(always)]
    pub fn finish(self) {
        drop(self);
    }

    /// What [`tag!`](crate::tag) expands to.
    #[doc(hidden)]
    #[inline(never)]
    pub fn tags_at<T: TagList>(&self, site: &'static SiteStart, tags: T) {
        self.cut(tags.cuts());
        let len = record::PART_WORDS as usize + tags.part_words();
        self.emit(site.bits() | record::KIND_PART, len, |body| {
            body.put(T::SHAPE);
            tags.put_part(body);
        });
    }

    /// What [`log!`](crate::log) expands to.
    #[doc(hidden)]
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "lengths were checked")]
    pub fn log_at<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        if self.data.is(mark::UNSAMPLED) {
            return;
        }
        if !T::INLINE || fields.static_len() > MAX_INLINE_STR {
            return self.long_log(site, fields);
        }
        let now = Moment::now(self.tracer.recorder.state, &self.tracer.clock);
        let len = record::COMPACT_LOG_WORDS as usize + T::INLINE_WORDS;
        self.emit(site.bits() | record::KIND_LOG | record::COMPACT, len, |body| {
            let kinds = (fields.static_len() as u32) << 8 | T::SHAPE & 0xff;
            body.put(u32::from(now.half_wraps) << 16 | kinds);
            body.put(now.ticks);
            fields.put_inline(body);
        });
    }

    #[inline(never)]
    fn long_log<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        self.cut(fields.cuts());
        let now = Moment::now(self.tracer.recorder.state, &self.tracer.clock);
        let len = record::LOG_WORDS as usize + fields.part_words();
        self.emit(site.bits() | record::KIND_LOG, len, |body| {
            body.put(T::SHAPE);
            body.put(now.ticks);
            body.put(u32::from(now.half_wraps) << 16);
            fields.put_part(body);
        });
    }

    /// Tags given at the start, where they do not go into the short form.
    pub(crate) fn first_tags<T: TagList>(&self, site: &'static SiteStart, tags: T) {
        if T::COUNT != 0 {
            self.tags_at(site, tags);
        }
    }

    fn named(&self, kind: u32, key: &'static str, value: impl TagValue) {
        self.cut(u32::from(value.is_cut()));
        let now = Moment::now(self.tracer.recorder.state, &self.tracer.clock);
        let is_log = kind & record::KIND_MASK == record::KIND_LOG;
        let head = if is_log { record::LOG_WORDS } else { record::PART_WORDS };
        let len = head as usize + key.part_words() + value.part_words();
        self.emit(NO_SITE.bits() | kind, len, |body| {
            body.put(shape_of(value));
            if is_log {
                body.put(now.ticks);
                body.put(u32::from(now.half_wraps) << 16);
            }
            key.put_part(body);
            value.put_part(body);
        });
    }

    /// Refers to a span elsewhere: the parent, or one that this one follows.
    pub(crate) fn refer_to(&self, context: &SpanContext, follows: bool) {
        let follows = if follows { record::FOLLOWS } else { 0 };
        let len = record::REFERENCE_WORDS as usize;
        self.emit(NO_SITE.bits() | record::KIND_REFERENCE | follows, len, |body| {
            trace_words(context.trace_id).into_iter().for_each(|word| body.put(word));
            let id = u64::from_be_bytes(context.span_id.0);
            #[expect(clippy::cast_possible_truncation, reason = "the low half")]
            body.put(id as u32);
            body.put((id >> 32) as u32);
        });
    }

    /// Leaves the span out of the record.
    pub(crate) fn leave_out(&self) {
        self.data.mark(mark::UNSAMPLED);
    }

    pub(crate) fn tracer(&self) -> &'static Tracer {
        self.tracer
    }

    /// The span's number, which it gets now if it has none.
    pub(crate) fn number(&self) -> u32 {
        let own = self.data.own.get();
        if own != 0 {
            return own;
        }
        let state = self.tracer.recorder.state;
        let own = critical_section::with(|cs| Tracer::next_number(state, cs));
        self.data.own.set(own);
        own
    }

    /// The span as its children see it.
    pub(crate) fn as_active(&self) -> Active {
        let own = self.number();
        let trace = if self.data.is(mark::ROOT) { [own, 0, 0, 0] } else { self.data.trace() };
        let bit = |marks, bit| if self.data.is(marks) { bit } else { 0 };
        let key = active::context()
            | bit(mark::UNSAMPLED, KEY_UNSAMPLED)
            | bit(mark::REMOTE, KEY_REMOTE)
            | bit(mark::DEBUG, KEY_DEBUG);
        Active { key, own, trace }
    }

    fn cut(&self, count: u32) {
        if count != 0 && self.is_sampled() {
            self.tracer.count(&self.tracer.recorder.state.tag_cut, count);
        }
    }

    /// Records something that carries the span's number; where there is no room it is counted.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    fn emit(&self, head: u32, len: usize, write: impl FnOnce(&mut Body<'_>)) {
        if self.data.is(mark::UNSAMPLED) {
            return;
        }
        let words = len as u32;
        let recorder = &self.tracer.recorder;
        let mut own = self.data.own.get();
        let reserved = critical_section::with(|cs| {
            if own == 0 {
                own = Tracer::next_number(recorder.state, cs);
            }
            recorder.ring().reserve(words, cs)
        });
        self.data.own.set(own);
        // Lost or not, it is a part of the span: whoever sees fewer knows that one is missing.
        let first = self.data.first.get() | mark::PARTS;
        let more = if first >> 12 & MAX_PARTS < MAX_PARTS { ONE_PART } else { 0 };
        self.data.first.set(first + more);
        if let Some(reserved) = reserved {
            let mut body = Body { reserved, at: 1, end: len };
            body.put(own);
            write(&mut body);
            reserved.commit(head | words << LEN_SHIFT | COMMITTED);
        }
    }

    #[inline]
    fn record(&self) {
        let (data, recorder) = (&self.data, &self.tracer.recorder);
        let first = data.first.get();
        if first & mark::ANY != 0 {
            return self.record_wide();
        }
        let end = Moment::now(recorder.state, &self.tracer.clock);
        if u32::from(end.half_wraps) != data.kinds >> 16 {
            return self.record_wide();
        }
        let mut own = data.own.get();
        let mut is_near = true;
        let reserved = critical_section::with(|cs| {
            if own == 0 {
                own = Tracer::next_number(recorder.state, cs);
            }
            is_near = own.wrapping_sub(data.trace) >> 16 == 0;
            if is_near { recorder.ring().reserve(first >> LEN_SHIFT & 0xf, cs) } else { None }
        });
        if !is_near {
            data.own.set(own);
            return self.record_wide();
        }
        if let Some(reserved) = reserved {
            let up = own.wrapping_sub(data.parent) << 16 | own.wrapping_sub(data.trace);
            // SAFETY: six words and the values' were reserved.
            unsafe {
                reserved.write(1, data.start);
                reserved.write(2, end.ticks.wrapping_sub(data.start));
                reserved.write(3, own);
                reserved.write(4, up);
                reserved.write(5, data.kinds);
                for (at, word) in data.words.iter().enumerate().take(data.values()) {
                    reserved.write(6 + at, *word);
                }
            }
            reserved.commit(first);
        }
    }

    /// Records a span that the short form cannot hold.
    #[cold]
    #[inline(never)]
    #[expect(clippy::cast_possible_truncation, reason = "the low half; the rest is beside it")]
    fn record_wide(&self) {
        let data = &self.data;
        if data.is(mark::UNSAMPLED) {
            return;
        }
        let own = self.number();
        let recorder = &self.tracer.recorder;
        let end = Moment::now(recorder.state, &self.tracer.clock);
        let trace = data.trace();
        let remote = data.is(mark::REMOTE);
        let (form, relations): (u32, &[u32]) = if data.is(mark::ROOT) {
            (record::FORM_ROOT, &[])
        } else if data.is(mark::REMOTE_PARENT) {
            (record::FORM_REMOTE_PARENT, &trace)
        } else if remote {
            (record::FORM_REMOTE_TRACE, &trace)
        } else {
            (record::FORM_LOCAL, trace.get(..1).unwrap_or(&[]))
        };
        let has_parent = form == record::FORM_LOCAL || form == record::FORM_REMOTE_TRACE;
        let values = if remote { &[] } else { data.words.get(..data.values()).unwrap_or(&[]) };
        let head = record::SPAN_WORDS as usize;
        let len = head + usize::from(has_parent) + relations.len() + values.len();
        let reserved = critical_section::with(|cs| recorder.ring().reserve(len as u32, cs));
        let Some(reserved) = reserved else { return };
        let mut body = Body { reserved, at: 1, end: len };
        // Without a keeper at the start nobody knows how often the counter has turned since.
        let (duration, ambiguous) = if data.start().is_kept() {
            (end.since(data.start()), 0)
        } else {
            (u64::from(end.ticks.wrapping_sub(data.start)), record::AMBIGUOUS)
        };
        body.put(data.start);
        body.put(duration as u32);
        body.put(own);
        let parts = data.first.get() >> 12 & MAX_PARTS;
        body.put(((duration >> 32) as u32) << 16 | parts << 8 | ambiguous | form);
        body.put(data.kinds);
        if has_parent {
            body.put(data.parent);
        }
        relations.iter().chain(values).for_each(|word| body.put(*word));
        let site = data.first.get() & 0xffff_0000;
        let kind = record::KIND_SPAN | record::WIDE;
        reserved.commit(site | first(kind, len as u32) | COMMITTED);
    }
}

impl Drop for Span {
    #[inline]
    fn drop(&mut self) {
        self.record();
    }
}

fn shape_of<T: TagValue>(_: T) -> u32 {
    T::TYPE as u32
}

/// A trace id as words, the lowest first.
#[expect(clippy::cast_possible_truncation, reason = "one word at a time")]
fn trace_words(id: TraceId) -> [u32; 4] {
    let id = u128::from_be_bytes(id.0);
    [id as u32, (id >> 32) as u32, (id >> 64) as u32, (id >> 96) as u32]
}

/// The trace id with these words.
pub(crate) fn trace_id(words: [u32; 4]) -> TraceId {
    let id = words.iter().rev().fold(0_u128, |id, word| id << 32 | u128::from(*word));
    TraceId(id.to_be_bytes())
}

const _: () = assert!(INLINE_WORDS >= 3, "a trace id lies in the trace and three words");
const _: () = assert!(size_of::<usize>() > 4 || size_of::<Span>() == 40);
