//! Records that carry an open span's number: tags, logs and references, each at once.

use super::open::{Body, Open, is_number, mark, str_len};
use super::raw::{Raw, RawWords};
use super::record;
use super::ring::{COMMITTED, Reserved};
use super::text;
use super::time::Moment;
use crate::SpanContext;
use crate::site::{NO_SITE, SiteStart};
use crate::tags::{TagList, TagValue, Words};
use crate::wire::Shape;
use core::mem::MaybeUninit;
use core::sync::atomic::Ordering::Relaxed;

impl Open {
    /// Tags with the keys of a site.
    #[inline(always)]
    pub(super) fn tags<T: TagList>(&self, site: &'static SiteStart, tags: T) {
        let mut words = RawWords::new();
        self.put(site.bits() | record::KIND_PART, &[T::SHAPE.0], words.list(tags), T::HAS_TEXT);
    }

    /// The values that the span itself has no room for, since it belongs to a remote trace.
    pub(super) fn values_apart(&self) {
        let first = self.first.get();
        let types = first >> record::TYPES_SHIFT << record::PARTS_SHIFT;
        let kinds = types | self.kinds.get() & record::STR_MASK;
        let first = first & 0xffff | record::KIND_PART | record::COMPACT;
        // All words, used or not.
        self.emit(first, &[kinds], &self.words);
    }

    /// A log with the keys of a site. What is not as usual begins anew in [`Open::log_slowly`].
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "at most seven")]
    pub(super) fn log<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        'short: {
            if !T::INLINE {
                break 'short;
            }
            let own = self.own.get();
            if !is_number(own) || self.first.get() & mark::UNSAMPLED != 0 {
                break 'short;
            }
            let state = self.tracer.recorder.state();
            let half_wraps = u32::from(state.half_wraps.load(Relaxed));
            let Some(ticks) = self.tracer.clock.register_ticks() else { break 'short };
            let len = record::COMPACT_LOG_WORDS + T::INLINE_WORDS as u32;
            let reserved = self.tracer.recorder.reserve_part(&self.home, len);
            let Some(reserved) = reserved else { break 'short };
            self.count_part();
            let types = (T::SHAPE.0 & 0xff) << record::PARTS_SHIFT;
            let mut body = Body { reserved, at: 1, end: len as usize };
            body.put(own);
            body.put(half_wraps | str_len(fields) << record::STR_SHIFT | types);
            body.put(ticks);
            fields.put_inline(&mut body);
            let kind = record::first(record::KIND_LOG | record::COMPACT, len);
            return reserved.commit(site.bits() | kind | COMMITTED);
        }
        self.log_slowly(site, fields);
    }

    /// A log with a span's first number, or with many fields, or at the end of the ring. The same
    /// arguments, so that the usual needs no memory for others.
    #[cold]
    #[inline(never)]
    fn log_slowly<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        let now = Moment::now(self.tracer.recorder.state(), &self.tracer.clock);
        self.log_fields(site, fields, now, record::KIND_LOG);
    }

    /// Fields of a log of this moment; with [`record::MORE`] those that its last record had no room for.
    #[inline(always)]
    pub(super) fn log_fields<T: TagList>(
        &self,
        site: &'static SiteStart,
        fields: T,
        at: Moment,
        kind: u32,
    ) {
        let mut words = RawWords::new();
        let head = [T::SHAPE.0, u32::from(at.half_wraps), at.ticks];
        self.put(site.bits() | kind, &head, words.list(fields), T::HAS_TEXT);
    }

    /// A tag with one key that is no site's, or the operation name.
    #[inline(always)]
    pub(super) fn named<V: TagValue>(&self, kind: u32, key: &'static str, value: V) {
        let mut words = RawWords::new();
        words.put(V::TYPE as u32);
        self.put_named(kind | record::KIND_PART, words, key, value);
    }

    /// A log with one key that is no site's.
    #[inline(always)]
    pub(super) fn log_named<V: TagValue>(&self, key: &'static str, value: V) {
        let mut words = RawWords::new();
        let now = Moment::now(self.tracer.recorder.state(), &self.tracer.clock);
        words.put(V::TYPE as u32);
        words.put(now.half_wraps.into());
        words.put(now.ticks);
        self.put_named(record::KIND_LOG, words, key, value);
    }

    #[inline(always)]
    fn put_named<V: TagValue>(&self, kind: u32, mut head: RawWords, key: &'static str, value: V) {
        let mut words = RawWords::new();
        key.put_raw(&mut head);
        let value = words.value(value);
        let first = NO_SITE.bits() | kind | record::NAMED;
        self.put(first, head.raw(Shape(0)).words, value, V::HAS_TEXT);
    }

    /// A reference to a span elsewhere: its parent, or with [`record::FOLLOWS`] what it follows from.
    #[expect(clippy::cast_possible_truncation, reason = "one half at a time")]
    pub(super) fn refer_to(&self, context: &SpanContext, kind: u32) {
        let id = u64::from_be_bytes(context.span_id.0);
        let span = [id as u32, (id >> 32) as u32];
        let first = NO_SITE.bits() | record::KIND_REFERENCE | kind;
        self.emit(first, &context.trace_id.words(), as_uninit(&span));
    }

    /// Only where a value is a copied string there is code for it.
    #[inline(always)]
    fn put(&self, first: u32, head: &[u32], values: Raw<'_>, has_text: bool) {
        if has_text {
            text::emit(self, first, head, values);
        } else {
            self.emit(first, head, as_uninit(values.words));
        }
    }

    /// Records something that carries the span's number; where there is no room it is counted.
    ///
    /// `first` is its first word less the length, `head` stands between the number and the values.
    #[inline(never)]
    fn emit(&self, first: u32, head: &[u32], values: &[MaybeUninit<u32>]) {
        let len = 2 + head.len() + values.len();
        if let Some(reserved) = self.begin_part(len) {
            // SAFETY: so many words were reserved.
            unsafe {
                reserved.copy_all(2, head.as_ptr(), head.len());
                reserved.copy_all(2 + head.len(), values.as_ptr().cast(), values.len());
            }
            reserved.commit_part(first, len);
        }
    }

    /// Room for a record of `len` words that begins with the span's number, if the span is recorded
    /// and there is.
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(super) fn begin_part(&self, len: usize) -> Option<Reserved<'static>> {
        if self.is(mark::UNSAMPLED) {
            return None;
        }
        let own = self.number();
        // Lost or not, it is a part of the span: whoever sees fewer knows that one is missing.
        self.count_part();
        let reserved = self.tracer.recorder.reserve(&self.home, len as u32)?;
        // SAFETY: that is the second word.
        unsafe { reserved.write(1, own) };
        Some(reserved)
    }
}

/// The same words: who copies them need not know that they hold something.
const fn as_uninit(words: &[u32]) -> &[MaybeUninit<u32>] {
    // SAFETY: of the same layout, and whatever a `u32` holds it may hold.
    unsafe { core::slice::from_raw_parts(words.as_ptr().cast(), words.len()) }
}

impl Reserved<'_> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    pub(super) fn commit_part(self, first: u32, len: usize) {
        self.commit(first | record::first(0, len as u32) | COMMITTED);
    }
}
