//! Every format in, every format out.

use super::input::InputError;
use super::input::read_telling;
use super::{Format, pieces, read};
use crate::model::{Chunk, ChunkWriter};
use crate::terminal::Meter;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use spandrel::wire::{
    Body, Data, DataHead, Define, Frame, Hello, Parent, Process, Record, Shape, SiteRef, SpanHead,
    SpanRecord, TraceRef, Value, Values,
};
use spandrel::{DeviceId, Session};
use spandrel_transport::framing::stream::{Encoder, encoded_len};
use std::io::Write as _;

const NOW_NS: u64 = 1_700_000_000_000_000_000;

/// Two traces, one of them of two services.
const JAEGER: &str = r#"{"data":[
  {"traceID":"1f","spans":[
    {"traceID":"1f","spanID":"1","operationName":"root","references":[],"startTime":2000,"duration":9,
     "tags":[{"key":"n","type":"int64","value":7}],"logs":[],"processID":"p1"},
    {"traceID":"1f","spanID":"2","operationName":"child","startTime":2001,"duration":3,
     "references":[{"refType":"CHILD_OF","traceID":"1f","spanID":"1"}],"tags":[],"logs":[],"processID":"p2"}],
   "processes":{"p1":{"serviceName":"web","tags":[]},"p2":{"serviceName":"db","tags":[]}}},
  {"traceID":"20","spans":[
    {"traceID":"20","spanID":"3","operationName":"early","references":[],"startTime":1000,"duration":1,
     "tags":[],"logs":[],"processID":"p1"}],
   "processes":{"p1":{"serviceName":"web","tags":[]}}}]}"#;

fn chunk() -> Chunk {
    let (chunk, rejected) = read(JAEGER.as_bytes(), NOW_NS).unwrap();
    assert_eq!((chunk.len(), rejected), (3, 0));
    chunk
}

/// What is in a chunk, whatever order it is in.
fn spans(chunk: &Chunk) -> Vec<(String, String, u64, u64)> {
    let all = chunk.spans().map(|(resource, _, span)| {
        let (service, name) = (resource.service_name().to_owned(), span.name().to_owned());
        (service, name, span.start_ns(), span.end_ns())
    });
    let mut all: Vec<_> = all.collect();
    all.sort();
    all
}

#[test]
fn protobuf_of_any_length_is_read_though_it_begins_as_text_does() {
    for len in 1..200 {
        let name = "x".repeat(len);
        let text = format!(r#"[{{"traceId":"1","id":"1","name":"{name}"}}]"#);
        let (chunk, _) = read(text.as_bytes(), NOW_NS).unwrap();
        let (again, _) = read(chunk.bytes(), NOW_NS).unwrap();
        assert_eq!(again, chunk, "{len}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let chunk = chunk();
    for format in [Format::Jaeger, Format::Otlp, Format::Protobuf, Format::Jsonl, Format::Zipkin] {
        let written = format.write(&chunk);
        let (again, rejected) = read(&written, NOW_NS).unwrap();
        assert_eq!((spans(&again), rejected), (spans(&chunk), 0), "{format:?}");
        // And what is made of that is the same.
        assert_eq!(format.write(&again), written, "{format:?}");
        // Also compressed.
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&written).unwrap();
        let (again, _) = read(&packed.finish().unwrap(), NOW_NS).unwrap();
        assert_eq!(spans(&again), spans(&chunk), "{format:?}");
    }
}

#[test]
fn traces_stand_by_their_start_each_in_a_line() {
    let text = String::from_utf8(Format::Jsonl.write(&chunk())).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].contains("\"early\"") && lines[1].contains("\"root\""), "{text}");
    let jaeger = String::from_utf8(Format::Jaeger.write(&chunk())).unwrap();
    let document: serde_json::Value = serde_json::from_str(&jaeger).unwrap();
    assert_eq!(document["data"].as_array().unwrap().len(), 2);
    assert!(document["errors"].is_null());
}

#[test]
fn pieces_have_every_span_once_and_in_order() {
    let mut writer = ChunkWriter::default();
    for _ in 0..20_000 {
        writer.chunk(&chunk());
    }
    let long = writer.finish();
    let parts: Vec<_> = pieces(&long).collect();
    assert!(parts.len() > 2 && parts.iter().all(|part| part.bytes().len() < 4 << 20));
    let mut whole = ChunkWriter::default();
    parts.iter().for_each(|part| whole.chunk(part));
    assert_eq!(whole.finish(), long);
    assert_eq!(pieces(&Chunk::default()).count(), 0);
}

