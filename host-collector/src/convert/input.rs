//! What a file may hold, told by its content.

use crate::model::{CheckError, Checked, Chunk, ChunkWriter};
use crate::pipeline::{self, Output, Pipeline};
use crate::receiver::jaeger::{self, JaegerError};
use crate::receiver::otlp::{self, JsonError};
use crate::receiver::stream::LONGEST;
use crate::receiver::zipkin::{self, ZipkinError};
use crate::receiver::{Handler as _, Peer, Replies};
use crate::terminal::Meter;
use flate2::read::MultiGzDecoder;
use spandrel_transport::framing::stream::{Item, Splitter, buffer_len};
use std::io::{self, Read as _};

/// Larger files are no traces of a person's. So large is also what a compressed one may become.
pub const LARGEST: u64 = 1 << 30;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It cannot be decompressed.
    #[error("it begins as gzip does, and is none: {0}")]
    Gzip(io::Error),
    /// It is too large.
    #[error("it is larger than 1 GiB: split it")]
    TooLarge,
    /// It is JSON of OTLP with a mistake.
    #[error("line {0}: {1}")]
    Otlp(usize, JsonError),
    /// It is OTLP with a mistake.
    #[error("the spans in it make no sense: {0}")]
    Check(#[from] CheckError),
    /// It is JSON of Zipkin's with a mistake.
    #[error(transparent)]
    Zipkin(#[from] ZipkinError),
    /// It is JSON of Jaeger's with a mistake.
    #[error(transparent)]
    Jaeger(#[from] JaegerError),
    /// There is nothing in it.
    #[error("there is no span in it")]
    Empty,
    /// It is nothing that is known.
    #[error(
        "it is neither Jaeger UI JSON, nor OTLP as JSON, lines of JSON or protobuf, nor Zipkin's JSON, nor \
         frames as a serial port brings them"
    )]
    Unknown,
}

/// All spans of a file, and how many were left out since their ids are none.
///
/// # Errors
/// It is nothing that is known, or what it is has a mistake.
pub fn read(bytes: &[u8], now_ns: u64) -> Result<(Chunk, usize), InputError> {
    read_telling(bytes, now_ns, &Meter::default())
}

/// The same, and says how far it is where that is known.
pub(super) fn read_telling(
    bytes: &[u8],
    now_ns: u64,
    meter: &Meter,
) -> Result<(Chunk, usize), InputError> {
    let mut unpacked = Vec::new();
    let bytes = match bytes {
        [0x1f, 0x8b, ..] => {
            let packed = meter.reading(bytes, bytes.len() as u64);
            let mut reader = MultiGzDecoder::new(packed).take(LARGEST + 1);
            reader.read_to_end(&mut unpacked).map_err(InputError::Gzip)?;
            meter.at(0, 0);
            &unpacked
        }
        _ => bytes,
    };
    if bytes.len() as u64 > LARGEST {
        return Err(InputError::TooLarge);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii();
    let protobuf = || Chunk::check(bytes.to_vec()).ok().filter(|checked| !checked.chunk.is_empty());
    let Checked { chunk, rejected, .. } = match text.first() {
        None => return Err(InputError::Empty),
        // OTLP begins with the byte of a line's end and a length, which may be that of a brace.
        Some(b'{' | b'[') => match bytes.starts_with(b"\n").then(protobuf).flatten() {
            Some(checked) => checked,
            None => json(text, meter)?,
        },
        Some(_) => match protobuf() {
            Some(checked) => checked,
            None => frames(bytes, now_ns, meter)?,
        },
    };
    if chunk.is_empty() {
        return Err(InputError::Empty);
    }
    Ok((chunk, rejected))
}

/// JSON by the first of the keys that only one of them has.
fn json(text: &[u8], meter: &Meter) -> Result<Checked, InputError> {
    let first = |key: &[u8]| text.windows(key.len()).position(|window| window == key);
    let [otlp, jaeger, zipkin] =
        [&b"\"resourceSpans\""[..], b"\"traceID\"", b"\"traceId\""].map(first);
    let otlp_first = otlp.is_some_and(|at| jaeger.is_none_or(|other| at < other));
    if otlp_first {
        return otlp_lines(text, meter);
    }
    match (jaeger, zipkin) {
        (Some(_), _) => Ok(Chunk::check(jaeger::from_json(text)?)?),
        (None, Some(_)) => Ok(Chunk::check(zipkin::from_json(text)?)?),
        // An answer without traces, or a document without spans.
        (None, None) => jaeger::from_json(text)
            .map_err(|_| InputError::Unknown)
            .and_then(|request| Ok(Chunk::check(request)?)),
    }
}

/// One document, or one in each line.
fn otlp_lines(text: &[u8], meter: &Meter) -> Result<Checked, InputError> {
    let whole = otlp::from_json(text);
    let first = match whole {
        Ok(request) => return Ok(Chunk::check(request)?),
        Err(error) => error,
    };
    let mut done = 0;
    let lines = text.split(|byte| *byte == b'\n').zip(1..);
    let mut lines = lines
        .map(move |(line, number)| {
            done += line.len() as u64 + 1;
            (line.trim_ascii(), number, done)
        })
        .filter(|(line, ..)| !line.is_empty());
    // One document over several lines has its mistake in the whole of it.
    if lines.clone().nth(1).is_none_or(|(line, ..)| !line.starts_with(b"{\"")) {
        return Err(InputError::Otlp(1, first));
    }
    let (mut writer, mut rejected, mut why) = (ChunkWriter::default(), 0, "");
    lines.try_for_each(|(line, number, done)| {
        meter.at(done, text.len() as u64 + 1);
        let request = otlp::from_json(line).map_err(|error| InputError::Otlp(number, error))?;
        let checked = Chunk::check(request)?;
        writer.chunk(&checked.chunk);
        rejected += checked.rejected;
        why = checked.why;
        Ok::<(), InputError>(())
    })?;
    Ok(Checked { chunk: writer.finish(), rejected, why })
}

/// Frames in a stream, with whatever a device printed between them.
///
/// When they came is not known, so devices are on no common time line: each has the times of its own clock
/// from `now_ns` on.
fn frames(bytes: &[u8], now_ns: u64, meter: &Meter) -> Result<Checked, InputError> {
    let mut writer = ChunkWriter::default();
    let mut replies = Replies::new();
    let options = pipeline::Options { downlink: false, align: false, raw_ticks: false };
    let mut pipeline = Pipeline::new(options, |output: Output| writer.chunk(&output.chunk));
    let peer = Peer::Serial("file".into());
    let mut splitter = Splitter::new(vec![0; buffer_len(LONGEST)]);
    let mut rest = bytes;
    while let Some(item) = splitter.next(&mut rest) {
        if let Item::Frame(frame) = item {
            pipeline.on_frame(frame, &peer, now_ns, &mut replies);
            replies.clear();
        }
        meter.at((bytes.len() - rest.len()) as u64, bytes.len() as u64);
    }
    pipeline.finish(now_ns);
    let frames = pipeline.stats().frames;
    drop(pipeline);
    if frames == 0 {
        return Err(InputError::Unknown);
    }
    Ok(Checked { chunk: writer.finish(), rejected: 0, why: "" })
}
