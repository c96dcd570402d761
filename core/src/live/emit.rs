//! Records that carry an open span's number: tags, logs and references, each at once.

use super::open::{Body, Open, UNNUMBERED, mark, one_part_more, trace_words};
use super::record;
use super::ring::{COMMITTED, LEN_SHIFT};
use super::time::Moment;
use crate::SpanContext;
use crate::site::{NO_SITE, SiteStart};
use crate::tags::{MAX_INLINE_STR, TagList, TagValue, Words};
use core::sync::atomic::Ordering::Relaxed;

impl Open {
    /// Tags with the keys of a site.
    #[inline(never)]
    pub(super) fn tags<T: TagList>(&self, site: &'static SiteStart, tags: T) {
        self.count_cuts(tags.cuts());
        let len = record::PART_WORDS as usize + tags.part_words();
        self.emit(site.bits() | record::KIND_PART, len, |body| {
            body.put(T::SHAPE);
            tags.put_part(body);
        });
    }

    /// A log with the keys of a site. What is not as usual begins anew in [`Open::log_slowly`].
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "lengths were checked")]
    pub(super) fn log<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        let own = self.own.get();
        let first = self.first.get();
        'short: {
            if own <= UNNUMBERED || first >= mark::UNSAMPLED {
                break 'short;
            }
            if !T::INLINE || fields.static_len() > MAX_INLINE_STR {
                break 'short;
            }
            let half_wraps = self.tracer.recorder.state().half_wraps.load(Relaxed);
            let Some(ticks) = self.tracer.clock.register_ticks() else { break 'short };
            let ring = self.tracer.recorder.ring();
            let len = record::COMPACT_LOG_WORDS + T::INLINE_WORDS as u32;
            let reserved = critical_section::with(|cs| ring.reserve_at_once(len, cs));
            let Some(reserved) = reserved else { break 'short };
            self.first.set(one_part_more(first));
            let mut body = Body { reserved, at: 1, end: len as usize };
            body.put(own);
            Self::put_compact(Moment { half_wraps, ticks }, fields, &mut body);
            let kind = record::first(record::KIND_LOG | record::COMPACT, len);
            return reserved.commit(site.bits() | kind | COMMITTED);
        }
        self.log_slowly(site, fields.apart());
    }

    /// A log with a span's first number, or with many fields, or at the end of the ring.
    #[cold]
    #[inline(never)]
    fn log_slowly<T: TagList>(&self, site: &'static SiteStart, fields: T) {
        let now = Moment::now(self.tracer.recorder.state(), &self.tracer.clock);
        if T::INLINE && fields.static_len() <= MAX_INLINE_STR {
            let len = record::COMPACT_LOG_WORDS as usize + T::INLINE_WORDS;
            return self.emit(site.bits() | record::KIND_LOG | record::COMPACT, len, |body| {
                Self::put_compact(now, fields, body);
            });
        }
        self.count_cuts(fields.cuts());
        let len = record::LOG_WORDS as usize + fields.part_words();
        self.emit(site.bits() | record::KIND_LOG, len, |body| {
            body.put(T::SHAPE);
            body.put(now.ticks);
            body.put(u32::from(now.half_wraps) << 16);
            fields.put_part(body);
        });
    }

    /// The body of a compact log, behind the span's number.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "lengths were checked")]
    fn put_compact<T: TagList>(now: Moment, fields: T, body: &mut Body<'_>) {
        let kinds = (fields.static_len() as u32) << 8 | T::SHAPE & 0xff;
        body.put(u32::from(now.half_wraps) << 16 | kinds);
        body.put(now.ticks);
        fields.put_inline(body);
    }

    /// A tag or a log with one key that is no site's; `kind` says which.
    pub(super) fn named<V: TagValue>(&self, kind: u32, key: &'static str, value: V) {
        self.count_cuts(u32::from(value.is_cut()));
        let now = Moment::now(self.tracer.recorder.state(), &self.tracer.clock);
        let is_log = kind & record::KIND_MASK == record::KIND_LOG;
        let head = if is_log { record::LOG_WORDS } else { record::PART_WORDS };
        let len = head as usize + key.part_words() + value.part_words();
        self.emit(NO_SITE.bits() | kind | record::NAMED, len, |body| {
            body.put(V::TYPE as u32);
            if is_log {
                body.put(now.ticks);
                body.put(u32::from(now.half_wraps) << 16);
            }
            key.put_part(body);
            value.put_part(body);
        });
    }

    /// The parent, which is elsewhere.
    pub(super) fn refer_to(&self, context: &SpanContext) {
        let len = record::REFERENCE_WORDS as usize;
        self.emit(NO_SITE.bits() | record::KIND_REFERENCE, len, |body| {
            trace_words(context.trace_id).into_iter().for_each(|word| body.put(word));
            let id = u64::from_be_bytes(context.span_id.0);
            #[expect(clippy::cast_possible_truncation, reason = "the low half")]
            body.put(id as u32);
            body.put((id >> 32) as u32);
        });
    }

    fn count_cuts(&self, count: u32) {
        if count != 0 && !self.is(mark::UNSAMPLED) {
            self.tracer.count(&self.tracer.recorder.state().tag_cut, count);
        }
    }

    /// Records something that carries the span's number; where there is no room it is counted.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "at most 255")]
    fn emit(&self, head: u32, len: usize, write: impl FnOnce(&mut Body<'_>)) {
        if self.is(mark::UNSAMPLED) {
            return;
        }
        let own = self.number();
        let words = len as u32;
        let ring = self.tracer.recorder.ring();
        let reserved = ring.reserve(words);
        // Lost or not, it is a part of the span: whoever sees fewer knows that one is missing.
        self.count_part();
        if let Some(reserved) = reserved {
            let mut body = Body { reserved, at: 1, end: len };
            body.put(own);
            write(&mut body);
            reserved.commit(head | words << LEN_SHIFT | COMMITTED);
        }
    }
}
