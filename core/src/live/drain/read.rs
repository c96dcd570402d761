//! Reading a record of the ring: words back into what they mean.

use super::super::open::trace_id;
use super::super::record;
use super::super::ring::Committed;
use super::super::time::Moment;
use super::Drain;
use crate::SpanId;
use crate::site::table;
use crate::tags::{MAX_INLINE_STR, POINTER_WORDS};
use crate::wire::{
    Log, NameRef, Parent, Part, PartKey, Record, Reference, Shape, SiteRef, SpanRecord, TraceRef,
    Type, Value, Values,
};

/// Words of a record from a place on.
struct Reader<'r> {
    record: &'r Committed<'r>,
    at: usize,
}

impl<'r> Reader<'r> {
    fn word(&mut self) -> Option<u32> {
        self.at += 1;
        self.record.word(self.at - 1)
    }

    fn words<const N: usize>(&mut self) -> Option<[u32; N]> {
        let mut words = [0; N];
        for word in &mut words {
            *word = self.word()?;
        }
        Some(words)
    }

    fn double(&mut self) -> Option<u64> {
        let [low, high] = self.words()?;
        Some(u64::from(high) << 32 | u64::from(low))
    }

    fn pointer(&mut self) -> Option<usize> {
        let word = if POINTER_WORDS > 1 { self.double()? } else { u64::from(self.word()?) };
        usize::try_from(word).ok()
    }

    fn text(&mut self) -> Option<&'r str> {
        let len = self.word()? as usize;
        let text = self.record.text(self.at, len)?;
        self.at += len.div_ceil(4);
        Some(text)
    }
}

impl<const NAMES: usize> Drain<NAMES> {
    /// What a record means; none where it is none of this program's.
    pub(super) fn read<'r>(&mut self, record: &'r Committed<'r>) -> Option<Record<'r>> {
        let first = record.first();
        let mut words = Reader { record, at: 1 };
        match first & record::KIND_MASK {
            record::KIND_SPAN => self.read_span(first, &mut words),
            record::KIND_PART => self.read_part(first, &mut words),
            record::KIND_LOG => self.read_log(first, &mut words),
            record::KIND_REFERENCE => self.read_reference(first, &mut words),
            _ => None,
        }
    }

