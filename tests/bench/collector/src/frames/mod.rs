//! Frames to OTLP, by one thread and without any I/O.

mod obvious;

use crate::device::{Device, SPANS};
use crate::rows::Figures;
use crate::{Setting, allocations};
use anyhow::{Result, ensure};
use rustix::time::{ClockId, clock_gettime};
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
        let mut replies = Replies::new();
        let start = cpu_time();
        for came in &came {
            match came {
                Came::Sent { tag, ping, at_ns } => pipeline.on_sent(&PEER, *tag, *ping, *at_ns),
                Came::Other { bytes, at_ns } | Came::Spans { bytes, at_ns } => {
                    pipeline.on_frame(bytes, &PEER, *at_ns, &mut replies);
                }
            }
            replies.clear();
        }
        let taken = Taken { time: cpu_time() - start, frames: came.len(), ..Taken::default() };
        eprintln!("{:.1} ns a span", taken.ns_per_span());
    }
    Ok(())
}

pub(crate) fn measure(_: &Setting) -> Result<Figures> {
    let came = record(WARM_UP + FRAMES)?;
    let mut bytes = 0;
    let mut pipeline = Pipeline::new(options(), |output: Output| {
        bytes += black_box(output.chunk.into_bytes()).len();
    });
    let mut obvious = obvious::Collector::default();
    let (mut ours, mut theirs) = (Taken::default(), Taken::default());
    let mut seen = 0;
    let mut replies = Replies::new();
    let mut events = &came[..];
    while !events.is_empty() {
        let mut spans = 0;
        let end = events.iter().position(|came| {
            spans += usize::from(matches!(came, Came::Spans { .. }));
            spans > TURN
        });
        let (turn, rest) = events.split_at(end.unwrap_or(events.len()));
        events = rest;
        seen += turn.iter().filter(|came| matches!(came, Came::Spans { .. })).count();
        let counts = seen > WARM_UP;

        let mut mine = Taken::default();
        let start = cpu_time();
        for came in turn {
            match came {
                Came::Sent { tag, ping, at_ns } => pipeline.on_sent(&PEER, *tag, *ping, *at_ns),
                Came::Other { bytes, at_ns } => {
                    pipeline.on_frame(bytes, &PEER, *at_ns, &mut replies);
                }
                Came::Spans { bytes, at_ns } => {
                    let before = allocations::count();
                    pipeline.on_frame(bytes, &PEER, *at_ns, &mut replies);
                    mine.allocations += allocations::count() - before;
                    mine.frames += 1;
                }
            }
            replies.clear();
        }
        mine.time = cpu_time() - start;

        let mut other = Taken::default();
        let start = cpu_time();
        for came in turn {
            if let Came::Spans { bytes, at_ns } | Came::Other { bytes, at_ns } = came {
                other.bytes += black_box(obvious.take(bytes, *at_ns)?).len();
                other.frames += usize::from(matches!(came, Came::Spans { .. }));
            }
        }
        other.time = cpu_time() - start;

        if counts {
            for (sum, one) in [(&mut ours, mine), (&mut theirs, other)] {
                sum.time += one.time;
                sum.allocations += one.allocations;
                sum.frames += one.frames;
                sum.bytes += one.bytes;
            }
        }
    }
    drop(pipeline);
    ensure!(ours.frames >= FRAMES - TURN && bytes > 0 && theirs.bytes > 0, "nothing was measured");
    Ok(vec![
        ("frames_to_otlp.spans_per_s".into(), 1e9 / ours.ns_per_span()),
        ("frames_to_otlp.vs_prost".into(), theirs.ns_per_span() / ours.ns_per_span()),
        ("frames_to_otlp.allocs_per_frame".into(), ours.allocations as f64 / ours.frames as f64),
        ("frames_to_otlp.prost.spans_per_s".into(), 1e9 / theirs.ns_per_span()),
    ])
}
