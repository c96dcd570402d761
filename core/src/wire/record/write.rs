//! Writing a data frame, record by record, into the buffer that will be sent.
//!
//! This is what a device spends its flash on, so it is plain: numbers of 32 bits wherever they do, and
//! no types that tell cases apart.

#[cfg(feature = "alloc")]
use super::Fragment;
use super::{ClockEvent, Define, FragmentOf, PartKey, SiteRef, code, flag};
use crate::SpanId;
use crate::wire::codec::{Codec, LOW_BITS, REMOTE, UNUSED_BITS, distance, site_code};
use crate::wire::{DataHead, FrameKind, Losses, Writer};

/// A data frame that is being written.
///
/// Each record is begun with [`DataWriter::begin`], then comes its head and, through
/// [`DataWriter::out`], its values; [`DataWriter::end`] says whether it fits. The first that does not
/// is not in the frame, and is the last that may be tried.
#[derive(Debug)]
pub struct DataWriter<'b> {
    out: Writer<'b>,
    codec: Codec,
    /// Where the record begins that is being written.
    at: usize,
    /// Where the number of records stands: it is known last.
    count_at: usize,
    count: u8,
    /// Where the length of a fragment stands, which is known last too.
    fragment_at: usize,
}

/// What a span record says, less its values.
///
/// Numbers of spans are the lower 31 bits.
#[derive(Clone, Copy, Debug)]
pub struct SpanFields {
    /// The span's, or 0 where it has its record's.
    pub own: u32,
    /// The parent's number; [`SpanFields::NO_PARENT`] or [`SpanFields::ELSEWHERE`].
    pub parent: u32,
    /// The root's number, or what [`DataWriter::remote_trace`] says; 0 where there is no parent.
    pub trace: u32,
    /// See [`SpanHead`](super::SpanHead), as all that follow.
    pub site: SiteRef,
    /// In ticks.
    pub start_ticks: u64,
    /// In ticks.
    pub duration_ticks: u64,
    /// Modulo 256.
    pub parts: u8,
    /// Whether turns of the clock may be missing.
    pub ambiguous: bool,
    /// Whether a reset ended it.
    pub cut_off: bool,
}

impl SpanFields {
    /// The parent of a root.
    pub const NO_PARENT: u32 = 0;
    /// The parent of a span that has it elsewhere: a reference names it.
    pub const ELSEWHERE: u32 = 1;
}

/// A remote trace whose id was not said yet.
const NEW_REMOTE: u32 = REMOTE + 1;
/// The longest fragment: its length takes two bytes.
const MAX_FRAGMENT: usize = (1 << 14) - 1;

impl<'b> DataWriter<'b> {
    /// A frame without records; `head.count` is not looked at.
    #[must_use]
    pub fn new(buffer: &'b mut [u8], tag: [u8; 4], head: &DataHead) -> Self {
        Self::with_losses(buffer, tag, head, &head.losses)
    }

    /// The same with other losses. So they may lie elsewhere, and the rest in registers.
    #[inline(always)]
    pub(crate) fn with_losses(
        buffer: &'b mut [u8],
        tag: [u8; 4],
        head: &DataHead,
        losses: &Losses,
    ) -> Self {
        let mut out = Writer::new(buffer);
        FrameKind::Data.begin(tag, &mut out);
        head.write(losses, &mut out);
        let at = out.written();
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
        let codec = Codec::new(head.last_number as u32 & LOW_BITS);
        Self { out, codec, at, count_at: at - 1, count: 0, fragment_at: 0 }
    }

