//! `spandrel serve`: puts links, pipeline, view, store, doors and exporters together.

mod answers;
mod cookies;
mod counted;
mod doors;
mod ending;
mod error;
mod everywhere;
mod export;
mod first;
mod handover;
mod keep;
mod lasting;
mod links;
mod live;
mod show;
mod strategies;

pub use answers::Answers;
pub use error::ServeError;
pub use keep::Keep;
pub(crate) use keep::folder_of;

use crate::cli::Serve;
use crate::devices::Devices;
use crate::metrics::Metrics;
use crate::pipeline::{self, Output, Pipeline};
use crate::query::About;
use crate::receiver::{HostClock, Hub};
use crate::signals;
use crate::stats::Live;
use crate::tap::Tap;
use crate::web::{self, Parts, Server};
use counted::Counted;
use ending::Ending;
use everywhere::Everywhere;
use handover::Handover;
use links::Links;
use std::sync::Arc;
use strategies::{Reloaded, Told};

/// Receives frames until it is told to end, by a signal or by a reader that left.
///
/// # Errors
/// Where it cannot start; once it runs, whatever goes wrong is logged and it goes on.
pub fn serve(options: &Serve) -> Result<(), ServeError> {
    let gate = options.trust.gate(!options.no_downlink)?;
    let rules = options.rules.rules()?;
    let stop = signals::stop_flag()?;
    let links = Links::open(options, gate.is_some())?;
    let is_first = first::is_first(options);
    let kept = options.keep.open()?;
    let exports = Arc::new(export::start(options, kept.folder.as_deref())?);
    let metrics = Metrics::default();
    metrics.add(Arc::new(exports.metrics()));
    let runtime = doors::runtime()?;
    let tap = Tap::default();
    let spans = Arc::new(Everywhere::new(rules, exports.clone(), kept.intake.clone(), tap.clone()));
    let (live, devices) = (Live::default(), Devices::default());
    devices.set_standing(options.orders.iter().map(ToString::to_string).collect());
    if !options.no_downlink {
        devices.hear_orders();
    }
    metrics.add(spans.clone());
    metrics.add(Arc::new(live.clone()));
    let limit = options.rules.limit().map(Arc::new);
    let strategies = options.answers.sampling_strategies.clone().map(Reloaded::open).transpose()?;
    let frames = links.address()?;
    let about = About { frames: frames.to_string(), keeps: kept.folder.is_some() };
    let mut routes = options.answers.routes(strategies.clone(), &kept, about, devices.clone());
    routes.push(live::route(tap.clone()));
    let parts = Parts {
        intake: spans.clone(),
        reader: kept.reader,
        routes,
        metrics: metrics.clone(),
        source_limit: limit.clone(),
        runtime: runtime.handle().clone(),
    };
    let cookie_key = kept.folder.as_deref().map(cookies::key).transpose()?;
    let web = web::Options { cookie_key, ..options.web.clone() };
    let doors = Server::start(&web, parts)?;
    for (door, address) in doors.addresses() {
        log::info!("door {} is open at {address}", door.name);
    }
    if is_first {
        let page =
            doors.addresses().iter().find(|(door, _)| door.name == "http").map(|(_, at)| *at);
        first::greet(page, frames, options.web.tls_cert.is_some(), !options.no_tcp);
    }
    // Where trees are all that is made, there is nothing left to do when nobody reads them.
    let is_all = exports.is_empty() && kept.folder.is_none() && options.web.doors().is_empty();
    let view = show::start(options, &stop, is_all)?;

    let (handover, keeping) = Handover::start(spans)?;
    let keep = handover.clone();
    let is_shown = !options.no_tree || options.out.is_some() || options.out_otlp.is_some();
    let sink = |output: Output| {
        if is_shown {
            output.batches().into_iter().for_each(|batch| view.offer(&Arc::new(batch)));
        }
        keep.offer(output.chunk);
    };
    let ways = pipeline::Options {
        downlink: !options.no_downlink,
        align: !options.no_align,
        raw_ticks: options.raw_ticks,
    };
    let mut pipeline = Pipeline::new(ways, sink).with_orders(options.orders.clone());
    if let Some(gate) = gate {
        pipeline = pipeline.behind(gate);
    }
    let (mut pipeline, journal) = lasting::open(pipeline, kept.folder.as_deref(), handover)?;
    let mut hub = Hub::new();
    if let Some(limit) = limit {
        hub.limit(limit);
    }
    let targets = links.start(&mut hub)?;
    // Who is sent nothing is not told how to sample either.
    let told = strategies.filter(|_| !options.no_downlink).map(Told::new);
    let mut counted =
        Counted { pipeline: &mut pipeline, feed: hub.feed(), live: live.clone(), devices, told };
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
    drop(keep);

    tap.close();
    doors.stop();
    drop(runtime);
    if let Some(journal) = journal {
        journal.join();
    }
    let dropped = keeping.finish(ending.left());
    if dropped > 0 {
        log::warn!("{dropped} spans were dropped because the store did not keep up");
    }
    if let Some(store) = kept.store {
        store.close();
    }
    if let Some(archive) = kept.archive {
        archive.close();
    }
    // While the exporter is given time, nobody should have to wait for the files.
    view.finish();
    for (name, counts) in exports.finish(ending.left()) {
        export::tell(&name, &counts);
    }
    Ok(())
}