    fn read_span<'r>(&mut self, first: u32, words: &mut Reader<'r>) -> Option<Record<'r>> {
        let [start, low, own, relations, kinds] = words.words()?;
        let start = Moment { half_wraps: (kinds >> 16) as u16, ticks: start };
        let is_wide = first & record::WIDE != 0;
        let own_number = self.tracer.widen_counter(own);
        let (mut parts, mut high, mut ambiguous) = (0, 0, false);
        let (parent, trace);
        if is_wide {
            parts = relations >> 8 & 0xff;
            high = u64::from(relations >> 16);
            ambiguous = relations & record::AMBIGUOUS != 0;
            let form = relations & 0xf;
            let has_parent = form == record::FORM_LOCAL || form == record::FORM_REMOTE_TRACE;
            parent = match (has_parent, form) {
                (true, _) => Parent::Local(self.tracer.widen_counter(words.word()?)),
                (false, record::FORM_REMOTE_PARENT) => Parent::Remote,
                (false, _) => Parent::None,
            };
            trace = match form {
                record::FORM_ROOT => TraceRef::Own(own_number),
                record::FORM_LOCAL => TraceRef::Own(self.tracer.widen_counter(words.word()?)),
                _ => TraceRef::Remote(trace_id(words.words()?)),
            };
        } else {
            let above = |distance: u32| own_number.wrapping_sub(u64::from(distance & 0xffff));
            parent = Parent::Local(above(relations >> 16));
            trace = TraceRef::Own(above(relations));
        }
        let shape = Shape(kinds & 0xff);
        Some(Record::Span(SpanRecord {
            own: own_number,
            parent,
            trace,
            site: self.site(first, shape),
            start_ticks: self.extend(start),
            duration_ticks: high << 32 | u64::from(low),
            parts,
            ambiguous: ambiguous || !start.is_kept(),
            values: self.values(shape, Some(kinds), words)?,
        }))
    }

    fn read_part<'r>(&mut self, first: u32, words: &mut Reader<'r>) -> Option<Record<'r>> {
        let own = self.tracer.widen_counter(words.word()?);
        let shape = Shape(words.word()?);
        let key = self.key(first, shape, words)?;
        Some(Record::Part(Part { own, key, values: self.values(shape, None, words)? }))
    }

    fn read_log<'r>(&mut self, first: u32, words: &mut Reader<'r>) -> Option<Record<'r>> {
        let own = self.tracer.widen_counter(words.word()?);
        let is_compact = first & record::COMPACT != 0;
        let kinds = words.word()?;
        let ticks = words.word()?;
        let (shape, marks) =
            if is_compact { (Shape(kinds & 0xff), kinds) } else { (Shape(kinds), words.word()?) };
        let time = Moment { half_wraps: (marks >> 16) as u16, ticks };
        let key = self.key(first, shape, words)?;
        let values = self.values(shape, is_compact.then_some(kinds), words)?;
        Some(Record::Log(Log { own, time_ticks: self.extend(time), key, values }))
    }

    fn read_reference<'r>(&mut self, first: u32, words: &mut Reader<'r>) -> Option<Record<'r>> {
        let own = self.tracer.widen_counter(words.word()?);
        let trace = trace_id(words.words()?);
        let span = Some(SpanId(words.double()?.to_be_bytes()));
        let follows_from = first & record::FOLLOWS != 0;
        Some(Record::Reference(Reference { own, trace, span, follows_from }))
    }

    fn site(&mut self, first: u32, shape: Shape) -> SiteRef {
        let id = table().id(first & 0xffff);
        if id != 0 {
            self.names.use_site(id);
        }
        SiteRef { id, shape }
    }

    fn key<'r>(&mut self, first: u32, shape: Shape, words: &mut Reader<'r>) -> Option<PartKey<'r>> {
        if first & record::NAMED == 0 {
            return Some(PartKey::Site(self.site(first, shape), 0));
        }
        let address = words.pointer()?;
        let len = words.word()? as usize;
        let is_operation = first & (record::OPERATION | record::KIND_MASK)
            == record::OPERATION | record::KIND_PART;
        // The empty key is the operation name: see the wire format.
        let name = if is_operation { NameRef::Inline("") } else { self.name(address, len) };
        Some(PartKey::Name(name, shape))
    }

    fn values<'r>(
        &mut self,
        shape: Shape,
        short: Option<u32>,
        words: &mut Reader<'r>,
    ) -> Option<Values<'r>> {
        let mut values = Values::new();
        for ty in shape.types() {
            let value = match ty.ok()? {
                Type::Bool => Value::Bool(words.word()? != 0),
                Type::I32 => Value::I32(words.word()?.cast_signed()),
                Type::U32 => Value::U32(words.word()?),
                Type::I64 => Value::I64(words.double()?.cast_signed()),
                Type::U64 => Value::U64(words.double()?),
                Type::F32 => Value::F32(f32::from_bits(words.word()?)),
                Type::F64 => Value::F64(f64::from_bits(words.double()?)),
                Type::Text => Value::Text(words.text()?),
                Type::Static => {
                    let address = words.pointer()?;
                    let len = match short {
                        Some(kinds) => (kinds >> 8 & 0xff) as usize,
                        None => words.word()? as usize,
                    };
                    debug_assert!(short.is_none() || len <= MAX_INLINE_STR);
                    Value::Static(self.name(address, len))
                }
            };
            values.push(value).ok()?;
        }
        Some(values)
    }

    /// The number of a static string, or the string.
    fn name<'r>(&mut self, address: usize, len: usize) -> NameRef<'r> {
        // SAFETY: records hold addresses of static strings alone.
        match unsafe { self.names.use_name(address, len) } {
            Some(id) => NameRef::Id(id),
            None => {
                // SAFETY: as above; the bytes are those of a `str`.
                NameRef::Inline(unsafe {
                    core::str::from_utf8_unchecked(core::slice::from_raw_parts(
                        core::ptr::with_exposed_provenance(address),
                        len,
                    ))
                })
            }
        }
    }
}