    /// Whether there is no record in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where the values of a record go.
    pub fn out(&mut self) -> &mut Writer<'b> {
        &mut self.out
    }

    /// Begins a record.
    pub fn begin(&mut self) {
        self.at = self.out.written();
    }

    /// Ends the record; false where it does not fit and the frame is full.
    pub fn end(&mut self) -> bool {
        let fits = self.out.fits() && self.count < u8::MAX;
        if fits {
            self.count += 1;
        } else {
            self.out.go_back(self.at);
        }
        fits
    }

    /// Begins a fragment, which is the only record of its frame: what of the record or definition that
    /// follows lies behind its first `offset` bytes.
    pub fn begin_fragment(&mut self, of: FragmentOf, offset: usize) {
        self.codec.restart(0);
        self.begin();
        self.fragment_head(of, offset as u64);
        // The length, which is known last.
        self.fragment_at = self.out.written();
        self.out.raw(&[0; 2]);
        self.out.skip(offset);
    }

    /// Ends the fragment; says how many bytes it holds, and whether the record ends with it.
    #[expect(clippy::cast_possible_truncation, reason = "seven bits, and up to 7 more")]
    pub fn end_fragment(&mut self) -> (usize, bool) {
        let begin = self.fragment_at + 2;
        let written = self.out.written() - begin;
        let len = self.out.cut(begin, MAX_FRAGMENT);
        let is_last = len == written;
        if is_last {
            self.out.mark(self.at, flag::LOW_LAST);
        }
        // A varint of always two bytes.
        self.out.set(self.fragment_at, len as u8 | 0x80);
        self.out.set(self.fragment_at + 1, (len >> 7) as u8);
        self.count += 1;
        (len, is_last)
    }

    /// What stands before a fragment's bytes, as of one that is not the last.
    fn fragment_head(&mut self, of: FragmentOf, offset: u64) {
        let (of, id) = match of {
            FragmentOf::Record => (0, None),
            FragmentOf::Site(id) => (flag::LOW_DEFINITION, Some(id)),
            FragmentOf::Name(id) => (flag::LOW_DEFINITION | flag::LOW_NAME, Some(id)),
        };
        self.out.byte(flag::FRAGMENT | of);
        if let Some(id) = id {
            self.out.varint(id.into());
        }
        self.out.varint(offset);
    }

    /// A fragment as it is, in a frame with this last number.
    #[cfg(feature = "alloc")]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are meant")]
    pub(in crate::wire) fn fragment(&mut self, fragment: &Fragment<'_>, last_number: u64) {
        self.fragment_head(fragment.of, fragment.offset.into());
        if fragment.is_last {
            self.out.mark(self.at, flag::LOW_LAST);
        }
        self.out.bytes(fragment.bytes);
        self.codec.restart(last_number as u32 & LOW_BITS);
    }

    /// The frame; none where it has no records.
    #[must_use]
    pub fn finish(mut self) -> Option<&'b [u8]> {
        self.out.set(self.count_at, self.count);
        if self.count == 0 { None } else { self.out.finish() }
    }

    /// The trace that began elsewhere whose id has these words, the lowest first. To be asked for once
    /// a record, before its head.
    pub fn remote_trace(&mut self, id: [u32; 4]) -> u32 {
        let mut differs = 0;
        // Word by word: the compiler would call a function that a small program has not.
        for (known, word) in self.codec.remote.iter_mut().zip(id) {
            differs |= *known ^ word;
            *known = word;
        }
        if differs == 0 { REMOTE } else { NEW_REMOTE }
    }

    /// The head of a span; the values of its site's keys follow.
    pub fn span(&mut self, span: &SpanFields) {
        // The first byte says what follows, which is known when it is written.
        let first = self.out.place();
        let SpanFields { own, parent, mut trace, .. } = *span;
        let (mut flags, mut near) = (flag::OWN_RECORD, self.codec.own);
        if own != 0 {
            near = own - 1;
            let is_parent = own == self.codec.parent;
            flags = if is_parent { flag::OWN_PARENT } else { self.own(own) };
            self.codec.own = own;
        }
        let mut implied = self.codec.trace;
        if parent == SpanFields::NO_PARENT {
            implied = own;
            if trace == 0 {
                trace = own;
            }
        } else {
            flags |= self.parent(parent, near);
        }
        self.codec.trace = if trace == NEW_REMOTE { REMOTE } else { trace };
        if trace != implied {
            flags |= flag::TRACE;
            self.trace(trace, parent);
        }
        if self.site(span.site) {
            flags |= flag::SITE;
        }
        let extra = if span.ambiguous { flag::AMBIGUOUS } else { 0 };
        let extra = if span.cut_off { extra | flag::CUT_OFF } else { extra };
        let extra = if span.parts == 0 { extra } else { extra | flag::PARTS };
        if extra != 0 {
            flags |= flag::EXTRA;
            self.out.byte(extra);
            if span.parts != 0 {
                self.out.byte(span.parts);
            }
        }
        self.time(span.start_ticks);
        self.out.varint(span.duration_ticks);
        self.out.set(first, flags);
    }

    /// The head of a part, or of a log where there is a time; its values follow.
    ///
    /// With `more` the log's fields belong to the last one of the span.
    pub fn part(&mut self, own: u32, time_ticks: Option<u64>, more: bool, key: &PartKey<'_>) {
        let first = self.out.place();
        let mut flags = flag::PART | self.own(own);
        if let Some(time_ticks) = time_ticks {
            flags |= flag::LOG;
            if more {
                flags &= !flag::LOW_NEW;
            }
            self.time(time_ticks);
        }
        match key {
            PartKey::Name(name, shape) => {
                flags |= flag::KEY_NAME;
                name.write(&mut self.out);
                self.out.varint(u64::from(shape.0));
            }
            PartKey::Site(site) => {
                flags |= if self.site(*site) { flag::KEY_SITE } else { flag::KEY_SAME };
            }
        }
        self.out.set(first, flags);
    }

    /// A reference to a span elsewhere, in the trace that [`DataWriter::remote_trace`] says.
    pub fn reference(&mut self, own: u32, trace: u32, span: SpanId, follows_from: bool) {
        let first = self.out.place();
        let flags = flag::REFERENCE | self.own(own);
        self.codec.trace = REMOTE;
        self.trace(trace, own);
        self.out.raw(&span.0);
        self.out.set(first, if follows_from { flags | flag::LOW_FOLLOWS_FROM } else { flags });
    }

    /// What befell the clock, and when.
    pub fn clock(&mut self, time_ticks: u64, event: ClockEvent) {
        let (code, numbers) = match event {
            ClockEvent::Paused { ns } => (flag::CLOCK_PAUSED, [Some(ns), None]),
            ClockEvent::Rate { hz } => (flag::CLOCK_RATE, [Some(hz.into()), None]),
            ClockEvent::Stepped => (flag::CLOCK_STEPPED, [None; 2]),
            ClockEvent::Wall { unix_ns, error_ns } => {
                (flag::CLOCK_WALL, [Some(unix_ns), Some(error_ns)])
            }
        };
        self.out.byte(flag::CLOCK | code);
        self.time(time_ticks);
        numbers.into_iter().flatten().for_each(|number| self.out.varint(number));
    }

    /// A definition.
    pub fn define(&mut self, define: &Define<'_>) {
        let kind = if define.is_name { flag::NAME_DEFINITION } else { flag::SITE_DEFINITION };
        let by_address = if define.by_address { flag::LOW_BY_ADDRESS } else { 0 };
        self.out.byte(kind | by_address);
        self.out.varint(u64::from(define.id));
        self.out.bytes(define.bytes);
    }

    /// The number of the span that a record is of.
    #[inline(never)]
    fn own(&mut self, own: u32) -> u8 {
        let up = distance(self.codec.own, own);
        if up == 0 {
            return flag::OWN_SAME;
        }
        self.codec.own = own;
        self.out.zigzag(up.into());
        flag::OWN_GIVEN
    }

    /// The number of a parent, which may be one that is nearer than the last.
    fn parent(&mut self, parent: u32, near: u32) -> u8 {
        let last = self.codec.parent;
        let mut up = 0;
        if parent != SpanFields::ELSEWHERE {
            if parent == last {
                return flag::PARENT_SAME;
            }
            self.codec.parent = parent;
            if parent == near {
                return flag::PARENT_NEAR;
            }
            up = distance(last, parent);
        }
        self.out.zigzag(up.into());
        flag::PARENT_GIVEN
    }

    fn time(&mut self, time: u64) {
        self.out.zigzag(time.wrapping_sub(self.codec.time).cast_signed());
        self.codec.time = time;
    }

    /// A trace of the session's own goes as its distance below the parent.
    #[inline(never)]
    fn trace(&mut self, trace: u32, parent: u32) {
        match trace {
            REMOTE => self.out.byte(code::REMOTE),
            NEW_REMOTE => {
                self.out.byte(code::NEW_REMOTE);
                for word in self.codec.remote.into_iter().rev() {
                    self.out.raw(&word.to_be_bytes());
                }
            }
            root => self.out.varint((parent.wrapping_sub(root) << UNUSED_BITS).into()),
        }
    }

    /// A site, if it is another than the last.
    #[inline(never)]
    fn site(&mut self, site: SiteRef) -> bool {
        let before = self.codec.site;
        let Some((index, is_new)) = self.codec.site(site_code(site.id, site.shape)) else {
            self.out.overflow();
            return true;
        };
        if index == before {
            return false;
        }
        self.out.byte(index);
        if is_new {
            self.out.varint(u64::from(site.id));
            self.out.varint(u64::from(site.shape.0));
        }
        true
    }
}