#[test]
fn what_is_wrong_is_told() {
    let error = |bytes: &[u8]| read(bytes, NOW_NS).unwrap_err();
    assert!(matches!(error(b" \n"), InputError::Empty));
    assert!(matches!(error(b"{\"data\":[]}"), InputError::Empty));
    assert!(matches!(error(b"hello"), InputError::Unknown));
    assert!(matches!(error(b"{\"hello\":1}"), InputError::Unknown));
    assert!(matches!(error(b"\x1f\x8bnonsense"), InputError::Gzip(_)));
    let mut lines = Format::Jsonl.write(&chunk());
    lines.extend_from_slice(b"{\"resourceSpans\":7}\n");
    assert!(error(&lines).to_string().starts_with("line 3: "), "{}", error(&lines));
}

/// Frames of a device that has one span, with what it prints between them.
fn stream() -> Vec<u8> {
    let (device, session) = (DeviceId(0x11), Session::new(1));
    let tags: [(&str, Value<'_>); 0] = [];
    let process = Process { service: "sensor", build: &[], tags: &tags[..] }.to_bytes();
    let hello = Hello {
        device: device.0,
        session: session.get(),
        clock_hz: 1_000_000,
        sent_ticks: 5_000_000,
        sites: 2,
        process_total: u32::try_from(process.len()).unwrap(),
        process: &process,
        ..Hello::default()
    };
    let define = Define { is_name: false, by_address: false, id: 1, bytes: b"\x04read" };
    let head = SpanHead {
        own: 4,
        parent: Parent::None,
        trace: TraceRef::Own(4),
        site: SiteRef { id: 1, shape: Shape(0) },
        start_ticks: 4_000_000,
        duration_ticks: 1_500,
        parts: 0,
        ambiguous: false,
        cut_off: false,
    };
    let span = SpanRecord { head, values: Values::new() };
    let records = vec![Record::Define(define), Record::Span(span)];
    let head = DataHead { packet: 1, count: 2, ..DataHead::default() };
    let mut stream = b"boot\n".to_vec();
    for body in [Body::Hello(hello), Body::Data(Data { head, records })] {
        let frame = Frame { session_tag: session.tag(device), body }.to_bytes().unwrap();
        let mut bytes = vec![0; encoded_len(frame.len())];
        let len = Encoder::new(&frame).fill(&mut bytes);
        stream.extend_from_slice(&bytes[..len]);
        stream.extend_from_slice(b"tick\n");
    }
    stream
}

#[test]
fn frames_are_read_as_a_serial_port_brings_them() {
    let (chunk, _) = read(&stream(), NOW_NS).unwrap();
    let spans = spans(&chunk);
    assert_eq!(spans.len(), 1);
    assert_eq!((&*spans[0].0, &*spans[0].1), ("sensor", "read"));
    assert_eq!(spans[0].3 - spans[0].2, 1_500_000);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
    ) {
        let _ = read(&bytes, NOW_NS);
        for format in [Format::Jaeger, Format::Otlp, Format::Protobuf, Format::Jsonl, Format::Zipkin] {
            let mut written = format.write(&chunk());
            let at = at.index(written.len());
            written.splice(at..at, bytes.iter().copied().take(8));
            let _ = read(&written, NOW_NS);
        }
    }
}

#[test]
fn what_is_long_says_how_far_it_is() {
    let chunk = chunk();
    let lines = Format::Jsonl.write(&chunk);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(JAEGER.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    // Lines to the last of them; of one document nobody knows, but how much of it is unpacked.
    for (bytes, all) in [(&lines, lines.len() as u64), (&packed, 0)] {
        let meter = Meter::default();
        read_telling(bytes, NOW_NS, &meter).unwrap();
        assert_eq!(meter.now(), (all, all));
    }
    for (format, told) in
        [(Format::Jaeger, (3, 3)), (Format::Jsonl, (3, 3)), (Format::Otlp, (0, 0))]
    {
        let meter = Meter::default();
        assert_eq!(format.write_telling(&chunk, &meter), format.write(&chunk));
        assert_eq!(meter.now(), told);
    }
}
