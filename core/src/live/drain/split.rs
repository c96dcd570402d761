//! Pieces of a record that fits no frame whole.

use crate::tags::cut as cut_text;
use crate::wire::{
    Log, NameRef, PARTS_MODULUS, Part, PartKey, Record, Reference, Shape, SiteRef, SpanRecord,
    TraceRef, Value, Values,
};

/// The piece with this number, from 0; none behind the last.
///
/// A span goes as the trace it belongs to, its values one by one, and what is left of it. A part or
/// a log goes value by value.
pub(super) fn piece<'r>(record: &Record<'r>, number: u8) -> Option<Record<'r>> {
    let number = usize::from(number);
    match record {
        Record::Span(span) => span_piece(span, number),
        Record::Part(Part { own, key, values }) => {
            let (key, values) = one_value(key, values, number)?;
            Some(Record::Part(Part { own: *own, key, values }))
        }
        Record::Log(Log { own, time_ticks, key, values }) => {
            let (key, values) = one_value(key, values, number)?;
            Some(Record::Log(Log { own: *own, time_ticks: *time_ticks, key, values }))
        }
        Record::Reference(_) | Record::Define(_) => (number == 0).then(|| record.clone()),
    }
}

fn span_piece<'r>(span: &SpanRecord<'r>, number: usize) -> Option<Record<'r>> {
    let values = span.values.len();
    let (own, site) = (span.own, span.site);
    match (number, span.trace) {
        (0, TraceRef::Remote(trace)) => {
            let (span, follows_from) = (None, false);
            return Some(Record::Reference(Reference { own, trace, span, follows_from }));
        }
        // Its own trace goes with the rest: the piece that stands here says nothing new.
        (0, _) => {
            let key = PartKey::Site(SiteRef::NONE, 0);
            return Some(Record::Part(Part { own, key, values: Values::new() }));
        }
        _ => {}
    }
    if number <= values {
        let (key, values) = one_value(&PartKey::Site(site, 0), &span.values, number - 1)?;
        return Some(Record::Part(Part { own, key, values }));
    }
    let trace =
        if matches!(span.trace, TraceRef::Remote(_)) { TraceRef::Apart } else { span.trace };
    (number == values + 1).then(|| {
        Record::Span(SpanRecord {
            trace,
            site: SiteRef { id: site.id, shape: Shape(0) },
            // At most eight values and one trace.
            #[expect(clippy::cast_possible_truncation, reason = "at most nine")]
            parts: (span.parts + 1 + values as u32) % PARTS_MODULUS,
            values: Values::new(),
            ..*span
        })
    })
}

fn one_value<'r>(
    key: &PartKey<'r>,
    values: &Values<'r>,
    number: usize,
) -> Option<(PartKey<'r>, Values<'r>)> {
    let value = *values.get(number)?;
    let shape = Shape::of(&[value]);
    let key = match key {
        PartKey::Site(site, first) => {
            let site = SiteRef { id: site.id, shape };
            PartKey::Site(site, first.checked_add(u8::try_from(number).ok()?)?)
        }
        PartKey::Name(name, _) => PartKey::Name(*name, shape),
    };
    Some((key, [value].into_iter().collect()))
}

/// The piece with its text cut so that it goes into `room` bytes; none where it has no text.
pub(super) fn cut(piece: Record<'_>, room: usize) -> Option<Record<'_>> {
    // Flags, numbers, time and key of a piece at their longest.
    const OVERHEAD: usize = 26;

    let shorten = |value: &mut Value<'_>| {
        let (Value::Text(text) | Value::Static(NameRef::Inline(text))) = value else {
            return false;
        };
        *text = cut_text(text, room.saturating_sub(OVERHEAD));
        true
    };
    match piece {
        Record::Part(mut part) => part.values.iter_mut().all(shorten).then_some(Record::Part(part)),
        Record::Log(mut log) => log.values.iter_mut().all(shorten).then_some(Record::Log(log)),
        _ => None,
    }
}
