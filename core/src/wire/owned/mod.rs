//! Frames that own their lists: what a collector decodes into.
#![expect(clippy::cast_possible_truncation, reason = "one word at a time")]

mod cursor;
mod record;
mod records;
mod value;

pub use records::{Records, Simple};

use super::answer::Answer;
use super::codec::{LOW_BITS, distance};
use super::downlink::Downlink;
use super::frame::{DataHead, FrameKind, FromElements, Head, Pong, read_tuple};
use super::hello::{Hello, Process};
use super::record::{DataWriter, Parent, Record, Reference, SpanFields, SpanHead, TraceRef};
use super::stats::StatsFrame;
use super::value::{Type, Value, next};
use super::writer::Writer;
use super::{DecodeError, record_number};
use alloc::vec::Vec;
use record::Reader;
use serde::de::{Deserialize, DeserializeSeed as _, Deserializer, Error as _, SeqAccess};

/// A data frame.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data<'a> {
    /// What stands before the records.
    pub head: DataHead,
    /// The records; as many as the head says.
    pub records: Vec<Record<'a>>,
}

/// What a frame is, behind its head and session tag.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// Who speaks.
    Hello(Hello<'a>),
    /// Records.
    Data(Data<'a>),
    /// The answer to a ping.
    Pong(Pong),
    /// What the tracer counts of itself.
    Stats(StatsFrame),
    /// What became of a control.
    Answer(Answer),
}

/// One frame that goes up.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame<'a> {
    /// See [`crate::Session::tag`].
    pub session_tag: [u8; 4],
    /// What it says.
    pub body: Body<'a>,
}

impl Frame<'_> {
    /// The bytes of the frame; none where the format has no place for what it says: more than 255
    /// records, more than [`MAX_SITES`](super::MAX_SITES) sites, numbers that are far from the last
    /// one, more than 1 MiB. `count` is not looked at.
    #[must_use]
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let tag = self.session_tag;
        written(|buffer| match &self.body {
            Body::Hello(hello) => write(buffer, |out| hello.write(tag, out)),
            Body::Pong(pong) => write(buffer, |out| pong.write(tag, out)),
            Body::Answer(answer) => write(buffer, |out| answer.write(tag, out)),
            Body::Stats(frame) => write(buffer, |out| {
                FrameKind::Stats.begin(tag, out);
                frame.stats.write(frame.packet, out);
            }),
            Body::Data(data) => data.write(tag, buffer),
        })
    }
}

impl Data<'_> {
    fn write(&self, tag: [u8; 4], buffer: &mut [u8]) -> Option<usize> {
        let mut frame = DataWriter::new(buffer, tag, &self.head);
        if self.records.is_empty() {
            return Some(frame.out().written());
        }
        let mut number = self.head.first_record;
        for record in &self.records {
            frame.begin();
            record.write(&mut frame, Numbers { last: self.head.last_number, record: number })?;
            number += u64::from(record.ends_number());
            if !frame.end() {
                return None;
            }
        }
        frame.finish().map(<[u8]>::len)
    }
}

/// What numbers in a record are relative to.
#[derive(Clone, Copy, Debug)]
struct Numbers {
    /// The frame's.
    last: u64,
    /// The record's.
    record: u64,
}

/// The first number that a span has that does not have its record's.
const FIRST_NUMBER: u32 = 4;

impl Numbers {
    /// The low bits of a number; none where they would be taken for another's.
    fn low(self, number: u64) -> Option<u32> {
        let low = number as u32 & LOW_BITS;
        (self.whole(low) == Some(number)).then_some(low)
    }

    /// All bits of the number with these low ones: the nearest to the frame's. None where no span has
    /// it.
    fn whole(self, low: u32) -> Option<u64> {
        let whole = self.last.wrapping_add_signed(distance(self.last as u32, low).into());
        (low >= FIRST_NUMBER).then_some(whole & (record_number(0) - 1))
    }
}

impl Record<'_> {
    fn write(&self, frame: &mut DataWriter<'_>, numbers: Numbers) -> Option<()> {
        match self {
            Record::Span(span) => {
                let fields = span.head.fields(frame, numbers)?;
                frame.span(&fields);
                span.values.iter().for_each(|value| value.write(frame.out()));
            }
            Record::Part(part) => {
                frame.part(numbers.low(part.own)?, None, false, &part.key);
                part.values.iter().for_each(|value| value.write(frame.out()));
            }
            Record::Log(log) => {
                frame.part(numbers.low(log.own)?, Some(log.time_ticks), log.more, &log.key);
                log.values.iter().for_each(|value| value.write(frame.out()));
            }
            Record::Reference(reference) => {
                let Reference { own, trace, span, follows_from } = *reference;
                let trace = frame.remote_trace(trace.words());
                frame.reference(numbers.low(own)?, trace, span, follows_from);
            }
            Record::Clock(clock) => frame.clock(clock.time_ticks, clock.event),
            Record::Define(define) => frame.define(define),
            Record::Fragment(fragment) => frame.fragment(fragment, numbers.last),
        }
        Some(())
    }
}

