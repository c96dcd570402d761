//! Zipkin's protobuf: a `ListOfSpans` of `zipkin.proto3`.

use super::span::{Endpoint, Fault, SERVER, Span};
use super::{Groups, ZipkinError};
use crate::protobuf::{Field, Fields, Malformed};
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The `ExportTraceServiceRequest` of a list of spans.
///
/// # Errors
/// Where it is no such list, or a span in it is none.
pub fn from_protobuf(list: &[u8]) -> Result<Vec<u8>, ZipkinError> {
    let mut groups = Groups::default();
    let mut index = 0;
    for field in Fields::new(list) {
        let (1, Field::Bytes(message)) = field? else { continue };
        let span = read(message)?.map_err(|fault| ZipkinError::Span(index, fault))?;
        groups.add(&span);
        index += 1;
    }
    Ok(groups.into_request())
}

type Read<'a> = Result<Result<Span<'a>, Fault>, Malformed>;

fn read(message: &[u8]) -> Read<'_> {
    let mut span = Span::default();
    let (mut trace_id, mut id, mut parent): (&[u8], &[u8], &[u8]) = (&[], &[], &[]);
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(bytes)) => trace_id = bytes,
            (2, Field::Bytes(bytes)) => parent = bytes,
            (3, Field::Bytes(bytes)) => id = bytes,
            (4, Field::Varint(kind)) => {
                span.kind = match kind {
                    1 => 3,
                    2 => SERVER,
                    3 => 4,
                    4 => 5,
                    _ => 0,
                }
            }
            (5, Field::Bytes(text)) => span.name = lossy(text),
            (6, Field::Fixed64(at)) => span.start_us = at,
            (7, Field::Varint(duration)) => span.duration_us = duration,
            (8, Field::Bytes(message)) => span.local = endpoint(message)?,
            (9, Field::Bytes(message)) => span.remote = endpoint(message)?,
            (10, Field::Bytes(message)) => span.annotations.push(annotation(message)?),
            (11, Field::Bytes(message)) => span.tags.push(tag(message)?),
            (12, Field::Varint(flag)) => span.is_debug = flag != 0,
            (13, Field::Varint(flag)) => span.is_shared = flag != 0,
            _ => {}
        }
    }
    Ok(identified(span, trace_id, id, parent))
}

fn identified<'a>(
    mut span: Span<'a>,
    trace_id: &[u8],
    id: &[u8],
    parent: &[u8],
) -> Result<Span<'a>, Fault> {
    span.trace_id = match trace_id {
        [] => return Err(Fault::Missing("trace_id")),
        short if short.len() == 8 => {
            let mut whole = [0; 16];
            whole.iter_mut().rev().zip(short.iter().rev()).for_each(|(to, from)| *to = *from);
            whole
        }
        whole => whole.try_into().map_err(|_| Fault::Length("trace_id"))?,
    };
    span.id = match id {
        [] => return Err(Fault::Missing("id")),
        id => id.try_into().map_err(|_| Fault::Length("id"))?,
    };
    if !parent.is_empty() {
        let parent = parent.try_into().map_err(|_| Fault::Length("parent_id"))?;
        span.parent = Some(parent).filter(|parent| *parent != [0; 8]);
    }
    if span.trace_id == [0; 16] {
        return Err(Fault::Zero("trace_id"));
    }
    if span.id == [0; 8] { Err(Fault::Zero("id")) } else { Ok(span) }
}

fn endpoint(message: &[u8]) -> Result<Endpoint<'_>, Malformed> {
    let mut endpoint = Endpoint::default();
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(text)) => endpoint.service = lossy(text),
            (2, Field::Bytes(bytes)) => {
                endpoint.v4 =
                    <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).into());
            }
            (3, Field::Bytes(bytes)) => {
                endpoint.v6 =
                    <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into());
            }
            (4, Field::Varint(port)) => endpoint.port = u16::try_from(port).unwrap_or(0),
            _ => {}
        }
    }
    Ok(endpoint)
}

fn annotation(message: &[u8]) -> Result<(u64, Cow<'_, str>), Malformed> {
    let (mut at_us, mut value) = (0, Cow::Borrowed(""));
    for field in Fields::new(message) {
        match field? {
            (1, Field::Fixed64(at)) => at_us = at,
            (2, Field::Bytes(text)) => value = lossy(text),
            _ => {}
        }
    }
    Ok((at_us, value))
}

fn tag(message: &[u8]) -> Result<(Cow<'_, str>, Cow<'_, str>), Malformed> {
    let (mut key, mut value) = (Cow::Borrowed(""), Cow::Borrowed(""));
    for field in Fields::new(message) {
        match field? {
            (1, Field::Bytes(text)) => key = lossy(text),
            (2, Field::Bytes(text)) => value = lossy(text),
            _ => {}
        }
    }
    Ok((key, value))
}

fn lossy(text: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(text)
}
