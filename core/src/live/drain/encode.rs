//! From a record of the ring straight into a frame: words become varints.

use super::super::open::{mark, words_of};
use super::super::raw::MAX_INLINE_STR;
use super::super::record;
use super::super::ring::{Committed, SHORT};
use super::super::time::Moment;
use super::Drain;
use crate::SpanId;
use crate::tags::{INLINE_WORDS, POINTER_WORDS};
use crate::wire::{DataWriter, NameRef, PartKey, Shape, SiteRef, SpanFields, Type, Writer};

/// Words of a record from a place on; 0 beyond its end.
struct Reader<'r> {
    record: &'r Committed<'r>,
    at: usize,
}

impl<'r> Reader<'r> {
    #[inline(never)]
    fn word(&mut self) -> u32 {
        self.at += 1;
        // SAFETY: values are read as the types say, so nothing behind the last one is.
        unsafe { self.record.word(self.at - 1) }.unwrap_or(0)
    }

    fn words<const N: usize>(&mut self) -> [u32; N] {
        [(); N].map(|()| self.word())
    }

    #[expect(clippy::cast_possible_truncation, reason = "it was an address")]
    fn pointer(&mut self) -> usize {
        let low = self.word() as usize;
        if POINTER_WORDS > 1 { (u64::from(self.word()) << 32) as usize | low } else { low }
    }

    fn bytes(&mut self) -> &'r [u8] {
        let len = self.word() as usize;
        let bytes = self.record.bytes(self.at, len).unwrap_or(&[]);
        self.at += len.div_ceil(4);
        bytes
    }
}

impl Drain {
    /// Writes a record, whether it fits or not.
    pub(super) fn encode(&mut self, record: &Committed<'_>, frame: &mut DataWriter<'_>) {
        self.cut_now = 0;
        let first = record.first();
        let words = Reader { record, at: 1 };
        match first & record::KIND_MASK {
            record::KIND_WIDE => self.encode_span(first, words, frame),
            record::KIND_REFERENCE => self.encode_reference(first, words, frame),
            #[cfg(feature = "clock-events")]
            record::KIND_CLOCK => self.encode_clock(words, frame),
            _ => self.encode_part(first, words, frame),
        }
    }

    fn encode_span(&mut self, first: u32, mut words: Reader<'_>, frame: &mut DataWriter<'_>) {
        let [end, kinds, start, mut parent, mut trace] = words.words();
        let (mut own, mut marks) = (0, kinds << 16 | first >> record::TYPES_SHIFT << 8);
        if first & SHORT == 0 {
            let mut rest = Reader { at: words.at + INLINE_WORDS, ..words };
            [own, marks] = rest.words();
        }
        if marks & mark::REMOTE >> record::MARKS_SHIFT != 0 {
            let [b, c, d] = words.words();
            trace = frame.remote_trace([trace, b, c, d]);
        }
        if marks & mark::REMOTE_PARENT >> record::MARKS_SHIFT != 0 {
            parent = SpanFields::ELSEWHERE;
        }
        let start = moment(kinds, start);
        let end = moment(marks >> 16, end);
        let start_ticks = self.extend(start);
        let mut duration_ticks = self.extend(end).wrapping_sub(start_ticks);
        let ambiguous = !start.is_kept();
        if ambiguous {
            // Nobody knows how often the counter has turned since.
            duration_ticks = end.ticks.wrapping_sub(start.ticks).into();
        }
        let shape = inline_shape(marks >> 8 & 0xff, kinds);
        let site = self.site(first, shape);
        frame.span(&SpanFields {
            own,
            parent,
            trace,
            site,
            start_ticks,
            duration_ticks,
            parts: (kinds >> record::PARTS_SHIFT) as u8,
            ambiguous,
            #[cfg(feature = "retained")]
            cut_off: self.is_cut_off(),
            #[cfg(not(feature = "retained"))]
            cut_off: false,
        });
        self.values(&mut words, shape, Some(kinds), frame.out());
    }

    fn encode_part(&mut self, first: u32, mut words: Reader<'_>, frame: &mut DataWriter<'_>) {
        let [own, kinds] = words.words();
        let is_log = first & record::KIND_MASK == record::KIND_LOG;
        let (mut shape, mut half_wraps, mut inline) = (Shape(kinds), kinds, None);
        if first & record::COMPACT != 0 {
            shape = inline_shape(kinds >> record::PARTS_SHIFT, kinds);
            inline = Some(kinds);
        } else if is_log {
            half_wraps = words.word();
        }
        let mut time_ticks = None;
        if is_log {
            let time = moment(half_wraps, words.word());
            time_ticks = Some(self.extend(time));
        }
        let key = if first & record::NAMED != 0 {
            let (address, len) = (words.pointer(), words.word() as usize);
            // The empty key is the operation name: see the wire format.
            let is_operation = !is_log && first & record::OPERATION != 0;
            let name = if is_operation { NameRef::Inline("") } else { self.name(address, len) };
            PartKey::Name(name, shape)
        } else {
            PartKey::Site(self.site(first, shape))
        };
        frame.part(own, time_ticks, first & record::MORE != 0, &key);
        self.values(&mut words, shape, inline, frame.out());
    }

    fn encode_reference(&mut self, first: u32, mut words: Reader<'_>, frame: &mut DataWriter<'_>) {
        let own = words.word();
        let trace = frame.remote_trace(words.words());
        let [low, high] = words.words();
        let span = SpanId((u64::from(high) << 32 | u64::from(low)).to_be_bytes());
        frame.reference(own, trace, span, first & record::FOLLOWS != 0);
    }

