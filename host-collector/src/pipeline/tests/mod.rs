#![expect(clippy::cast_possible_truncation, reason = "what is sent here is short")]

use super::*;
use crate::exporter::{jaeger, otlp};
use crate::model::{Batch, Kind, Resource, Span, SpanId, Status, TraceId, Value};
use proptest::prelude::*;
use spandrel::wire::{
    Body, Clock, ClockEvent, Data, DataHead, Define, Fragment, FragmentOf, Frame, Hello, Log,
    Losses, NameRef, Parent, Part, PartKey, Pong, Process, Record, Reference, Request, ResetCause,
    Shape, SiteRef, SpanHead, SpanRecord, TraceRef,
};
use spandrel::{DeviceId, Session as SessionNumber};
use std::sync::{Arc, Mutex};

const SECOND: u64 = 1_000_000_000;
const EPOCH: u64 = 1_700_000_000 * SECOND;

/// A device that makes the frames that it is told to, 1 MHz ticks.
struct Device {
    id: DeviceId,
    session: SessionNumber,
    peer: Peer,
    packet: u32,
    record: u64,
    losses: Losses,
    /// The session before, and what ended this one.
    previous: Option<u32>,
    cause: Option<ResetCause>,
    /// Tags of the process beside its board.
    tags: Vec<(&'static str, wire::Value<'static>)>,
    /// When its clock was 0.
    began_ns: u64,
    /// [`Hello::KEPT`] or [`Hello::ACKNOWLEDGED`].
    flags: u8,
}

fn device(number: u16) -> Device {
    Device {
        id: DeviceId(number.into()),
        session: SessionNumber::new(7),
        peer: Peer::Udp(([10, 0, 0, 1], number).into()),
        packet: 0,
        record: 0,
        losses: Losses::default(),
        previous: None,
        cause: None,
        tags: Vec::new(),
        began_ns: EPOCH,
        flags: Hello::KEPT,
    }
}

fn bytes(frame: &Frame<'_>) -> Vec<u8> {
    frame.to_bytes().unwrap()
}

impl Device {
    fn frame(&mut self, body: impl FnOnce(u32) -> Body<'static>) -> Vec<u8> {
        let body = body(self.packet);
        self.packet += 1;
        bytes(&Frame { session_tag: self.session.tag(self.id), body })
    }

    fn ticks(&self, now_ns: u64) -> u64 {
        (now_ns - self.began_ns) / 1_000
    }

    /// A hello with the piece of the description that begins at `offset`.
    fn hello_piece(&mut self, now_ns: u64, offset: usize, length: usize) -> Vec<u8> {
        let mut tags = self.tags.clone();
        tags.push(("board", wire::Value::Text("an386")));
        let process = Process { service: "sensor", build: &[0xab], tags: &tags[..] };
        let process = process.to_bytes();
        let end = process.len().min(offset + length);
        let (id, session, sent_ticks, losses) =
            (self.id, self.session, self.ticks(now_ns), self.losses);
        let packet = self.packet;
        self.packet += 1;
        bytes(&Frame {
            session_tag: session.tag(id),
            body: Body::Hello(Hello {
                packet,
                device: id.0,
                session: session.get(),
                clock_hz: 1_000_000,
                sent_ticks,
                flags: self.flags,
                sites: 10,
                losses,
                process_total: process.len() as u32,
                process_offset: offset as u32,
                process: &process[offset..end],
                first_record: self.record,
                previous: self.previous,
                ended: self.cause,
                ..Hello::default()
            }),
        })
    }

    fn hello(&mut self, now_ns: u64) -> Vec<u8> {
        self.hello_piece(now_ns, 0, 200)
    }

    fn data(&mut self, records: Vec<Record<'static>>) -> Vec<u8> {
        let numbered = records.iter().filter(|record| record.ends_number()).count();
        let (first_record, losses) = (self.record, self.losses);
        self.record += numbered as u64;
        self.frame(|packet| {
            let count = records.len() as u8;
            let head = DataHead { packet, first_record, last_number: FIRST, losses, count };
            Body::Data(Data { head, records })
        })
    }

    /// A record as its fragments, each in a frame of its own.
    fn fragments(&mut self, record: Record<'static>, length: usize) -> Vec<Vec<u8>> {
        let of = match &record {
            Record::Define(Define { is_name: true, id, .. }) => FragmentOf::Name(*id),
            Record::Define(define) => FragmentOf::Site(define.id),
            _ => FragmentOf::Record,
        };
        let frame = |records| {
            let head = DataHead { first_record: self.record, ..DataHead::default() };
            bytes(&Frame { session_tag: [0; 4], body: Body::Data(Data { head, records }) })
        };
        // Its bytes are those that a frame has more than one without records.
        let bytes = frame(vec![record])[frame(vec![]).len()..].to_vec().leak();
        let pieces = bytes.chunks(length).collect::<Vec<_>>();
        let last = pieces.len() - 1;
        let fragment = |(at, bytes)| {
            let offset = (at * length) as u32;
            Record::Fragment(Fragment { of, offset, is_last: at == last, bytes })
        };
        pieces.into_iter().enumerate().map(fragment).map(|one| self.data(vec![one])).collect()
    }

