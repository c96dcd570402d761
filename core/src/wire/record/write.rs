//! Writing a record.

use super::{COUNTER_MASK, before, flag};
use super::{Define, Parent, PartKey, Record, Reference, SiteRef, SpanRecord, TraceRef};
use crate::wire::Codec;
use crate::wire::value::{Values, encode_all};
use serde::ser::{Error as _, SerializeTuple};

pub(super) fn record<S: SerializeTuple>(
    record: &Record<'_>,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    match record {
        Record::Span(span) => encode_span(span, codec, out),
        Record::Part(part) => {
            let kind = flag::NOT_A_SPAN | flag::PART;
            encode_part(kind, part.own, None, &part.key, &part.values, codec, out)
        }
        Record::Log(log) => {
            let kind = flag::NOT_A_SPAN | flag::LOG;
            encode_part(kind, log.own, Some(log.time_ticks), &log.key, &log.values, codec, out)
        }
        Record::Reference(reference) => encode_reference(reference, codec, out),
        Record::Define(define) => encode_define(define, out),
    }
}

fn encode_span<S: SerializeTuple>(
    span: &SpanRecord<'_>,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let own = own_flag(codec, span.own);
    let parent = match span.parent {
        Parent::None => flag::PARENT_NONE,
        Parent::Local(parent) if parent == codec.parent => flag::PARENT_SAME,
        Parent::Local(parent) if parent == before(span.own) => flag::PARENT_BEFORE_OWN,
        Parent::Local(_) | Parent::Remote => flag::PARENT_GIVEN,
    };
    let given = |flag: u8, given: bool| if given { flag } else { 0 };
    let extra = given(flag::AMBIGUOUS, span.ambiguous) | given(flag::PARTS, span.parts != 0);
    out.serialize_element(
        &(own
            | parent
            | given(flag::TRACE, span.trace != codec.trace)
            | given(flag::SITE, span.site != codec.site)
            | given(flag::EXTRA, extra != 0)),
    )?;
    encode_own(own, span.own, codec, out)?;
    if parent == flag::PARENT_GIVEN {
        let up = match span.parent {
            Parent::Local(parent) => span.own.wrapping_sub(parent) & COUNTER_MASK,
            _ => 0,
        };
        out.serialize_element(&up)?;
    }
    if let Parent::Local(parent) = span.parent {
        codec.parent = parent;
    }
    if span.trace != codec.trace {
        encode_trace(span.trace, span.own, codec, out)?;
    }
    if span.site != codec.site {
        encode_site(span.site, codec, out)?;
    }
    if extra != 0 {
        out.serialize_element(&extra)?;
    }
    if span.parts != 0 {
        out.serialize_element(&span.parts)?;
    }
    encode_time(span.start_ticks, codec, out)?;
    out.serialize_element(&span.duration_ticks)?;
    encode_all(&span.values, out)
}

fn encode_part<S: SerializeTuple>(
    kind: u8,
    own: u64,
    time: Option<u64>,
    key: &PartKey<'_>,
    values: &Values<'_>,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let own_flag = own_flag(codec, own);
    let code = match key {
        PartKey::Name(..) => flag::KEY_NAME,
        PartKey::Site(_, first) if *first != 0 => flag::KEY_SITE_FROM,
        PartKey::Site(site, _) if *site != codec.site => flag::KEY_SITE,
        PartKey::Site(..) => flag::KEY_SAME,
    };
    out.serialize_element(&(kind | own_flag | code))?;
    encode_own(own_flag, own, codec, out)?;
    if let Some(time) = time {
        encode_time(time, codec, out)?;
    }
    match key {
        PartKey::Name(name, shape) => {
            name.encode(out)?;
            out.serialize_element(&shape.0)?;
        }
        PartKey::Site(site, first) if code != flag::KEY_SAME => {
            encode_site(*site, codec, out)?;
            if code == flag::KEY_SITE_FROM {
                out.serialize_element(first)?;
            }
        }
        PartKey::Site(..) => {}
    }
    encode_all(values, out)
}

fn encode_reference<S: SerializeTuple>(
    reference: &Reference,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let own = own_flag(codec, reference.own);
    let follows = if reference.follows_from { flag::LOW_FOLLOWS_FROM } else { 0 };
    let trace_only = if reference.span.is_none() { flag::LOW_TRACE_ONLY } else { 0 };
    let kind = flag::NOT_A_SPAN | flag::REFERENCE;
    out.serialize_element(&(kind | own | follows | trace_only))?;
    encode_own(own, reference.own, codec, out)?;
    encode_trace(TraceRef::Remote(reference.trace), reference.own, codec, out)?;
    reference.span.map_or(Ok(()), |span| out.serialize_element(&span.0))
}

fn encode_define<S: SerializeTuple>(define: &Define<'_>, out: &mut S) -> Result<(), S::Error> {
    let kind = if define.is_name { flag::NAME_DEFINITION } else { flag::SITE_DEFINITION };
    let is_piece = define.offset != 0 || define.total as usize != define.bytes.len();
    let piece = if is_piece { flag::LOW_PIECE } else { 0 };
    out.serialize_element(&(flag::NOT_A_SPAN | kind | piece))?;
    out.serialize_element(&define.id)?;
    if is_piece {
        out.serialize_element(&define.total)?;
        out.serialize_element(&define.offset)?;
    }
    out.serialize_element(&define.bytes)
}

fn own_flag(codec: &Codec, own: u64) -> u8 {
    if own == codec.own {
        flag::OWN_SAME
    } else if before(own) == codec.own {
        flag::OWN_NEXT
    } else if own == before(codec.own) {
        flag::OWN_BEFORE
    } else {
        flag::OWN_GIVEN
    }
}

fn encode_own<S: SerializeTuple>(
    flag: u8,
    own: u64,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let delta = own.wrapping_sub(codec.own).cast_signed();
    codec.own = own;
    if flag == flag::OWN_GIVEN { out.serialize_element(&delta) } else { Ok(()) }
}

fn encode_time<S: SerializeTuple>(
    time: u64,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let delta = time.wrapping_sub(codec.time).cast_signed();
    codec.time = time;
    out.serialize_element(&delta)
}

/// The reference is even and a distance for the session's own traces, odd for others: 1 where
/// another record says it, else 3 and twice the index in the frame's table.
fn encode_trace<S: SerializeTuple>(
    trace: TraceRef,
    own: u64,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    codec.trace = trace;
    match trace {
        TraceRef::Own(root) => {
            out.serialize_element(&((own.wrapping_sub(root) & COUNTER_MASK) << 1))
        }
        TraceRef::Apart => out.serialize_element(&1_u64),
        TraceRef::Remote(id) => {
            let (index, is_new) =
                codec.intern_trace(id).map_err(|_| S::Error::custom("table of traces is full"))?;
            out.serialize_element(&(3 + 2 * index as u64))?;
            if is_new { out.serialize_element(&id.0) } else { Ok(()) }
        }
    }
}

fn encode_site<S: SerializeTuple>(
    site: SiteRef,
    codec: &mut Codec,
    out: &mut S,
) -> Result<(), S::Error> {
    let (index, is_new) =
        codec.intern_site(site).map_err(|_| S::Error::custom("table of sites is full"))?;
    codec.site = site;
    out.serialize_element(&u8::try_from(index).map_err(S::Error::custom)?)?;
    if is_new {
        out.serialize_element(&site.id)?;
        out.serialize_element(&site.shape.0)?;
    }
    Ok(())
}
