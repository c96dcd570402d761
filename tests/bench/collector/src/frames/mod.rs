//! Frames to OTLP and to Jaeger's JSON, by one thread and without any I/O.

mod obvious;

use crate::device::{Device, SPANS};
use crate::rows::Figures;
use crate::{Setting, allocations};
use anyhow::{Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use spandrel_collector::exporter::jaeger::{self, Show};
use spandrel_collector::json::Writer;
use spandrel_collector::model::Chunk;
use spandrel_collector::pipeline::{Options, Output, Pipeline};
use spandrel_collector::receiver::{Handler as _, Peer, Replies};
use std::hint::black_box;
use std::time::Duration;

/// Frames in a run, and those before it that warm up and do not count.
const FRAMES: usize = 4_000;
const WARM_UP: usize = 400;
/// Our turn and the obvious way's take turns, so that what else the machine does befalls both.
const TURN: usize = 200;

const PEER: Peer = Peer::Udp(std::net::SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)),
    9,
));

/// What came to a collector, in its order.
enum Came {
    /// A ping left.
    Sent { tag: [u8; 4], ping: u32, at_ns: u64 },
    /// A frame of spans.
    Spans { bytes: Vec<u8>, at_ns: u64 },
    /// Another frame.
    Other { bytes: Vec<u8>, at_ns: u64 },
}

/// Lets a device and a collector talk with each other, and notes what came up. Every frame takes 100 us.
fn record(frames: usize) -> Result<Vec<Came>> {
    const ON_THE_WAY_NS: u64 = 100_000;

    let mut device = Device::new(0)?;
    let mut spans = 0;
    let mut pipeline = Pipeline::new(options(), |output: Output| spans += output.chunk.len());
    let mut came = Vec::new();
    for _ in 0..frames {
        let hello = device.due_hello().map(|bytes| (bytes, false));
        let frame = (device.frame()?, true);
        let at_ns = device.now_ns() + ON_THE_WAY_NS;
        let mut up: Vec<_> = hello.into_iter().chain([frame]).collect();
        while !up.is_empty() {
            let mut replies = Replies::new();
            for (bytes, has_spans) in up.drain(..) {
                pipeline.on_frame(&bytes, &PEER, at_ns, &mut replies);
                came.push(match has_spans {
                    true => Came::Spans { bytes, at_ns },
                    false => Came::Other { bytes, at_ns },
                });
            }
            for reply in replies {
                if let Some((tag, ping)) = reply.ping {
                    let at_ns = at_ns - 2 * ON_THE_WAY_NS;
                    pipeline.on_sent(&PEER, tag, ping, at_ns);
                    came.push(Came::Sent { tag, ping, at_ns });
                }
                up.extend(device.hears(&reply.bytes).map(|bytes| (bytes, false)));
            }
        }
    }
    pipeline.finish(device.now_ns());
    drop(pipeline);
    ensure!(spans == frames * SPANS, "{spans} spans came out of {frames} frames");
    Ok(came)
}

