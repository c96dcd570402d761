//! From the types of the core to the JSON's.

use spandrel::wire::{
    self, AnswerStatus, DecodeError, FragmentOf, NameRef, PartKey, Request, TraceRef,
};

use super::{
    Body, ClockEvent, Defined, Direction, Float, Frame, Hex, Key, Losses, Name, NameText, Parent,
    Process, Record, Site, Status, Trace, Value, to_hex,
};

impl Frame {
    /// What the bytes of a frame mean.
    ///
    /// # Errors
    /// If they are no frame of that direction.
    pub fn decode(direction: Direction, bytes: &[u8]) -> Result<Self, DecodeError> {
        let (session_tag, body) = match direction {
            Direction::Up => {
                let frame = wire::decode(bytes)?;
                (frame.session_tag, (&frame.body).into())
            }
            Direction::Down => {
                let frame = wire::decode_downlink(bytes)?;
                (frame.session_tag, frame.request.into())
            }
        };
        Ok(Self { session_tag: to_hex(&session_tag), body })
    }
}

impl From<&wire::Body<'_>> for Body {
    fn from(body: &wire::Body<'_>) -> Self {
        match body {
            wire::Body::Hello(hello) => Self::Hello {
                packet: hello.packet,
                device: format!("{:016x}", hello.device),
                session: hello.session,
                clock_hz: hello.clock_hz,
                sent_ticks: hello.sent_ticks,
                flags: hello.flags,
                sites: hello.sites,
                first_record: hello.first_record,
                losses: hello.losses.into(),
                ended: hello.ended.map(|cause| cause as u8),
                previous: hello.previous,
                challenge: hello.challenge.map(|challenge| to_hex(&challenge)),
                process: hello.into(),
            },
            wire::Body::Data(data) => Self::Data {
                packet: data.head.packet,
                first_record: data.head.first_record,
                last_number: data.head.last_number,
                losses: data.head.losses.into(),
                records: data.records.iter().map(Record::from).collect(),
            },
            wire::Body::Stats(wire::StatsFrame { packet, stats }) => Self::Stats {
                packet: *packet,
                ring_words: stats.ring_words,
                ring_most_words: stats.ring_most_words,
                frames: stats.frames,
                bytes: stats.bytes,
                longest_mask_cycles: stats.longest_mask_cycles,
            },
            wire::Body::Answer(answer) => Self::Answer {
                packet: answer.packet,
                id: answer.id,
                status: match answer.status {
                    AnswerStatus::Done => Status::Done,
                    AnswerStatus::Refused => Status::Refused,
                    _ => Status::Unknown,
                },
                detail: answer.detail,
            },
            wire::Body::Pong(pong) => Self::Pong {
                packet: pong.packet,
                id: pong.id,
                received_ticks: pong.received_ticks,
                sent_ticks: pong.sent_ticks,
            },
        }
    }
}

impl From<Request<'_>> for Body {
    fn from(request: Request<'_>) -> Self {
        match request {
            Request::HelloSeen => Self::HelloSeen,
            Request::SendHello => Self::SendHello,
            Request::SendDefinitions { sites, names } => {
                Self::SendDefinitions { sites: sites.to_vec(), names: names.to_vec() }
            }
            Request::Ping(id) => Self::Ping { id },
            Request::SetHandle(handle) => Self::SetHandle(handle),
            Request::Ack(ack) => Self::Ack {
                next: ack.next,
                ranges: ack.ranges.iter().map(|range| [range.start, range.end]).collect(),
            },
            Request::Control(control) => {
                let (what, params) = (control.command.what(), to_hex(&params(&control)));
                Self::Control { id: control.id, what, params }
            }
            Request::Challenge(challenge) => Self::Challenge(to_hex(&challenge)),
        }
    }
}

/// The bytes of a control's parameters: they stand at the end of its frame, behind their length.
fn params(control: &wire::Control<'_>) -> Vec<u8> {
    let request = Request::Control(*control);
    let whole = wire::Downlink { session_tag: [0; 4], request }.to_bytes();
    let without = wire::Command::Other(control.command.what(), &[]);
    let request = Request::Control(wire::Control { id: control.id, command: without });
    let head = wire::Downlink { session_tag: [0; 4], request }.to_bytes();
    whole.get(head.len()..).map(<[u8]>::to_vec).unwrap_or_default()
}

impl From<wire::Losses> for Losses {
    fn from(losses: wire::Losses) -> Self {
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

/// Whether a piece that begins at `offset` is the whole.
fn is_whole(total: u32, offset: u32, bytes: &[u8]) -> bool {
    offset == 0 && usize::try_from(total) == Ok(bytes.len())
}

impl From<&wire::Hello<'_>> for Process {
    fn from(hello: &wire::Hello<'_>) -> Self {
        let (total, offset, bytes) = (hello.process_total, hello.process_offset, hello.process);
        let read = postcard::from_bytes::<wire::Process<'_, Vec<(&str, wire::Value<'_>)>>>(bytes);
        match read {
            Ok(process) if is_whole(total, offset, bytes) => Self::Whole {
                service: process.service.to_owned(),
                build: to_hex(process.build),
                tags: process.tags.iter().map(|(k, v)| ((*k).to_owned(), v.into())).collect(),
            },
            _ => Self::Piece { total, offset, bytes: to_hex(bytes) },
        }
    }
}

