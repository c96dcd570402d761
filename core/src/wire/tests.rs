//! Frames survive the way through bytes; bytes that are no frame do no harm.

use super::*;
use crate::{SpanId, TraceId};
use proptest::prelude::*;
use std::vec::Vec as StdVec;
use std::{format, string::String, vec};

fn value() -> impl Strategy<Value = OwnedValue> {
    prop_oneof![
        any::<bool>().prop_map(OwnedValue::Bool),
        any::<i32>().prop_map(OwnedValue::I32),
        any::<u32>().prop_map(OwnedValue::U32),
        any::<i64>().prop_map(OwnedValue::I64),
        any::<u64>().prop_map(OwnedValue::U64),
        any::<f32>().prop_filter("equal to itself", |v| !v.is_nan()).prop_map(OwnedValue::F32),
        any::<f64>().prop_filter("equal to itself", |v| !v.is_nan()).prop_map(OwnedValue::F64),
        (0..u16::MAX).prop_map(OwnedValue::Name),
        "\\PC{0,12}".prop_map(OwnedValue::Inline),
        ("\\PC{0,12}", any::<bool>()).prop_map(|(text, cut)| OwnedValue::Text(text, cut)),
        (prop::collection::vec(any::<u8>(), 0..12), any::<bool>())
            .prop_map(|(bytes, cut)| OwnedValue::Bytes(bytes, cut)),
        (0..u16::MAX).prop_map(OwnedValue::CutName),
    ]
}

/// `Value` without the borrow, so that a strategy can make it.
#[derive(Clone, Debug)]
enum OwnedValue {
    Bool(bool),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Name(u16),
    Inline(String),
    Text(String, bool),
    Bytes(vec::Vec<u8>, bool),
    CutName(u16),
}

impl OwnedValue {
    fn get(&self) -> Value<'_> {
        match self {
            Self::Bool(v) => Value::Bool(*v),
            Self::I32(v) => Value::I32(*v),
            Self::U32(v) => Value::U32(*v),
            Self::I64(v) => Value::I64(*v),
            Self::U64(v) => Value::U64(*v),
            Self::F32(v) => Value::F32(*v),
            Self::F64(v) => Value::F64(*v),
            Self::Name(v) => Value::Static(NameRef::Id(*v)),
            Self::Inline(v) => Value::Static(NameRef::Inline(v)),
            Self::Text(v, false) => Value::Text(v),
            Self::Text(v, true) => Value::CutText(v),
            Self::Bytes(v, false) => Value::Bytes(v),
            Self::Bytes(v, true) => Value::CutBytes(v),
            Self::CutName(v) => Value::CutStatic(NameRef::Id(*v)),
        }
    }
}

#[derive(Clone, Debug)]
struct Draft {
    kind: u8,
    own: i32,
    up: u64,
    site: u16,
    trace: u8,
    time: u64,
    duration: u64,
    parts: u8,
    flag: bool,
    values: StdVec<OwnedValue>,
    bytes: StdVec<u8>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let own = prop_oneof![-50..50_i32, -(1 << 30)..1 << 30];
    let numbers = (0..10_u8, own, 0..4_u64, 1..6_u16, 0..5_u8);
    let times = (any::<u64>(), any::<u64>(), 0..3_u8, any::<bool>());
    let rest = (prop::collection::vec(value(), 0..=8), prop::collection::vec(any::<u8>(), 0..20));
    (numbers, times, rest).prop_map(|(numbers, times, rest)| {
        let (kind, own, up, site, trace) = numbers;
        let (time, duration, parts, flag) = times;
        let (values, bytes) = rest;
        Draft { kind, own, up, site, trace, time, duration, parts, flag, values, bytes }
    })
}

/// The number that frames say, which is about to begin anew in its low bits.
const LAST_NUMBER: u64 = (3 << 31) - 20;

