//! Traces: by their ids, by a search, or what there is to say of them.

use super::split::{MOST_MESSAGE, split};
use super::{Outcome, decode, single};
use crate::model::{Chunk, TraceId};
use crate::protobuf::Writer;
use crate::query::{Context, Failure, MOST_BYTES};
use crate::storage::{Found, Reader};
use bytes::Bytes;
use std::collections::HashSet;

/// A message of summaries is no longer than this and one summary.
const MANY_BYTES: usize = 1 << 20;

/// Messages of spans, up to what one answer may hold.
#[derive(Default)]
struct Answer {
    messages: Vec<Bytes>,
    bytes: usize,
}

impl Answer {
    /// Adds those traces of a chunk that are `wanted`.
    fn add(&mut self, chunk: &Chunk, wanted: impl Fn(TraceId) -> bool) -> Result<(), Failure> {
        self.bytes = self.bytes.saturating_add(chunk.bytes().len());
        if self.bytes > MOST_BYTES {
            return Err(Failure::too_much(format!(
                "these traces are more than an answer holds, {MOST_BYTES} bytes of OTLP: ask for less at \
                 a time"
            )));
        }
        let traces = split(chunk, MOST_MESSAGE).into_iter().filter(|(id, _)| wanted(*id));
        self.messages.extend(traces.flat_map(|(_, messages)| messages));
        Ok(())
    }
}

pub(super) fn get(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let mut answer = Answer::default();
    for id in decode::ids(message)?.into_iter().filter(|id| !id.is_zero()) {
        if let Some(chunk) = reader.get(id)? {
            answer.add(&chunk, |_| true)?;
        }
    }
    Ok(answer.messages)
}

pub(super) fn find(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let mut answer = Answer::default();
    // Of a trace with ids of 64 and of 128 bits all spans come with each.
    let mut sent = HashSet::new();
    for found in reader.find(&decode::search(message)?)? {
        // It may have gone since it was found.
        let Some(chunk) = reader.get(found.trace_id)? else { continue };
        answer.add(&chunk, |id| !sent.contains(&id))?;
        sent.extend(chunk.spans().map(|(.., span)| span.trace_id()));
    }
    Ok(answer.messages)
}

pub(super) fn find_ids(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let mut out = Writer::default();
    for found in reader.find(&decode::search(message)?)? {
        out.message(1, |out| {
            out.bytes(1, &found.trace_id.0);
            time(out, 2, found.start_ns);
            time(out, 3, found.end_ns);
        });
    }
    Ok(single(out))
}

/// A `Timestamp`.
fn time(out: &mut Writer, field: u32, time_ns: u64) {
    out.message(field, |out| {
        out.varint(1, time_ns / 1_000_000_000);
        out.varint(2, time_ns % 1_000_000_000);
    });
}

pub(super) fn find_summaries(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let mut messages = Vec::new();
    let mut out = Writer::default();
    for found in reader.find(&decode::search(message)?)? {
        out.message(1, |out| summary(out, &found));
        if out.len() > MANY_BYTES {
            messages.extend(single(core::mem::take(&mut out)));
        }
    }
    if !out.is_empty() {
        messages.extend(single(out));
    }
    Ok(messages)
}

fn summary(out: &mut Writer, found: &Found) {
    out.bytes(1, &found.trace_id.0);
    out.bytes(2, found.root_service.as_bytes());
    out.bytes(3, found.root_name.as_bytes());
    out.fixed64(4, found.start_ns);
    out.fixed64(5, found.end_ns);
    out.varint(6, int32(found.spans));
    out.varint(7, int32(found.errors));
    out.varint(8, int32(found.orphans));
    for service in &found.services {
        out.message(9, |out| {
            out.bytes(1, service.name.as_bytes());
            out.varint(2, int32(service.spans));
            out.varint(3, int32(service.errors));
        });
    }
}

/// A count, or the most that an `int32` holds.
fn int32(count: u64) -> u64 {
    count.min(i32::MAX.cast_unsigned().into())
}