impl From<&wire::Record<'_>> for Record {
    fn from(record: &wire::Record<'_>) -> Self {
        match record {
            wire::Record::Span(wire::SpanRecord { head, values: list }) => Self::Span {
                own: head.own,
                parent: head.parent.into(),
                trace: head.trace.into(),
                site: head.site.id,
                ambiguous: head.ambiguous,
                cut_off: head.cut_off,
                parts: head.parts,
                start: head.start_ticks,
                duration: head.duration_ticks,
                values: values(list),
            },
            wire::Record::Part(part) => {
                Self::Part { own: part.own, key: part.key.into(), values: values(&part.values) }
            }
            wire::Record::Log(log) => Self::Log {
                own: log.own,
                time: log.time_ticks,
                more: log.more,
                key: log.key.into(),
                values: values(&log.values),
            },
            wire::Record::Reference(reference) => Self::Reference {
                own: reference.own,
                trace: to_hex(&reference.trace.0),
                span: to_hex(&reference.span.0),
                follows_from: reference.follows_from,
            },
            wire::Record::Clock(clock) => {
                Self::Clock { time: clock.time_ticks, event: clock.event.into() }
            }
            wire::Record::Define(define) => (*define).into(),
            wire::Record::Fragment(fragment) => Self::Fragment {
                of: match fragment.of {
                    FragmentOf::Record => None,
                    FragmentOf::Site(id) => Some(Defined::Site(id)),
                    FragmentOf::Name(id) => Some(Defined::Name(id)),
                },
                offset: fragment.offset,
                last: fragment.is_last,
                bytes: to_hex(fragment.bytes),
            },
        }
    }
}

fn values(values: &[wire::Value<'_>]) -> Vec<Value> {
    values.iter().map(Value::from).collect()
}

impl From<wire::Define<'_>> for Record {
    fn from(define: wire::Define<'_>) -> Self {
        let wire::Define { is_name, by_address, id, bytes } = define;
        if by_address {
            return Self::NameDefinition {
                id,
                name: NameText::Address { by_address: to_hex(bytes) },
            };
        }
        if is_name {
            let text = str::from_utf8(bytes).map(str::to_owned);
            let name =
                text.map_or_else(|_| NameText::Bytes { bytes: to_hex(bytes) }, NameText::Text);
            return Self::NameDefinition { id, name };
        }
        let strings = strings(bytes);
        let site = match strings.as_deref().and_then(<[String]>::split_first) {
            Some((operation, keys)) => {
                Site::Strings { operation: operation.clone(), keys: keys.to_vec() }
            }
            None => Site::Bytes { bytes: to_hex(bytes) },
        };
        Self::SiteDefinition { id, site }
    }
}

/// Strings that each stand behind their length in one byte.
fn strings(mut bytes: &[u8]) -> Option<Vec<String>> {
    let mut strings = Vec::new();
    while let Some((length, rest)) = bytes.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(*length))?;
        strings.push(str::from_utf8(string).ok()?.to_owned());
        bytes = rest;
    }
    Some(strings)
}

impl From<wire::ClockEvent> for ClockEvent {
    fn from(event: wire::ClockEvent) -> Self {
        match event {
            wire::ClockEvent::Paused { ns } => Self::Paused { ns },
            wire::ClockEvent::Rate { hz } => Self::Rate { hz },
            wire::ClockEvent::Stepped => Self::Stepped,
            wire::ClockEvent::Wall { unix_ns, error_ns } => Self::Wall { unix_ns, error_ns },
        }
    }
}

impl From<wire::Parent> for Parent {
    fn from(parent: wire::Parent) -> Self {
        match parent {
            wire::Parent::None => Self::None,
            wire::Parent::Local(own) => Self::Own(own),
            wire::Parent::Remote => Self::Elsewhere,
        }
    }
}

impl From<TraceRef> for Trace {
    fn from(trace: TraceRef) -> Self {
        match trace {
            TraceRef::Own(root) => Self::Own(root),
            TraceRef::Remote(id) => Self::Remote(to_hex(&id.0)),
        }
    }
}

impl From<PartKey<'_>> for Key {
    fn from(key: PartKey<'_>) -> Self {
        match key {
            PartKey::Site(site) => Self::Site(site.id),
            PartKey::Name(name, _) => Self::Name(name.into()),
        }
    }
}

impl From<NameRef<'_>> for Name {
    fn from(name: NameRef<'_>) -> Self {
        match name {
            NameRef::Id(id) => Self::Number(id),
            NameRef::Inline(text) => Self::Text(text.to_owned()),
        }
    }
}

impl From<&wire::Value<'_>> for Value {
    fn from(value: &wire::Value<'_>) -> Self {
        match value {
            wire::Value::Bool(value) => Self::Bool(*value),
            wire::Value::I32(value) => Self::I32(*value),
            wire::Value::U32(value) => Self::U32(*value),
            wire::Value::I64(value) => Self::I64(value.to_string()),
            wire::Value::U64(value) => Self::U64(value.to_string()),
            wire::Value::F32(value) => Self::F32(f64::from(*value).into()),
            wire::Value::F64(value) => Self::F64((*value).into()),
            wire::Value::Static(name) => Self::StaticString((*name).into()),
            wire::Value::Text(text) => Self::String((*text).to_owned()),
            wire::Value::Bytes(bytes) => Self::Bytes(Hex(bytes.to_vec())),
            wire::Value::CutText(text) => Self::CutString((*text).to_owned()),
            wire::Value::CutBytes(bytes) => Self::CutBytes(Hex(bytes.to_vec())),
            wire::Value::CutStatic(name) => Self::CutStaticString((*name).into()),
        }
    }
}

impl From<f64> for Float {
    fn from(value: f64) -> Self {
        if value.is_finite() { Self::Finite(value) } else { Self::Other(value.to_string()) }
    }
}
