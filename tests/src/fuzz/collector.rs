//! A script of frames, times and clock steps, run on a collector's pipeline.

use spandrel_collector::exporter::{jaeger, otlp};
use spandrel_collector::model::{Batch, Span};
use spandrel_collector::pipeline::{MOST_BYTES, Options, Pipeline, owned};
use spandrel_collector::receiver::{Handler, Peer, Replies};
use spandrel_collector::recent::{Bounds, Recent};
use spandrel_collector::tree::Tree;

/// When scripts begin.
const EPOCH_NS: u64 = 1_700_000_000_000_000_000;
/// The session that frames are said to be of, where the script asks for that: so some of them meet.
const TAG: [u8; 4] = [7; 4];

/// One step: what, and the rest of the script.
enum Step<'a> {
    /// From this peer, and whether it is of the session that most are of.
    Frame(u8, bool, &'a [u8]),
    Pass(u64),
    SetClock(i64),
    Closed(u8),
    Sent(u8, u32),
}

fn step<'a>(script: &mut &'a [u8]) -> Option<Step<'a>> {
    let (code, rest) = script.split_first()?;
    let (number, rest) = rest.split_first_chunk::<2>()?;
    let number = u16::from_le_bytes(*number);
    let peer = code >> 3 & 3;
    *script = rest;
    Some(match code & 7 {
        0..=3 => {
            let length = usize::from(number).min(rest.len());
            let (frame, rest) = rest.split_at(length);
            *script = rest;
            Step::Frame(peer, code & 32 != 0, frame)
        }
        4 => Step::Pass(u64::from(number) * 1_000_000),
        5 => Step::SetClock(i64::from(number.cast_signed()) * 1_000_000_000),
        6 => Step::Closed(peer),
        _ => Step::Sent(peer, number.into()),
    })
}

fn peer(number: u8) -> Peer {
    match number {
        0 => Peer::Serial("port".into()),
        number => Peer::Udp(([10, 0, 0, number], 9).into()),
    }
}

/// Runs a script.
///
/// # Panics
/// If the pipeline holds more than it may, loses count of records, or hands on what is no span.
pub(super) fn run(data: &[u8]) {
    let Some((options, mut script)) = data.split_first() else { return };
    let mut batches: Vec<Batch> = Vec::new();
    let ways = Options {
        downlink: options & 1 != 0,
        align: options & 2 == 0,
        raw_ticks: options & 4 != 0,
    };
    let mut pipeline = Pipeline::new(ways, owned(|batch| batches.push(batch)));
    let (mut now_ns, mut replies) = (EPOCH_NS, Replies::new());
    while let Some(step) = step(&mut script) {
        match step {
            Step::Frame(from, is_usual, bytes) => {
                let mut bytes = bytes.to_vec();
                if let Some(tag) = bytes.get_mut(1..5).filter(|_| is_usual) {
                    tag.copy_from_slice(&TAG);
                }
                pipeline.on_frame(&bytes, &peer(from), now_ns, &mut replies);
            }
            Step::Pass(ns) => {
                now_ns = now_ns.saturating_add(ns);
                pipeline.on_tick(now_ns, &mut replies);
            }
            Step::SetClock(ns) => {
                now_ns = now_ns.saturating_add_signed(ns);
                pipeline.on_clock_step(ns);
            }
            Step::Closed(from) => pipeline.on_closed(&peer(from)),
            Step::Sent(from, ping) => pipeline.on_sent(&peer(from), TAG, ping, now_ns),
        }
        replies.clear();
        assert!(pipeline.weight() <= MOST_BYTES);
    }
    pipeline.finish(now_ns);
    let stats = pipeline.stats();
    assert_eq!(stats.records, stats.records_used + stats.records_dropped, "{stats}");
    drop(pipeline);
    leave(batches);
}

/// Writes what came out in every form in which it leaves.
fn leave(batches: Vec<Batch>) {
    if !batches.is_empty() {
        assert!(!otlp::to_protobuf(&batches).is_empty());
    }
    is_json(&otlp::to_json(&batches));
    let mut recent = Recent::new(Bounds { spans: 1_000, bytes: 1 << 20 });
    for batch in batches {
        let is_right = |span: &Span| span.end_ns > span.start_ns && !span.name.is_empty();
        assert!(batch.spans.iter().all(is_right));
        recent.insert(batch, 0);
    }
    let traces = recent.traces();
    is_json(&jaeger::convert(traces.iter().copied()));
    for trace in traces {
        assert!(!Tree::new(trace, false).to_string().is_empty());
    }
}

fn is_json(bytes: &[u8]) {
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_slice(bytes);
    read.expect("it is JSON");
}
