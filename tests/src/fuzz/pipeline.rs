//! The collector as a whole: datagrams, time, and every form in which spans leave.

use spandrel_collector::exporter::{jaeger, otlp};
use spandrel_collector::model::Batch;
use spandrel_collector::pipeline::{Options, Pipeline};
use spandrel_collector::receiver::{Handler as _, Peer, Reply};
use spandrel_collector::recent::{Bounds, Recent};
use spandrel_collector::tree::Tree;

/// What a byte of time stands for: from nothing up to half a minute.
fn pause_ns(choice: u8) -> u64 {
    let steps = u64::from(choice >> 2);
    steps * steps * steps * 120_000
}

/// Gives a pipeline datagrams from two devices, time in between, and steps of the clock.
///
/// # Panics
/// If what comes out cannot be written.
pub(super) fn run(data: &[u8]) {
    let Some((options, data)) = data.split_first() else { return };
    let mut batches: Vec<Batch> = Vec::new();
    let mut pipeline =
        Pipeline::new(Options { downlink: options & 1 == 0 }, |batch| batches.push(batch));
    let mut now_ns = 1_700_000_000_000_000_000;
    let mut replies = Vec::new();
    for (choice, bytes) in super::pieces(data) {
        now_ns += pause_ns(choice);
        let peer = Peer::Udp(([10, 0, 0, choice & 1], 9).into());
        match bytes {
            [] if choice & 2 != 0 => pipeline.on_clock_step(i64::from(choice) * 77_000_000),
            [] if choice & 1 != 0 => pipeline.on_closed(&peer),
            [] => pipeline.on_tick(now_ns, &mut replies),
            _ => pipeline.on_frame(bytes, &peer, now_ns, &mut replies),
        }
        assert!(replies.len() < 1_000, "it talks more than it listens");
        for Reply { peer, ping, .. } in replies.drain(..) {
            if let Some((tag, ping)) = ping {
                pipeline.on_sent(&peer, tag, ping, now_ns);
            }
        }
    }
    pipeline.on_tick(now_ns + 60_000_000_000, &mut replies);
    pipeline.finish(now_ns + 60_000_000_000);
    drop(pipeline);
    leave(batches);
}

fn leave(batches: Vec<Batch>) {
    let mut recent = Recent::new(Bounds { spans: 1_000, bytes: 1 << 20 });
    let _ = otlp::to_protobuf(&batches);
    is_json(&otlp::to_json(&batches));
    for batch in batches {
        assert!(
            batch.spans.iter().all(|span| span.end_ns > span.start_ns && !span.name.is_empty())
        );
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