/// The number so far from it, or the next that a span can have.
fn number(distance: i64) -> u64 {
    let number = LAST_NUMBER.wrapping_add_signed(distance);
    if number % (1 << 31) < 4 { number + 4 } else { number }
}

impl Draft {
    fn record(&self) -> Record<'_> {
        let values: Values<'_> = self.values.iter().map(OwnedValue::get).collect();
        let site = SiteRef { id: self.site, shape: Shape::of(&values) };
        let remote = TraceId([self.trace + 1; 16]);
        let key = match self.values.first() {
            Some(OwnedValue::Name(id)) if self.flag => PartKey::Name(NameRef::Id(*id), site.shape),
            _ => PartKey::Site(site),
        };
        let (own, time_ticks) = (number(self.own.into()), self.time);
        let below = |distance: u64| number(i64::from(self.own) - distance as i64);
        match self.kind {
            0 => Record::Part(Part { own, key, values }),
            1 => Record::Log(Log { own, time_ticks, more: self.flag, key, values }),
            2 => Record::Reference(Reference {
                own,
                trace: remote,
                span: SpanId([7; 8]),
                follows_from: self.flag,
            }),
            3 => Record::Define(Define {
                is_name: self.flag,
                by_address: self.flag && self.up > 1,
                id: self.site,
                bytes: &self.bytes,
            }),
            4 => Record::Fragment(Fragment {
                of: match self.trace {
                    0 => FragmentOf::Site(self.site),
                    1 => FragmentOf::Name(self.site),
                    _ => FragmentOf::Record,
                },
                offset: self.time as u32,
                is_last: self.up > 1,
                bytes: &self.bytes,
            }),
            5 => Record::Clock(Clock {
                time_ticks,
                event: match self.up {
                    0 => ClockEvent::Paused { ns: self.duration },
                    1 => ClockEvent::Rate { hz: self.duration as u32 },
                    2 => ClockEvent::Stepped,
                    _ => ClockEvent::Wall { unix_ns: self.duration, error_ns: self.parts.into() },
                },
            }),
            _ => {
                let head = SpanHead {
                    own,
                    parent: match self.up {
                        0 => Parent::None,
                        1 => Parent::Remote,
                        up => Parent::Local(below(up - 1)),
                    },
                    trace: match (self.trace, self.up) {
                        (0..=2, 0) => TraceRef::Own(own),
                        (0, 2..) => TraceRef::Own(number(0)),
                        (1, 2..) => TraceRef::Own(below(3)),
                        (2, 2..) => TraceRef::Own(number(self.own as i64 / 1000)),
                        _ => TraceRef::Remote(remote),
                    },
                    site,
                    start_ticks: self.time,
                    duration_ticks: self.duration,
                    parts: self.parts,
                    ambiguous: self.flag,
                    cut_off: self.trace == 1,
                };
                Record::Span(SpanRecord { head, values })
            }
        }
    }
}

/// A frame of such records. Some spans have the numbers of their records, and some the number of
/// their predecessor's parent, as in nested spans.
fn frame(drafts: &[Draft]) -> Frame<'_> {
    let mut records: StdVec<_> = drafts.iter().map(Draft::record).collect();
    let head = DataHead {
        packet: 7,
        first_record: 1 << 33,
        last_number: LAST_NUMBER,
        losses: Losses { ring_full: 3, open_full: 1, evicted: 9, ..Losses::default() },
        count: records.len() as u8,
    };
    let (mut number, mut parent) = (head.first_record, 0);
    for (record, draft) in records.iter_mut().zip(drafts) {
        if let Record::Span(span) = record {
            match draft.own % 4 {
                0 => span.head.own = record_number(number),
                1 if parent != 0 => span.head.own = parent,
                _ => {}
            }
            if let (Parent::None, TraceRef::Own(root)) = (span.head.parent, &mut span.head.trace) {
                *root = span.head.own;
            }
            if let Parent::Local(local) = span.head.parent {
                parent = local;
            }
        }
        number += u64::from(record.ends_number());
    }
    Frame { session_tag: [1, 2, 3, 4], body: Body::Data(Data { head, records }) }
}

