//! From the JSON's types to those of the core, and to bytes.

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use spandrel::wire::{
    self, AnswerStatus, Data, DataHead, Define, Fragment, FragmentOf, Hello, Log, NameRef, Part,
    PartKey, Pong, Reference, Request, ResetCause, Shape, SiteRef, SpanHead, SpanRecord, TraceRef,
};
use spandrel::{SpanId, TraceId};

use super::{
    Body, ClockEvent, Defined, Float, Frame, Key, Losses, Name, NameText, Parent, Process, Record,
    Site, Status, Trace, Value, from_hex,
};

impl Frame {
    /// The bytes of the frame.
    ///
    /// # Errors
    /// If the description is of no frame: digits that are none, more than the format has room for.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let session_tag = array(&self.session_tag)?;
        let up = |body| {
            let bytes = wire::Frame { session_tag, body }.to_bytes();
            bytes.context("the format has no place for what the frame says")
        };
        let down = |request: Request<'_>| Ok(wire::Downlink { session_tag, request }.to_bytes());
        match &self.body {
            Body::Hello {
                packet,
                device,
                session,
                clock_hz,
                sent_ticks,
                flags,
                sites,
                first_record,
                losses,
                ended,
                previous,
                challenge,
                process,
            } => {
                let (process_total, process_offset, process) = process.bytes()?;
                up(wire::Body::Hello(Hello {
                    packet: *packet,
                    device: u64::from_be_bytes(array(device)?),
                    session: *session,
                    clock_hz: *clock_hz,
                    sent_ticks: *sent_ticks,
                    flags: *flags,
                    sites: *sites,
                    first_record: *first_record,
                    losses: (*losses).into(),
                    ended: ended.map(ResetCause::from_byte),
                    previous: *previous,
                    challenge: challenge.as_deref().map(array).transpose()?,
                    process_total,
                    process_offset,
                    process: &process,
                }))
            }
            Body::Data { packet, first_record, last_number, losses, records } => {
                let head = DataHead {
                    packet: *packet,
                    first_record: *first_record,
                    last_number: *last_number,
                    losses: (*losses).into(),
                    count: u8::try_from(records.len()).context("more than 255 records")?,
                };
                let bytes = records.iter().map(Record::bytes).collect::<Result<Vec<_>>>()?;
                let records = records.iter().zip(&bytes).map(|(record, bytes)| record.wire(bytes));
                up(wire::Body::Data(Data { head, records: records.collect::<Result<_>>()? }))
            }
            Body::Pong { packet, id, received_ticks, sent_ticks } => up(wire::Body::Pong(Pong {
                packet: *packet,
                id: *id,
                received_ticks: *received_ticks,
                sent_ticks: *sent_ticks,
            })),
            Body::HelloSeen => down(Request::HelloSeen),
            Body::SendHello => down(Request::SendHello),
            Body::SendDefinitions { sites, names } => {
                let list = |ids: &[u16]| ids.try_into().map_err(|_| anyhow!("a list too long"));
                down(Request::SendDefinitions { sites: list(sites)?, names: list(names)? })
            }
            Body::Ping { id } => down(Request::Ping(*id)),
            Body::Stats {
                packet,
                ring_words,
                ring_most_words,
                frames,
                bytes,
                longest_mask_cycles,
            } => up(wire::Body::Stats(wire::StatsFrame {
                packet: *packet,
                stats: wire::Stats {
                    ring_words: *ring_words,
                    ring_most_words: *ring_most_words,
                    frames: *frames,
                    bytes: *bytes,
                    longest_mask_cycles: *longest_mask_cycles,
                },
            })),
            Body::SetHandle(handle) => down(Request::SetHandle(*handle)),
            Body::Ack { next, ranges } => {
                let ranges = ranges.iter().map(|[start, end]| *start..*end).collect();
                down(Request::Ack(wire::Ack { next: *next, ranges }))
            }
            Body::Control { id, what, params } => {
                let params = from_hex(params)?;
                let command = wire::Command::read(*what, &params);
                down(Request::Control(wire::Control { id: *id, command }))
            }
            Body::Challenge(challenge) => down(Request::Challenge(array(challenge)?)),
            Body::Answer { packet, id, status, detail } => {
                let status = match status {
                    Status::Done => AnswerStatus::Done,
                    Status::Unknown => AnswerStatus::Unknown,
                    Status::Refused => AnswerStatus::Refused,
                };
                let (packet, id, detail) = (*packet, *id, *detail);
                up(wire::Body::Answer(wire::Answer { packet, id, status, detail }))
            }
        }
    }
}

