//! Writing the spans of a frame.

use super::known::{Known, Plain};
use super::line::{Line, Put, Stop};
use super::piece::Piece;
use super::spans::{Item, Spans};
use crate::causality::{self, Causality};
use crate::clock::{ClockEstimate, Placement, Ruler};
use crate::model::{Chunk, Resource, Source, TraceId, Value as ModelValue, encode};
use crate::pipeline::Output;
use crate::protobuf::varint_len;
use crate::session::assembly::Entry;
use crate::session::convert::Context;
use crate::session::definitions::Definitions;
use crate::session::emit::Reach;
use crate::session::made::trace_id;
use crate::session::process::Lost;
use crate::session::traces::Placements;
use crate::session::{Effects, Identity, Session};
use crate::stats::Stats;
use spandrel::SpanIds;
use spandrel::wire::{
    NameRef, Parent, Record, SpanHead, SpanRecord, TraceRef, Value, Values, record_number,
};
use std::sync::Arc;

/// What spans of one trace that follow each other have in common.
struct Run<'a> {
    trace: TraceRef,
    id: TraceId,
    placement: Placement,
    ruler: Ruler<'a>,
    /// The last parent.
    parent: u64,
    /// How a span begins whose parent that is: its trace, its own id, and that of its parent.
    ids: [u8; 38],
}

/// What all spans of a frame have in common.
struct Common<'a> {
    clock: &'a ClockEstimate,
    current: Placement,
    source: Source,
    ids: SpanIds,
    now_ns: u64,
}

impl<'a> Common<'a> {
    fn of(identity: &'a Identity, current: Placement, now_ns: u64) -> Self {
        let (clock, source) = (&identity.clock, identity.source);
        let ids = SpanIds::new(source.device, source.session);
        Self { clock, current, source, ids, now_ns }
    }

    /// The run that a span goes on with, or begins.
    #[inline]
    fn run<'r>(
        &self,
        last: &'r mut Option<Run<'a>>,
        head: &SpanHead,
        placements: &mut Placements,
    ) -> &'r mut Run<'a> {
        if last.as_ref().is_some_and(|run| run.trace != head.trace) {
            *last = None;
        }
        last.get_or_insert_with(|| {
            let trace = head.trace;
            let id = trace_id(trace, self.source);
            let placement = placements.of(id, self.current, self.now_ns);
            let ruler = self.clock.ruler(placement, head.start_ticks);
            let mut run = Run { trace, id, placement, ruler, parent: 0, ids: [0; 38] };
            let mut ids = Put::new(&mut run.ids);
            // There is room for all of it.
            let _ = ids.array([0x0a, 16]).and_then(|()| ids.array(id.0));
            let _ = ids.array([0x12, 8]).and_then(|()| ids.array([0; 8]));
            let _ = ids.array([0x22, 8]).and_then(|()| ids.array(self.ids.get(0).0));
            run
        })
    }
}

impl Session {
    /// Writes the spans at these places of a frame.
    pub(super) fn write_spans(
        &mut self,
        frame: &Spans<'_>,
        places: &[usize],
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        self.lost.link = self.gaps.lost();
        let items = || places.iter().filter_map(|place| frame.items().get(*place));
        let Some((identity, current)) =
            self.identity.as_ref().and_then(|who| Some((who, who.clock.placement(now_ns)?)))
        else {
            return;
        };
        let common = Common::of(identity, current, now_ns);
        let mut reach = Reach::new(common.current.sync());
        let mut run = None;
        for Item { head, .. } in items() {
            let run = common.run(&mut run, head, &mut self.placements);
            let end_ticks = head.start_ticks.saturating_add(head.duration_ticks);
            reach.add(common.clock, [head.start_ticks, end_ticks], &run.placement);
        }
        let (source, worst) = (common.source, reach.worst(common.clock));
        let Some(resource) = self.resource(worst, now_ns) else { return };
        let Some(identity) = &self.identity else { return };
        let common = Common::of(identity, current, now_ns);
        stats.spans += places.len() as u64;
        stats.records_used += places.len() as u64;
        effects.line.clear();
        let mut writing = Writing {
            error_ns: causality::error_ns(&resource),
            resource: &resource,
            known: &mut self.known,
            sampler: self.description.as_ref().map(|said| &said.sampler),
            definitions: &self.definitions,
            lost: &self.lost,
            lost_told: &mut self.lost_told,
            causality: &mut effects.outlet.causality,
            line: &mut effects.line,
        };
        let mut run = None;
        for item in items() {
            let run = common.run(&mut run, &item.head, &mut self.placements);
            let values = frame.values(item);
            if !writing.plain(&common, run, &item.head, values) {
                writing.owned(&common, run, &item.head, values);
            }
        }
        let message = self.known.resource(&resource);
        let chunk = Chunk::of_spans(message, effects.line.fields(), places.len());
        effects.outlet.hand_over(Output { source, chunk });
    }
}