/// What this thread had of a core: what else the machine does is not in it.
fn cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.cast_unsigned(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

fn options() -> Options {
    Options { downlink: true, ..Options::default() }
}

/// What a stretch took.
#[derive(Default)]
struct Taken {
    time: Duration,
    allocations: u64,
    bytes: usize,
    frames: usize,
}

impl Taken {
    fn ns_per_span(&self) -> f64 {
        self.time.as_secs_f64() * 1e9 / (self.frames * SPANS) as f64
    }
}

/// `frames-for-ever SECONDS`: nothing but frames to OTLP, for whoever looks at where the time goes.
pub(crate) fn for_ever(words: &[String]) -> Result<()> {
    let [seconds] = words else { anyhow::bail!("one word") };
    let end = cpu_time() + Duration::from_secs(seconds.parse()?);
    let came = record(WARM_UP + FRAMES)?;
    while cpu_time() < end {
        let mut pipeline = Pipeline::new(options(), |output: Output| drop(black_box(output)));
        let start = cpu_time();
        take(&mut pipeline, &came);
        let taken = Taken { time: cpu_time() - start, frames: came.len(), ..Taken::default() };
        eprintln!("{:.1} ns a span", taken.ns_per_span());
    }
    Ok(())
}

/// Gives a pipeline what came.
fn take(pipeline: &mut Pipeline<impl FnMut(Output)>, came: &[Came]) -> Taken {
    let mut taken = Taken::default();
    let mut replies = Replies::new();
    for came in came {
        match came {
            Came::Sent { tag, ping, at_ns } => pipeline.on_sent(&PEER, *tag, *ping, *at_ns),
            Came::Other { bytes, at_ns } => pipeline.on_frame(bytes, &PEER, *at_ns, &mut replies),
            Came::Spans { bytes, at_ns } => {
                let before = allocations::count();
                pipeline.on_frame(bytes, &PEER, *at_ns, &mut replies);
                taken.allocations += allocations::count() - before;
                taken.frames += 1;
            }
        }
        replies.clear();
    }
    taken
}

/// What it takes to make something of frames: ours, and the obvious way's.
fn compare(mut ours: impl FnMut(Chunk) -> usize, obvious: obvious::Encode) -> Result<[Taken; 2]> {
    let came = record(WARM_UP + FRAMES)?;
    let mut bytes = 0;
    let mut pipeline = Pipeline::new(options(), |output: Output| bytes += ours(output.chunk));
    let mut collector = obvious::Collector::default();
    let mut sums = [Taken::default(), Taken::default()];
    let mut seen = 0;
    let mut events = &came[..];
    while !events.is_empty() {
        let mut spans = 0;
        let end = events.iter().position(|came| {
            spans += usize::from(matches!(came, Came::Spans { .. }));
            spans > TURN
        });
        let (turn, rest) = events.split_at(end.unwrap_or(events.len()));
        events = rest;

        let start = cpu_time();
        let mut mine = take(&mut pipeline, turn);
        mine.time = cpu_time() - start;
        seen += mine.frames;

        let mut other = Taken::default();
        let start = cpu_time();
        for came in turn {
            if let Came::Spans { bytes, at_ns } | Came::Other { bytes, at_ns } = came {
                other.bytes += black_box(collector.take(bytes, *at_ns, obvious)?).len();
                other.frames += usize::from(matches!(came, Came::Spans { .. }));
            }
        }
        other.time = cpu_time() - start;

        if seen > WARM_UP {
            for (sum, one) in sums.iter_mut().zip([mine, other]) {
                sum.time += one.time;
                sum.allocations += one.allocations;
                sum.frames += one.frames;
                sum.bytes += one.bytes;
            }
        }
    }
    drop(pipeline);
    sums[0].bytes = bytes;
    let is_measured = |taken: &Taken| taken.frames >= FRAMES - TURN && taken.bytes > 0;
    ensure!(sums.iter().all(is_measured), "nothing was measured");
    Ok(sums)
}

pub(crate) fn to_otlp(_: &Setting) -> Result<Figures> {
    let [ours, theirs] = compare(|chunk| black_box(chunk.into_bytes()).len(), obvious::otlp)?;
    Ok(vec![
        ("frames_to_otlp.spans_per_s".into(), 1e9 / ours.ns_per_span()),
        ("frames_to_otlp.vs_prost".into(), theirs.ns_per_span() / ours.ns_per_span()),
        ("frames_to_otlp.allocs_per_frame".into(), ours.allocations as f64 / ours.frames as f64),
        ("frames_to_otlp.prost.spans_per_s".into(), 1e9 / theirs.ns_per_span()),
    ])
}

pub(crate) fn to_jaeger_json(_: &Setting) -> Result<Figures> {
    let [ours, theirs] = compare(|chunk| jaeger_json(&chunk), obvious::jaeger_json)?;
    Ok(vec![
        ("frames_to_jaeger_json.spans_per_s".into(), 1e9 / ours.ns_per_span()),
        ("frames_to_jaeger_json.vs_serde".into(), theirs.ns_per_span() / ours.ns_per_span()),
        ("frames_to_jaeger_json.serde.spans_per_s".into(), 1e9 / theirs.ns_per_span()),
    ])
}

/// The length of what is made of the spans of one trace.
fn jaeger_json(chunk: &Chunk) -> usize {
    let mut out = Writer::default();
    jaeger::trace(&mut out, chunk, Show::Dropped);
    black_box(out.into_bytes()).len()
}

/// The latter half of the way from frames to Jaeger's JSON, by itself.
pub(crate) fn chunk_to_jaeger_json(_: &Setting) -> Result<Figures> {
    let mut chunks = Vec::new();
    let mut pipeline = Pipeline::new(options(), |output: Output| chunks.push(output.chunk));
    take(&mut pipeline, &record(TURN)?);
    drop(pipeline);
    let mut taken = Taken::default();
    for round in 0..=FRAMES / TURN {
        let start = cpu_time();
        let bytes: usize = chunks.iter().map(jaeger_json).sum();
        // The first warms up.
        if round > 0 {
            taken.time += cpu_time() - start;
            taken.frames += TURN;
            taken.bytes += bytes;
        }
    }
    ensure!(taken.bytes > 0, "nothing was measured");
    let spans = (taken.frames * SPANS) as f64;
    Ok(vec![
        ("chunk_to_jaeger_json.spans_per_s".into(), 1e9 / taken.ns_per_span()),
        ("chunk_to_jaeger_json.bytes_per_span".into(), taken.bytes as f64 / spans),
    ])
}