proptest! {
    #[test]
    fn records_survive_the_way_through_bytes(drafts in prop::collection::vec(draft(), 0..20)) {
        let frame = frame(&drafts);
        let bytes = frame.to_bytes().unwrap();
        prop_assert_eq!(decode(&bytes).unwrap(), frame.clone());
        prop_assert_eq!(postcard::from_bytes::<Frame<'_>>(&bytes).unwrap(), frame);
    }

    #[test]
    fn random_bytes_do_no_harm(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let _ = decode_downlink(&bytes);
        for kind in 0..8 {
            if let Some(first) = bytes.first_mut() {
                *first = VERSION << 4 | kind << 1;
            }
            let _ = decode(&bytes);
            let _ = decode_downlink(&bytes);
        }
    }

    #[test]
    fn both_readers_of_downlinks_agree(
        kind in 0..8_u8, bytes in prop::collection::vec(prop_oneof![0..4_u8, any::<u8>()], 0..30),
    ) {
        let bytes = [&[VERSION << 4 | kind << 1, 1, 2, 3, 4], &bytes[..]].concat();
        let theirs = postcard::take_from_bytes::<Downlink<'_>>(&bytes);
        let theirs = theirs.ok().filter(|(_, rest)| rest.is_empty()).map(|(downlink, _)| downlink);
        prop_assert_eq!(decode_downlink(&bytes).ok(), theirs);
    }

    #[test]
    fn mutated_frames_do_no_harm(
        drafts in prop::collection::vec(draft(), 1..8),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = frame(&drafts).to_bytes().unwrap();
        for (at, with) in hits {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        if let Ok(frame) = decode(&bytes) {
            // What can be read can be written, and reads the same. Not-a-numbers differ, hence text.
            let again = frame.to_bytes().unwrap();
            prop_assert_eq!(format!("{:?}", decode(&again).unwrap()), format!("{frame:?}"));
        }
        let _ = decode(&bytes[..cut.index(bytes.len())]);
    }
}

/// Whether a frame is read record by record just where it is one of spans and definitions, and to the
/// same.
fn records_agree_with_decode(bytes: &[u8]) {
    let expected = decode(bytes).ok().and_then(|frame| match frame.body {
        Body::Data(data) => Some((frame.session_tag, data)),
        _ => None,
    });
    let is_simple = expected.as_ref().is_some_and(|(_, data)| {
        let simple = |record: &Record<'_>| matches!(record, Record::Span(_) | Record::Define(_));
        data.records.iter().all(simple)
    });
    let Some(mut records) = Records::of(bytes) else {
        assert!(expected.is_none());
        return;
    };
    let mut read = StdVec::new();
    loop {
        let mut values = Values::new();
        match records.next_record(|value| values.push(value).unwrap()) {
            Some(Simple::Span(head)) => read.push(Record::Span(SpanRecord { head, values })),
            Some(Simple::Define(define)) => read.push(Record::Define(define)),
            None => break,
        }
    }
    assert_eq!(records.is_whole(), is_simple);
    if let Some((tag, data)) = expected.filter(|_| is_simple) {
        assert_eq!((records.session_tag(), *records.head()), (tag, data.head));
        // A NaN is not equal to itself.
        assert_eq!(format!("{read:?}"), format!("{:?}", data.records));
    }
}

proptest! {
    #[test]
    fn a_frame_is_the_same_record_by_record(
        mut drafts in prop::collection::vec(draft(), 0..20),
        only_simple: bool,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        if only_simple {
            let is_simple =
                |draft: &Draft| matches!(draft.record(), Record::Span(_) | Record::Define(_));
            drafts.retain(is_simple);
        }
        let mut bytes = frame(&drafts).to_bytes().unwrap();
        records_agree_with_decode(&bytes);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
            records_agree_with_decode(&bytes);
        }
        for len in 0..bytes.len() {
            records_agree_with_decode(&bytes[..len]);
        }
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let read = |bytes: &[u8]| decode(bytes).map(|_| ()).unwrap_err();
    assert_eq!(read(&[]), DecodeError::Empty);
    assert_eq!(read(&[0x20]), DecodeError::UnknownVersion(2));
    assert_eq!(read(&[0x1e]), DecodeError::UnknownKind(7));
    assert_eq!(read(&[0x1a]), DecodeError::UnknownKind(5));
    assert_eq!(read(&[0x13]), DecodeError::Sealed);
    assert_eq!(read(&[0x12, 1, 2]), DecodeError::Malformed);
    let pong = [0x14, 1, 2, 3, 4, 0, 0, 0, 0];
    assert!(decode(&pong).is_ok());
    assert_eq!(read(&[&pong[..], &[9]].concat()), DecodeError::TrailingBytes(1));
    assert!(format!("{}", DecodeError::UnknownVersion(2)).contains("version 2"));
}

#[test]
fn downlinks_survive_the_way_through_bytes() {
    let sites = [3, 9].into_iter().collect();
    let names = [1].into_iter().collect();
    let requests = vec![
        Request::HelloSeen,
        Request::SendHello,
        Request::SendDefinitions { sites, names },
        Request::Ping(u32::MAX),
        Request::SetHandle(9),
        Request::Ack(Ack {
            next: u64::MAX - 9,
            ranges: core::iter::once(u64::MAX - 5..u64::MAX).collect(),
        }),
        Request::Control(Control { id: 1, command: Command::Budget(300) }),
        Request::Challenge([7; 8]),
    ];
    for request in requests {
        let downlink = Downlink { session_tag: [5; 4], request };
        let bytes = downlink.to_bytes();
        assert_eq!(decode_downlink(&bytes).unwrap(), downlink);
        assert_eq!(postcard::from_bytes::<Downlink<'_>>(&bytes).unwrap(), downlink);
    }
}

#[test]
fn hellos_and_answers_survive_the_way_through_bytes() {
    let plain = Hello { packet: 1, device: 2, clock_hz: 3, first_record: 4, ..Hello::default() };
    let options = |bits: u8| Hello {
        flags: bits >> 3,
        ended: (bits & 1 != 0).then_some(ResetCause::Watchdog),
        previous: (bits & 2 != 0).then_some(0xff_ffff),
        challenge: (bits & 4 != 0).then_some([9; 8]),
        ..plain
    };
    let answers = [AnswerStatus::Done, AnswerStatus::Unknown, AnswerStatus::Refused];
    let answer = |status| Body::Answer(Answer { packet: 1, id: u64::MAX, status, detail: 9 });
    let bodies = (0..32).map(options).map(Body::Hello).chain(answers.map(answer));
    for body in bodies {
        let frame = Frame { session_tag: [1; 4], body };
        assert_eq!(decode(&frame.to_bytes().unwrap()), Ok(frame));
    }
    let mut bytes = Frame { session_tag: [1; 4], body: Body::Hello(plain) }.to_bytes().unwrap();
    bytes[10] = 1 << 5;
    assert_eq!(decode(&bytes), Err(DecodeError::Malformed), "a flag that nobody knows");
}

#[test]
fn process_descriptions_survive_the_way_through_bytes() {
    let tags = [("board", Value::Text("mps2")), ("flash_kib", Value::U32(512))];
    let process = Process { service: "formatter", build: &[1, 2], tags: &tags[..] };
    let bytes = process.to_bytes();
    let read: Process<'_, StdVec<_>> = postcard::from_bytes(&bytes).unwrap();
    assert_eq!((read.service, read.build), ("formatter", &[1, 2][..]));
    assert_eq!(read.tags, tags);
}