impl SpanHead {
    fn fields(&self, frame: &mut DataWriter<'_>, numbers: Numbers) -> Option<SpanFields> {
        let is_records = self.own == record_number(numbers.record);
        let own = if is_records { 0 } else { numbers.low(self.own)? };
        let (parent, trace) = match (self.parent, self.trace) {
            (Parent::None, TraceRef::Own(root)) if root == self.own => (SpanFields::NO_PARENT, 0),
            (Parent::Local(parent), TraceRef::Own(root)) => {
                (numbers.low(parent)?, numbers.low(root)?)
            }
            // A trace of the session's own has a root here, above all its spans.
            (Parent::None | Parent::Remote, TraceRef::Own(_)) => return None,
            (parent, TraceRef::Remote(id)) => {
                let parent = match parent {
                    Parent::None => SpanFields::NO_PARENT,
                    Parent::Local(parent) => numbers.low(parent)?,
                    Parent::Remote => SpanFields::ELSEWHERE,
                };
                (parent, frame.remote_trace(id.words()))
            }
        };
        Some(SpanFields {
            own,
            parent,
            trace,
            site: self.site,
            start_ticks: self.start_ticks,
            duration_ticks: self.duration_ticks,
            parts: self.parts,
            ambiguous: self.ambiguous,
            cut_off: self.cut_off,
        })
    }
}

impl Downlink<'_> {
    /// The bytes of the frame.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(|buffer| write(buffer, |out| self.write(out))).unwrap_or_default()
    }
}

impl Process<'_, &[(&str, Value<'_>)]> {
    /// The bytes of the description.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        written(|buffer| write(buffer, |out| self.write(out))).unwrap_or_default()
    }
}

/// Reads a record that came in fragments, from what they hold together; they have the number `record`,
/// and one of them came in a frame with this `last_number`.
///
/// # Errors
/// Where that is no record, or more than one.
pub fn decode_fragments(
    bytes: &[u8],
    record: u64,
    last_number: u64,
) -> Result<Record<'_>, DecodeError> {
    let mut deserializer = postcard::Deserializer::from_bytes(bytes);
    let reader = Reader::of_fragments(record, last_number);
    let record = reader.deserialize(&mut deserializer).map_err(|_| DecodeError::Malformed)?;
    match deserializer.finalize() {
        Ok([]) if matches!(record, Record::Fragment(_)) => Err(DecodeError::Malformed),
        Ok([]) => Ok(record),
        Ok(rest) => Err(DecodeError::TrailingBytes(rest.len())),
        Err(_) => Err(DecodeError::Malformed),
    }
}

/// The bytes that `write` says that it wrote, in the shortest of some buffers.
fn written(write: impl Fn(&mut [u8]) -> Option<usize>) -> Option<Vec<u8>> {
    /// Where there is less room, something may have been left out for it.
    const ROOM: usize = 64;

    // No link carries longer ones.
    [1 << 10, 1 << 16, 1 << 20].into_iter().find_map(|longest| {
        let mut bytes = alloc::vec![0; longest];
        let len = write(&mut bytes).filter(|len| *len <= longest - ROOM)?;
        bytes.truncate(len);
        Some(bytes)
    })
}

fn write(buffer: &mut [u8], write: impl Fn(&mut Writer<'_>)) -> Option<usize> {
    let mut out = Writer::new(buffer);
    write(&mut out);
    out.finish().map(<[u8]>::len)
}

impl<'de> Deserialize<'de> for Frame<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Frame<'de> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let kind = Head::parse(next(from)?).and_then(|head| FrameKind::parse(head.kind));
        let session_tag = next(from)?;
        let body = match kind.map_err(S::Error::custom)? {
            FrameKind::Hello => Body::Hello(next(from)?),
            FrameKind::Pong => Body::Pong(next(from)?),
            FrameKind::Stats => Body::Stats(next(from)?),
            FrameKind::Answer => Body::Answer(next(from)?),
            FrameKind::Data => {
                let head: DataHead = next(from)?;
                let mut reader = Reader::new(&head);
                let records = (0..head.count).map(|_| reader.record(from));
                Body::Data(Data { head, records: records.collect::<Result<_, _>>()? })
            }
        };
        Ok(Self { session_tag, body })
    }
}

impl<'de> Deserialize<'de> for Process<'de, Vec<(&'de str, Value<'de>)>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read_tuple(deserializer)
    }
}

impl<'de> FromElements<'de> for Process<'de, Vec<(&'de str, Value<'de>)>> {
    fn from_elements<S: SeqAccess<'de>>(from: &mut S) -> Result<Self, S::Error> {
        let (service, build) = (next(from)?, next(from)?);
        let tags = (0..next::<u8, S>(from)?).map(|_| {
            let key = next(from)?;
            let ty = Type::from_nibble(u32::from(next::<u8, S>(from)?))
                .ok_or_else(|| S::Error::custom("unknown type of value"))?;
            Ok((key, value::value(ty, from)?))
        });
        Ok(Self { service, build, tags: tags.collect::<Result<_, _>>()? })
    }
}
