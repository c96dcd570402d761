//! `spandrel serve`: puts receiver, pipeline, view and exporter together.

mod counted;
mod ending;
mod error;
mod export;
mod links;
mod show;

pub use error::ServeError;

use crate::cli::Serve;
use crate::exporter::otlp;
use crate::model::{Batch, Chunk};
use crate::pipeline::{self, Pipeline};
use crate::receiver::{HostClock, Hub};
use crate::signals;
use crate::stats::Live;
use counted::Counted;
use ending::Ending;
use links::Links;
use std::sync::Arc;

/// Receives frames until it is told to end, by a signal or by a reader that left.
///
/// # Errors
/// Where it cannot start; once it runs, whatever goes wrong is logged and it goes on.
pub fn serve(options: &Serve) -> Result<(), ServeError> {
    let gate = options.trust.gate(!options.no_downlink)?;
    let stop = signals::stop_flag()?;
    let links = Links::open(options, gate.is_some())?;
    let exports = export::start(options, &[options.listen])?;
    let view = show::start(options, &stop, exports.is_empty())?;

    let sink = pipeline::owned(|batch: Batch| {
        let batch = Arc::new(batch);
        view.offer(&batch);
        if !exports.is_empty()
            && let Ok(checked) = Chunk::check(otlp::to_protobuf([&*batch]))
        {
            exports.offer(batch.source, &checked.chunk);
        }
    });
    let ways = pipeline::Options {
        downlink: !options.no_downlink,
        align: !options.no_align,
        raw_ticks: options.raw_ticks,
    };
    let mut pipeline = Pipeline::new(ways, sink).with_orders(options.orders.clone());
    if let Some(gate) = gate {
        pipeline = pipeline.behind(gate);
    }
    let mut hub = Hub::new();
    let targets = links.start(&mut hub)?;
    let live = Live::default();
    let mut counted = Counted { pipeline: &mut pipeline, feed: hub.feed(), live: live.clone() };
    hub.run(&mut counted, &stop);
    let ending = Ending::begin();
    let drops = hub.drops();
    drop(hub);
    // No target is left standing still.
    for target in targets {
        let _ = target.join();
    }
    pipeline.finish(HostClock::new().now_ns());
    let stats = pipeline.stats().with_drops(drops);
    live.publish(stats);
    log::info!(
        frames = stats.frames, spans = stats.spans, sessions = stats.sessions, dropped = stats.dropped,
        records_lost = stats.records_lost, dropped_by_kernel = stats.dropped_by_kernel;
        "{stats}"
    );
    drop(pipeline);

    // While exporters are given time, nobody should have to wait for the files.
    view.finish();
    for (name, counts) in exports.finish(ending.left()) {
        export::tell(&name, &counts);
    }
    Ok(())
}