    fn span_id(&self, own: u64) -> SpanId {
        SpanId::expand(self.id, self.session, own)
    }

    fn trace_id(&self, root: u64) -> TraceId {
        TraceId::expand(self.id, self.session, root)
    }
}

/// The number of the first span of most tests, which is the root of the others.
const FIRST: u64 = 4;

/// A span of site 1, from `start` to `end` in ticks.
fn span(own: u64, parent: Parent, ticks: [u64; 2]) -> SpanRecord<'static> {
    let head = SpanHead {
        own,
        parent,
        trace: TraceRef::Own(if parent == Parent::None { own } else { FIRST }),
        site: SiteRef { id: 1, shape: Shape(0) },
        start_ticks: ticks[0],
        duration_ticks: ticks[1] - ticks[0],
        parts: 0,
        ambiguous: false,
        cut_off: false,
    };
    SpanRecord { head, values: values([]) }
}

fn values<const N: usize>(values: [wire::Value<'static>; N]) -> wire::Values<'static> {
    values.into_iter().collect()
}

fn tags<const N: usize>(
    mut span: SpanRecord<'static>,
    list: [wire::Value<'static>; N],
) -> SpanRecord<'static> {
    span.head.site.shape = Shape::of(&list);
    span.values = values(list);
    span
}

fn site(id: u16, bytes: &'static [u8]) -> Record<'static> {
    Record::Define(Define { is_name: false, by_address: false, id, bytes })
}

fn name(id: u16, text: &'static str) -> Record<'static> {
    let bytes = text.as_bytes();
    Record::Define(Define { is_name: true, by_address: false, id, bytes })
}

const READ: &[u8] = b"\x04read\x03bus\x05state";

/// A pipeline, its clock, and everything that came out.
struct Bench {
    pipeline: Pipeline<Box<dyn FnMut(Output)>>,
    batches: Arc<Mutex<Vec<Batch>>>,
    replies: Replies,
    now_ns: u64,
}

impl Bench {
    fn new(downlink: bool) -> Self {
        Self::with(Options { downlink, ..Options::default() })
    }

    fn with(options: Options) -> Self {
        let sink = Box::new(drop::<Output>) as Box<dyn FnMut(Output)>;
        let mut bench = Self {
            pipeline: Pipeline::new(options, sink),
            batches: Arc::default(),
            replies: Vec::new(),
            now_ns: EPOCH + SECOND,
        };
        bench.restart();
        bench
    }

    /// Has another pipeline go on, which knows nothing; what came out so far stays.
    fn restart(&mut self) {
        let sink = self.batches.clone();
        let sink = owned(move |batch| sink.lock().unwrap().push(batch));
        let sink = Box::new(sink) as Box<dyn FnMut(Output)>;
        self.pipeline = Pipeline::new(self.pipeline.options, sink);
    }

    fn receive(&mut self, device: &Device, bytes: &[u8]) {
        self.pipeline.on_frame(bytes, &device.peer, self.now_ns, &mut self.replies);
    }

    fn hello(&mut self, device: &mut Device) {
        let hello = device.hello(self.now_ns);
        self.receive(device, &hello);
    }

    fn data(&mut self, device: &mut Device, records: Vec<Record<'static>>) {
        let data = device.data(records);
        self.receive(device, &data);
    }

    fn wait(&mut self, ns: u64) {
        self.now_ns += ns;
        self.pipeline.on_tick(self.now_ns, &mut self.replies);
    }

    fn batches(&self) -> Vec<Batch> {
        self.batches.lock().unwrap().clone()
    }

    fn spans(&self) -> Vec<Span> {
        self.batches().into_iter().flat_map(|batch| batch.spans).collect()
    }

    fn span(&self) -> Span {
        let mut spans = self.spans();
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }

    fn process(&self) -> Arc<Resource> {
        self.batches().last().unwrap().resource.clone()
    }

    fn asked(&mut self) -> Vec<Request<'static>> {
        let replies = core::mem::take(&mut self.replies);
        let request = |reply: Reply| wire::decode_downlink(reply.bytes.leak()).unwrap().request;
        replies.into_iter().map(request).collect()
    }
}

fn tag<'a>(attributes: &'a [crate::model::Attribute], key: &str) -> Option<&'a Value> {
    attributes.iter().find(|attribute| &*attribute.key == key).map(|attribute| &attribute.value)
}

mod clock;
mod direct;
mod hostile;
mod journal;
mod lost;
mod missing;
mod orders;
mod reset;
mod saved;
mod sealed;
mod short;
mod whole;
