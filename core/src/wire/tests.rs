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
        "\\PC{0,12}".prop_map(OwnedValue::Text),
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
    Text(String),
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
            Self::Text(v) => Value::Text(v),
        }
    }
}

#[derive(Clone, Debug)]
struct Draft {
    kind: u8,
    own: u64,
    up: u64,
    site: u16,
    trace: u8,
    time: u64,
    duration: u64,
    parts: u32,
    flag: bool,
    values: StdVec<OwnedValue>,
    bytes: StdVec<u8>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let numbers = (0..7_u8, 1..1_u64 << 40, 0..4_u64, 1..6_u16, 0..5_u8);
    let times = (any::<u64>(), any::<u64>(), 0..3_u32, any::<bool>());
    let rest = (prop::collection::vec(value(), 0..=8), prop::collection::vec(any::<u8>(), 0..20));
    (numbers, times, rest).prop_map(|(numbers, times, rest)| {
        let (kind, own, up, site, trace) = numbers;
        let (time, duration, parts, flag) = times;
        let (values, bytes) = rest;
        Draft { kind, own, up, site, trace, time, duration, parts, flag, values, bytes }
    })
}

impl Draft {
    fn record(&self) -> Record<'_> {
        let values: Values<'_> = self.values.iter().map(OwnedValue::get).collect();
        let site = SiteRef { id: self.site, shape: Shape::of(&values) };
        let remote = TraceId([self.trace + 1; 16]);
        let key = match self.values.first() {
            Some(OwnedValue::Name(id)) if self.flag => PartKey::Name(NameRef::Id(*id), site.shape),
            _ => PartKey::Site(site, u8::from(self.flag)),
        };
        let (own, time_ticks) = (self.own, self.time);
        match self.kind {
            0 => Record::Part(Part { own, key, values }),
            1 => Record::Log(Log { own, time_ticks, key, values }),
            2 => Record::Reference(Reference {
                own,
                trace: remote,
                span: (self.up != 0).then_some(SpanId([7; 8])),
                follows_from: self.flag,
            }),
            3 => Record::Define(Define {
                is_name: self.flag,
                id: self.site,
                total: self.bytes.len() as u32 + self.parts,
                offset: if self.parts == 0 { 0 } else { 1 },
                bytes: &self.bytes,
            }),
            _ => Record::Span(SpanRecord {
                own,
                parent: match self.up {
                    0 => Parent::None,
                    1 => Parent::Remote,
                    up => Parent::Local(own.wrapping_sub(up - 1) & ((1 << 40) - 1)),
                },
                trace: match self.trace {
                    0 => TraceRef::Apart,
                    1 => TraceRef::Own(own),
                    2 => TraceRef::Own(own.saturating_sub(70_000)),
                    _ => TraceRef::Remote(remote),
                },
                site,
                start_ticks: self.time,
                duration_ticks: self.duration,
                parts: self.parts,
                ambiguous: self.flag,
                values,
            }),
        }
    }
}

proptest! {
    #[test]
    fn records_survive_the_way_through_bytes(drafts in prop::collection::vec(draft(), 0..20)) {
        let records: StdVec<_> = drafts.iter().map(Draft::record).collect();
        let head = DataHead {
            packet: 7,
            first_record: 1 << 33,
            losses: Losses { ring_full: 3, too_large: 1, ..Losses::default() },
            count: records.len() as u8,
        };
        let frame = Frame { session_tag: [1, 2, 3, 4], body: Body::Data(Data { head, records }) };
        let mut bytes = [0; 8192];
        let bytes = postcard::to_slice(&frame, &mut bytes).unwrap();
        prop_assert_eq!(decode(bytes).unwrap(), frame.clone());
        prop_assert_eq!(postcard::from_bytes::<Frame<'_>>(bytes).unwrap(), frame);
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
    fn mutated_frames_do_no_harm(
        drafts in prop::collection::vec(draft(), 1..8),
        hits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let records: StdVec<_> = drafts.iter().map(Draft::record).collect();
        let head = DataHead { count: records.len() as u8, ..DataHead::default() };
        let frame = Frame { session_tag: [0; 4], body: Body::Data(Data { head, records }) };
        let mut buffer = [0; 4096];
        let len = postcard::to_slice(&frame, &mut buffer).unwrap().len();
        let mut bytes = buffer[..len].to_vec();
        for (at, with) in hits {
            let at = at.index(bytes.len());
            bytes[at] = with;
        }
        if let Ok(frame) = decode(&bytes) {
            // What can be read can be written, and reads the same.
            let mut again = [0; 8192];
            let again = postcard::to_slice(&frame, &mut again).unwrap();
            let _ = decode(again);
        }
        let _ = decode(&bytes[..cut.index(bytes.len())]);
    }
}

#[test]
fn refusals_name_what_is_wrong() {
    let read = |bytes: &[u8]| decode(bytes).map(|_| ()).unwrap_err();
    assert_eq!(read(&[]), DecodeError::Empty);
    assert_eq!(read(&[0x20]), DecodeError::UnknownVersion(2));
    assert_eq!(read(&[0x1e]), DecodeError::UnknownKind(7));
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
    ];
    for request in requests {
        let downlink = Downlink { session_tag: [5; 4], request };
        let mut bytes = [0; 64];
        let bytes = postcard::to_slice(&downlink, &mut bytes).unwrap();
        assert_eq!(decode_downlink(bytes).unwrap(), downlink);
    }
}

#[test]
fn process_descriptions_survive_the_way_through_bytes() {
    let tags = [("board", Value::Text("mps2")), ("flash_kib", Value::U32(512))];
    let process = Process { service: "formatter", build: &[1, 2], tags: &tags[..] };
    let mut bytes = [0; 64];
    let bytes = postcard::to_slice(&process, &mut bytes).unwrap();
    let read: Process<'_, StdVec<_>> = postcard::from_bytes(bytes).unwrap();
    assert_eq!((read.service, read.build), ("formatter", &[1, 2][..]));
    assert_eq!(read.tags, tags);
}