    #[cfg(feature = "clock-events")]
    fn encode_clock(&mut self, mut words: Reader<'_>, frame: &mut DataWriter<'_>) {
        let (at, event) = super::super::clock_events::read(words.words());
        frame.clock(self.extend(at), event);
    }

    /// Values that are inline, with these kinds, or raw.
    #[inline(never)]
    fn values(
        &mut self,
        words: &mut Reader<'_>,
        shape: Shape,
        inline: Option<u32>,
        out: &mut Writer<'_>,
    ) {
        const STATIC: u32 = Type::Static as u32;
        const CUT_STATIC: u32 = Type::CutStatic as u32;
        const TEXT: u32 = Type::Text as u32;
        const CUT_BYTES: u32 = Type::CutBytes as u32;

        shape.each(|ty| match ty {
            TEXT..=CUT_BYTES => out.bytes(words.bytes()),
            STATIC | CUT_STATIC => {
                let address = words.pointer();
                let mut len = match inline {
                    Some(kinds) => kinds >> record::STR_SHIFT & 0xff,
                    None => words.word(),
                } as usize;
                if inline.is_some() && len > MAX_INLINE_STR {
                    len = self.cut_static(address);
                }
                self.name(address, len).write(out);
            }
            _ => {
                let low = words.word();
                let high = if words_of(ty) > 1 { words.word() } else { 0 };
                number(ty, low, high, out);
            }
        });
    }

    /// The length of what is kept of a static string that is longer than its record says.
    fn cut_static(&mut self, address: usize) -> usize {
        self.cut_now += 1;
        #[cfg(feature = "retained")]
        if !self.may_follow(address, MAX_INLINE_STR + 1) {
            return MAX_INLINE_STR;
        }
        let pointer = core::ptr::with_exposed_provenance::<u8>(address);
        // SAFETY: records hold addresses of static strings alone, and this one is longer.
        let bytes = unsafe { core::slice::from_raw_parts(pointer, MAX_INLINE_STR + 1) };
        let is_boundary = |byte: &u8| byte & 0xc0 != 0x80;
        bytes.iter().rposition(is_boundary).unwrap_or(0)
    }

    /// The number on the wire of a call site.
    #[cfg(not(feature = "retained"))]
    #[inline(always)]
    #[expect(clippy::unused_self, reason = "the other asks whose records these are")]
    fn site_id(&self, bits: u32) -> u16 {
        crate::site::table().id(bits)
    }

    fn site(&mut self, first: u32, shape: Shape) -> SiteRef {
        let id = self.site_id(first & 0xffff);
        #[cfg(feature = "retained")]
        if self.has_other_sites() {
            return SiteRef { id, shape };
        }
        if id != 0 {
            self.names.use_site(id);
        }
        SiteRef { id, shape }
    }

    /// The number of a static string, or the string.
    #[inline(never)]
    fn name(&mut self, address: usize, len: usize) -> NameRef<'static> {
        // SAFETY: records hold addresses of static strings alone.
        if let Some(id) = unsafe { self.names.use_name(address, len) } {
            return NameRef::Id(id);
        }
        #[cfg(feature = "retained")]
        if !self.may_follow(address, len) {
            return NameRef::Inline("unknown");
        }
        let pointer = core::ptr::with_exposed_provenance(address);
        // SAFETY: as above.
        let bytes = unsafe { core::slice::from_raw_parts(pointer, len) };
        #[cfg(feature = "retained")]
        if self.has_earlier_records() {
            return NameRef::Inline(core::str::from_utf8(bytes).unwrap_or("unknown"));
        }
        // SAFETY: the bytes are those of a `str`.
        NameRef::Inline(unsafe { core::str::from_utf8_unchecked(bytes) })
    }
}

/// The shape of inline values, of which the static string is cut if it is longer than the kinds can
/// say.
fn inline_shape(types: u32, kinds: u32) -> Shape {
    const CUT: u32 = Type::CutStatic as u32 - Type::Static as u32;

    let len = (kinds & record::STR_MASK) >> record::STR_SHIFT;
    let is_cut = len as usize > MAX_INLINE_STR;
    // Static strings alone have the highest bit of a type.
    let statics = types >> 3 & 0x11;
    Shape(if is_cut { types + statics * CUT } else { types })
}

/// Writes a number of whatever type but for texts.
fn number(ty: u32, low: u32, high: u32, out: &mut Writer<'_>) {
    const I32: u32 = Type::I32 as u32;
    const I64: u32 = Type::I64 as u32;
    const F32: u32 = Type::F32 as u32;
    const F64: u32 = Type::F64 as u32;

    let wide = u64::from(high) << 32 | u64::from(low);
    match ty {
        I32 => out.zigzag(low.cast_signed().into()),
        I64 => out.zigzag(wide.cast_signed()),
        F32 | F64 => {
            let bytes = wide.to_le_bytes();
            out.raw(bytes.get(..if ty == F32 { 4 } else { 8 }).unwrap_or(&bytes));
        }
        _ => out.varint(wide),
    }
}

/// The moment with these half turns, in the lower 15 bits, and this counter.
#[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
fn moment(half_wraps: u32, ticks: u32) -> Moment {
    Moment { half_wraps: half_wraps as u16 & !super::super::time::LONG_WAY, ticks }
}
