//! Reading a record; the mirror of `write`.

use super::{COUNTER_MASK, before, flag};
use super::{Define, Log, Parent, Part, PartKey, Record, Reference, SiteRef, SpanRecord, TraceRef};
use crate::wire::Codec;
use crate::wire::value::{NameRef, Shape, Values, decode_all, next};
use crate::{SpanId, TraceId};
use serde::de::{Error as _, SeqAccess};

pub(super) fn record<'a, S: SeqAccess<'a>>(
    codec: &mut Codec,
    from: &mut S,
) -> Result<Record<'a>, S::Error> {
    let flags: u8 = next(from)?;
    if flags & flag::NOT_A_SPAN == 0 {
        return decode_span(flags, codec, from).map(Record::Span);
    }
    match flags & flag::KIND {
        flag::PART => {
            let own = decode_own(flags, codec, from)?;
            let (key, values) = decode_keyed(flags, codec, from)?;
            Ok(Record::Part(Part { own, key, values }))
        }
        flag::LOG => {
            let own = decode_own(flags, codec, from)?;
            codec.time = codec.time.wrapping_add_signed(next(from)?);
            let (key, values) = decode_keyed(flags, codec, from)?;
            Ok(Record::Log(Log { own, time_ticks: codec.time, key, values }))
        }
        flag::REFERENCE => decode_reference(flags, codec, from).map(Record::Reference),
        kind @ (flag::SITE_DEFINITION | flag::NAME_DEFINITION) => {
            decode_define(flags, kind == flag::NAME_DEFINITION, from).map(Record::Define)
        }
        _ => Err(S::Error::custom("unknown kind of record")),
    }
}

fn decode_span<'a, S: SeqAccess<'a>>(
    flags: u8,
    codec: &mut Codec,
    from: &mut S,
) -> Result<SpanRecord<'a>, S::Error> {
    let own = decode_own(flags, codec, from)?;
    let parent = match flags & flag::PARENT {
        flag::PARENT_NONE => Parent::None,
        flag::PARENT_SAME => Parent::Local(codec.parent),
        flag::PARENT_BEFORE_OWN => Parent::Local(before(own)),
        _ => match next::<u64, S>(from)? {
            0 => Parent::Remote,
            up => Parent::Local(own.wrapping_sub(up) & COUNTER_MASK),
        },
    };
    if let Parent::Local(parent) = parent {
        codec.parent = parent;
    }
    if flags & flag::TRACE != 0 {
        decode_trace(own, codec, from)?;
    }
    if flags & flag::SITE != 0 {
        decode_site(codec, from)?;
    }
    let extra: u8 = if flags & flag::EXTRA != 0 { next(from)? } else { 0 };
    let parts = if extra & flag::PARTS != 0 { next(from)? } else { 0 };
    codec.time = codec.time.wrapping_add_signed(next(from)?);
    Ok(SpanRecord {
        own,
        parent,
        trace: codec.trace,
        site: codec.site,
        start_ticks: codec.time,
        duration_ticks: next(from)?,
        parts,
        ambiguous: extra & flag::AMBIGUOUS != 0,
        values: decode_all(codec.site.shape, from)?,
    })
}

fn decode_keyed<'a, S: SeqAccess<'a>>(
    flags: u8,
    codec: &mut Codec,
    from: &mut S,
) -> Result<(PartKey<'a>, Values<'a>), S::Error> {
    let code = flags & flag::KEY;
    if code == flag::KEY_NAME {
        let name = NameRef::decode(from)?;
        let shape = Shape(next(from)?);
        return Ok((PartKey::Name(name, shape), decode_all(shape, from)?));
    }
    if code != flag::KEY_SAME {
        decode_site(codec, from)?;
    }
    let first = if code == flag::KEY_SITE_FROM { next(from)? } else { 0 };
    Ok((PartKey::Site(codec.site, first), decode_all(codec.site.shape, from)?))
}

fn decode_reference<'a, S: SeqAccess<'a>>(
    flags: u8,
    codec: &mut Codec,
    from: &mut S,
) -> Result<Reference, S::Error> {
    let own = decode_own(flags, codec, from)?;
    decode_trace(own, codec, from)?;
    let TraceRef::Remote(trace) = codec.trace else {
        return Err(S::Error::custom("a reference to a trace of the same session"));
    };
    let span = if flags & flag::LOW_TRACE_ONLY != 0 { None } else { Some(SpanId(next(from)?)) };
    Ok(Reference { own, trace, span, follows_from: flags & flag::LOW_FOLLOWS_FROM != 0 })
}

fn decode_define<'a, S: SeqAccess<'a>>(
    flags: u8,
    is_name: bool,
    from: &mut S,
) -> Result<Define<'a>, S::Error> {
    let id = next(from)?;
    let piece: Option<(u32, u32)> =
        if flags & flag::LOW_PIECE != 0 { Some((next(from)?, next(from)?)) } else { None };
    let bytes: &[u8] = next(from)?;
    let len = u32::try_from(bytes.len()).map_err(S::Error::custom)?;
    let (total, offset) = piece.unwrap_or((len, 0));
    if offset.checked_add(len).is_none_or(|end| end > total) {
        return Err(S::Error::custom("a piece that ends behind its whole"));
    }
    Ok(Define { is_name, id, total, offset, bytes })
}

fn decode_own<'a, S: SeqAccess<'a>>(
    flags: u8,
    codec: &mut Codec,
    from: &mut S,
) -> Result<u64, S::Error> {
    let own = match flags & flag::OWN {
        flag::OWN_NEXT => codec.own.wrapping_add(1),
        flag::OWN_BEFORE => codec.own.wrapping_sub(1),
        flag::OWN_SAME => codec.own,
        _ => codec.own.wrapping_add_signed(next(from)?),
    };
    codec.own = own & COUNTER_MASK;
    Ok(codec.own)
}

fn decode_trace<'a, S: SeqAccess<'a>>(
    own: u64,
    codec: &mut Codec,
    from: &mut S,
) -> Result<(), S::Error> {
    let given: u64 = next(from)?;
    codec.trace = if given & 1 == 0 {
        TraceRef::Own(own.wrapping_sub(given >> 1) & COUNTER_MASK)
    } else if given == 1 {
        TraceRef::Apart
    } else {
        let index = usize::try_from((given - 3) >> 1).map_err(S::Error::custom)?;
        if index == codec.traces_len() {
            let id = TraceId(next(from)?);
            codec.intern_trace(id).map_err(|_| S::Error::custom("too many traces"))?;
            TraceRef::Remote(id)
        } else {
            codec
                .trace_at(index)
                .map(TraceRef::Remote)
                .ok_or_else(|| S::Error::custom("no trace"))?
        }
    };
    Ok(())
}

fn decode_site<'a, S: SeqAccess<'a>>(codec: &mut Codec, from: &mut S) -> Result<(), S::Error> {
    let index = usize::from(next::<u8, S>(from)?);
    codec.site = if index == codec.sites_len() {
        let site = SiteRef { id: next(from)?, shape: Shape(next(from)?) };
        codec.intern_site(site).map_err(|_| S::Error::custom("too many sites"))?;
        site
    } else {
        codec.site_at(index).ok_or_else(|| S::Error::custom("no site"))?
    };
    Ok(())
}