fn array<const N: usize>(digits: &str) -> Result<[u8; N]> {
    from_hex(digits)?.try_into().map_err(|_| anyhow!("{digits} are not {N} bytes"))
}

impl From<Losses> for wire::Losses {
    fn from(losses: Losses) -> Self {
        Self {
            ring_full: losses.ring_full,
            sampled_out: losses.sampled_out,
            tag_cut: losses.tag_cut,
            names_full: losses.names_full,
            open_full: losses.open_full,
            baggage_full: losses.baggage_full,
            baggage_stale: losses.baggage_stale,
            evicted: losses.evicted,
        }
    }
}

/// A piece of something longer: how long that is, where the piece begins, and its bytes.
type Bytes = (u32, u32, Vec<u8>);

fn whole(bytes: Vec<u8>) -> Result<Bytes> {
    Ok((u32::try_from(bytes.len())?, 0, bytes))
}

impl Process {
    fn bytes(&self) -> Result<Bytes> {
        match self {
            Self::Whole { service, build, tags } => {
                let tags = tags.iter().map(|(key, value)| Ok((key.as_str(), value.wire()?)));
                let tags = tags.collect::<Result<Vec<_>>>()?;
                let build = &from_hex(build)?;
                whole(wire::Process { service, build, tags: &tags[..] }.to_bytes())
            }
            Self::Piece { total, offset, bytes } => Ok((*total, *offset, from_hex(bytes)?)),
        }
    }
}

impl Record {
    /// The bytes of a definition or of a fragment; of others none.
    fn bytes(&self) -> Result<Vec<u8>> {
        match self {
            Self::SiteDefinition { site: Site::Strings { operation, keys }, .. } => {
                let mut bytes = Vec::new();
                for string in [operation].into_iter().chain(keys) {
                    bytes.push(u8::try_from(string.len()).context("a long name")?);
                    bytes.extend_from_slice(string.as_bytes());
                }
                Ok(bytes)
            }
            Self::NameDefinition { name: NameText::Text(text), .. } => Ok(text.clone().into()),
            Self::SiteDefinition { site: Site::Bytes { bytes }, .. }
            | Self::NameDefinition {
                name: NameText::Bytes { bytes } | NameText::Address { by_address: bytes },
                ..
            }
            | Self::Fragment { bytes, .. } => from_hex(bytes),
            _ => Ok(Vec::new()),
        }
    }

    fn wire<'a>(&'a self, bytes: &'a [u8]) -> Result<wire::Record<'a>> {
        Ok(match self {
            Self::Span {
                own,
                parent,
                trace,
                site,
                ambiguous,
                cut_off,
                parts,
                start,
                duration,
                values: list,
            } => {
                let values = values(list)?;
                let head = SpanHead {
                    own: *own,
                    parent: parent.wire(),
                    trace: trace.wire()?,
                    site: SiteRef { id: *site, shape: Shape::of(&values) },
                    start_ticks: *start,
                    duration_ticks: *duration,
                    parts: *parts,
                    ambiguous: *ambiguous,
                    cut_off: *cut_off,
                };
                wire::Record::Span(SpanRecord { head, values })
            }
            Self::Part { own, key, values: list } => {
                let values = values(list)?;
                let key = key.wire(Shape::of(&values));
                wire::Record::Part(Part { own: *own, key, values })
            }
            Self::Log { own, time, more, key, values: list } => {
                let values = values(list)?;
                let key = key.wire(Shape::of(&values));
                wire::Record::Log(Log { own: *own, time_ticks: *time, more: *more, key, values })
            }
            Self::Reference { own, trace, span, follows_from } => {
                wire::Record::Reference(Reference {
                    own: *own,
                    trace: TraceId(array(trace)?),
                    span: SpanId(array(span)?),
                    follows_from: *follows_from,
                })
            }
            Self::SiteDefinition { id, .. } | Self::NameDefinition { id, .. } => {
                let is_name = matches!(self, Self::NameDefinition { .. });
                let address = |name: &NameText| matches!(name, NameText::Address { .. });
                let by_address = matches!(self, Self::NameDefinition { name, .. } if address(name));
                wire::Record::Define(Define { is_name, by_address, id: *id, bytes })
            }
            Self::Clock { time, event } => {
                wire::Record::Clock(wire::Clock { time_ticks: *time, event: event.wire() })
            }
            Self::Fragment { of, offset, last, .. } => {
                let of = match of {
                    None => FragmentOf::Record,
                    Some(Defined::Site(id)) => FragmentOf::Site(*id),
                    Some(Defined::Name(id)) => FragmentOf::Name(*id),
                };
                wire::Record::Fragment(Fragment { of, offset: *offset, is_last: *last, bytes })
            }
        })
    }
}