/// What it takes to write a span.
struct Writing<'a> {
    resource: &'a Arc<Resource>,
    /// By how much its times may be wrong, if that is known from both sides.
    error_ns: Option<u64>,
    known: &'a mut Known,
    sampler: Option<&'a [ModelValue; 2]>,
    definitions: &'a Definitions,
    lost: &'a Lost,
    lost_told: &'a mut Lost,
    causality: &'a mut Causality,
    line: &'a mut Line,
}

impl Writing<'_> {
    /// Writes a span that is nothing but what it was recorded as; false where it is more.
    #[inline]
    fn plain(
        &mut self,
        common: &Common<'_>,
        run: &mut Run<'_>,
        head: &SpanHead,
        values: &[Value<'_>],
    ) -> bool {
        let parent = match head.parent {
            Parent::Local(parent) => Some(parent),
            Parent::None => None,
            Parent::Remote => return false,
        };
        let has_more = head.ambiguous || parent.is_none() && self.has_loss_to_tell();
        let end_ticks = head.start_ticks.saturating_add(head.duration_ticks);
        let (start_ns, end_ns) = (run.ruler.place(head.start_ticks), run.ruler.place(end_ticks));
        if has_more || start_ns == 0 || end_ns < start_ns || end_ns == u64::MAX {
            return false;
        }
        let id = common.ids.get(head.own);
        // Nobody else knows of a span that has no number of its own.
        let is_cause = head.own < record_number(0) && self.error_ns.is_some();
        if is_cause && self.causality.is_awaited(run.id, id) {
            return false;
        }
        if let (None, Some(sampler)) = (parent, self.sampler) {
            self.known.learn_sampler(sampler);
        }
        let sampler = self.known.sampler().filter(|_| parent.is_none());
        let Some(site) = self.known.site(head.site.id) else { return false };
        if let Some(parent) = parent.filter(|parent| *parent != run.parent)
            && let Some(place) = run.ids.last_chunk_mut()
        {
            *place = common.ids.get(parent).0;
            run.parent = parent;
        }
        let mut ids = run.ids;
        if let Some(place) = ids.get_mut(20..28).and_then(|place| place.first_chunk_mut()) {
            *place = id.0;
        }
        let known = &*self.known;
        let is_written = self.line.span(|put| {
            put.up_to(ids, if parent.is_some() { 38 } else { 28 })?;
            put.piece(&site.name)?;
            put.array(times([start_ns, end_ns.max(start_ns + 1)]))?;
            attributes(put, known, site, values)?;
            put.piece(&site.location)?;
            if let Some(sampler) = sampler {
                put.piece(sampler)?;
            }
            put.array([0x85, 0x01, SAMPLED, 0, 0, 0])
        });
        if is_written
            && is_cause
            && let Some(error_ns) = self.error_ns
        {
            let source = common.source;
            self.causality.saw((run.id, id), source, self.resource, start_ns, error_ns);
        }
        is_written
    }

    /// Writes a span with everything there is to say of it.
    fn owned(&mut self, common: &Common<'_>, run: &Run<'_>, head: &SpanHead, values: &[Value<'_>]) {
        let context = Context {
            source: common.source,
            definitions: self.definitions,
            clock: common.clock,
            sampler: self.sampler,
            raw_ticks: false,
            ended: None,
        };
        let values = Values::from_slice(values).unwrap_or_default();
        let record = Record::Span(SpanRecord { head: *head, values });
        let entry = Entry::of_span(&record, common.now_ns);
        let mut span = context.convert(entry, head, run.id, &run.placement);
        if !matches!(head.parent, Parent::Local(_)) {
            span.events.extend(self.lost.tell(self.lost_told, span.end_ns));
        }
        if let Some(error_ns) = self.error_ns {
            self.causality.check_span(common.source, self.resource, error_ns, &mut span);
        }
        self.line.owned(|out| encode::span(out, &span));
    }

    fn has_loss_to_tell(&self) -> bool {
        self.lost != self.lost_told && self.lost.since(self.lost_told).is_some()
    }
}

/// The fields of start and end.
#[inline(always)]
fn times([start_ns, end_ns]: [u64; 2]) -> [u8; 18] {
    let ([a, b, c, d, e, f, g, h], [i, j, k, l, m, n, o, p]) =
        (start_ns.to_le_bytes(), end_ns.to_le_bytes());
    [0x39, a, b, c, d, e, f, g, h, 0x41, i, j, k, l, m, n, o, p]
}

/// W3C's flag of a trace that is recorded.
const SAMPLED: u8 = 1;

/// Writes values under the keys of their site.
#[inline]
fn attributes(
    put: &mut Put<'_>,
    known: &Known,
    site: &Plain,
    values: &[Value<'_>],
) -> Result<(), Stop> {
    if values.len() > site.keys.len() {
        return Err(Stop::NotPlain);
    }
    for (key, value) in site.keys.iter().zip(values) {
        match *value {
            Value::Bool(value) => {
                begin(put, key, 2)?;
                put.array([0x10, u8::from(value)])?;
            }
            Value::I32(value) => int(put, key, value.into())?,
            Value::U32(value) => int(put, key, value.into())?,
            Value::I64(value) => int(put, key, value)?,
            Value::U64(value) => int(put, key, i64::try_from(value).or(Err(Stop::NotPlain))?)?,
            Value::F32(value) => double(put, key, value.into())?,
            Value::F64(value) => double(put, key, value)?,
            Value::Static(NameRef::Id(id)) => {
                let text = known.name(id).ok_or(Stop::NotPlain)?;
                begin(put, key, text.len())?;
                put.piece(text)?;
            }
            Value::Static(NameRef::Inline(text)) | Value::Text(text) => {
                bytes(put, key, 0x0a, text.as_bytes())?;
            }
            Value::Bytes(value) => bytes(put, key, 0x3a, value)?,
            Value::CutStatic(_) | Value::CutText(_) | Value::CutBytes(_) => {
                return Err(Stop::NotPlain);
            }
        }
    }
    Ok(())
}

/// Begins an attribute with a value that takes so many bytes.
#[inline(always)]
fn begin(put: &mut Put<'_>, key: &Piece, value_len: usize) -> Result<(), Stop> {
    let len = key.len() + 1 + varint_len(value_len as u64) + value_len;
    if let (Ok(len @ ..0x80), Ok(value_len)) = (u8::try_from(len), u8::try_from(value_len)) {
        put.array([0x4a, len])?;
        put.piece(key)?;
        return put.array([0x12, value_len]);
    }
    put.array([0x4a])?;
    put.varint(len as u64)?;
    put.piece(key)?;
    put.array([0x12])?;
    put.varint(value_len as u64)
}

#[inline(always)]
fn int(put: &mut Put<'_>, key: &Piece, value: i64) -> Result<(), Stop> {
    let value = value.cast_unsigned();
    if value < 1 << 14 {
        // Most are short.
        let [low, high, ..] = (value & 0x7f | (value >> 7) << 8).to_le_bytes();
        let is_long = u8::from(value > 0x7f);
        begin(put, key, 2 + usize::from(is_long))?;
        return put.up_to([0x18, low | is_long << 7, high], 2 + usize::from(is_long));
    }
    begin(put, key, 1 + varint_len(value))?;
    put.array([0x18])?;
    put.varint(value)
}

#[inline]
fn double(put: &mut Put<'_>, key: &Piece, value: f64) -> Result<(), Stop> {
    begin(put, key, 9)?;
    put.array([0x21])?;
    put.array(value.to_bits().to_le_bytes())
}

fn bytes(put: &mut Put<'_>, key: &Piece, tag: u8, bytes: &[u8]) -> Result<(), Stop> {
    begin(put, key, 1 + varint_len(bytes.len() as u64) + bytes.len())?;
    put.array([tag])?;
    put.varint(bytes.len() as u64)?;
    put.bytes(bytes)
}