fn values(list: &[Value]) -> Result<wire::Values<'_>> {
    ensure!(list.len() <= wire::MAX_VALUES, "too many values for one record");
    list.iter().map(Value::wire).collect()
}

impl ClockEvent {
    fn wire(self) -> wire::ClockEvent {
        match self {
            Self::Paused { ns } => wire::ClockEvent::Paused { ns },
            Self::Rate { hz } => wire::ClockEvent::Rate { hz },
            Self::Stepped => wire::ClockEvent::Stepped,
            Self::Wall { unix_ns, error_ns } => wire::ClockEvent::Wall { unix_ns, error_ns },
        }
    }
}

impl Parent {
    fn wire(&self) -> wire::Parent {
        match self {
            Self::None => wire::Parent::None,
            Self::Own(own) => wire::Parent::Local(*own),
            Self::Elsewhere => wire::Parent::Remote,
        }
    }
}

impl Trace {
    fn wire(&self) -> Result<TraceRef> {
        Ok(match self {
            Self::Own(root) => TraceRef::Own(*root),
            Self::Remote(id) => TraceRef::Remote(TraceId(array(id)?)),
        })
    }
}

impl Key {
    fn wire(&self, shape: Shape) -> PartKey<'_> {
        match self {
            Self::Site(id) => PartKey::Site(SiteRef { id: *id, shape }),
            Self::Name(name) => PartKey::Name(name.wire(), shape),
        }
    }
}

impl Name {
    fn wire(&self) -> NameRef<'_> {
        match self {
            Self::Number(id) => NameRef::Id(*id),
            Self::Text(text) => NameRef::Inline(text),
        }
    }
}

impl Value {
    fn wire(&self) -> Result<wire::Value<'_>> {
        Ok(match self {
            Self::Bool(value) => wire::Value::Bool(*value),
            Self::I32(value) => wire::Value::I32(*value),
            Self::U32(value) => wire::Value::U32(*value),
            Self::I64(value) => wire::Value::I64(value.parse()?),
            Self::U64(value) => wire::Value::U64(value.parse()?),
            Self::F32(value) => wire::Value::F32(value.narrow()?),
            Self::F64(value) => wire::Value::F64(value.get()?),
            Self::StaticString(name) => wire::Value::Static(name.wire()),
            Self::String(text) => wire::Value::Text(text),
            Self::Bytes(bytes) => wire::Value::Bytes(&bytes.0),
            Self::CutString(text) => wire::Value::CutText(text),
            Self::CutBytes(bytes) => wire::Value::CutBytes(&bytes.0),
            Self::CutStaticString(name) => wire::Value::CutStatic(name.wire()),
        })
    }
}

impl Float {
    fn get(&self) -> Result<f64> {
        Ok(match self {
            Self::Finite(value) => *value,
            Self::Other(text) => text.parse()?,
        })
    }

    fn narrow(&self) -> Result<f32> {
        let wide = self.get()?;
        #[expect(clippy::cast_possible_truncation, reason = "the next line refuses what is cut")]
        let narrow = wide as f32;
        if f64::from(narrow) != wide && !wide.is_nan() {
            bail!("{wide} is no number of 32 bits");
        }
        Ok(narrow)
    }
}
