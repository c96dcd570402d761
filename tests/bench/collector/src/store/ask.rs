//! Spans are found: single traces with cold and warm caches, and the searches that are hardest.

use super::make::{BEGIN_NS, EVERY_NS, PER_TRACE, mix, request_id, trace_id};
use super::told;
use anyhow::{Context as _, Result, ensure};
use rustix::fs::{Advice, fadvise};
use spandrel_collector::model::TraceId;
use spandrel_collector::storage::{Reader as _, Search, Tag, Window};
use spandrel_collector::store::{Options, Store};
use std::fs::File;
use std::path::Path;
use std::time::Instant;

const COLD: u64 = 300;
const WARM: u64 = 2_000;
const SEARCHES: usize = 100;

pub(super) fn run(words: &[String]) -> Result<()> {
    let (folder, spans, unique) = told(words)?;
    forget(&folder)?;
    let since = Instant::now();
    let store = Store::open(&folder, Options::default())?;
    println!("reopen_s {}", since.elapsed().as_secs_f64());
    let traces = spans / PER_TRACE;

    let before = read_so_far()?;
    let cold = get(&store, 0..COLD, traces, || forget(&folder))?;
    let after = read_so_far()?;
    println!("get_trace_ms.p99.cold {}", p99(cold));
    println!("get_trace.cold.reads {}", (after.0 - before.0) / COLD as f64);
    println!("get_trace.cold.bytes {}", (after.1 - before.1) / COLD as f64);
    get(&store, 0..WARM, traces, || Ok(()))?;
    println!("get_trace_ms.p99.warm {}", p99(get(&store, 0..WARM, traces, || Ok(()))?));

    let mut worst = 0_f64;
    for (name, search, least) in searches(traces, unique) {
        let mut times_ms = Vec::new();
        for _ in 0..SEARCHES {
            let since = Instant::now();
            let found = store.find(&search)?.len();
            times_ms.push(since.elapsed().as_secs_f64() * 1e3);
            ensure!(found == least, "{name}: found {found}, not {least}");
        }
        let of_search = p99(times_ms);
        println!("search_ms.{name}.p99 {of_search}");
        worst = worst.max(of_search);
    }
    println!("search_ms.p99 {worst}");
    Ok(())
}

/// Times of getting traces, in milliseconds.
fn get(
    store: &Store,
    which: std::ops::Range<u64>,
    traces: u64,
    before: impl Fn() -> Result<()>,
) -> Result<Vec<f64>> {
    let mut times_ms = Vec::new();
    for number in which {
        before()?;
        let id = TraceId(trace_id(mix(number ^ 0x1234) % traces));
        let since = Instant::now();
        let got = store.get(id)?.context("a trace is not there")?;
        times_ms.push(since.elapsed().as_secs_f64() * 1e3);
        ensure!(got.len() as u64 == PER_TRACE, "a trace has {} spans", got.len());
    }
    Ok(times_ms)
}

fn p99(mut times_ms: Vec<f64>) -> f64 {
    times_ms.sort_by(f64::total_cmp);
    times_ms[times_ms.len() * 99 / 100]
}

/// Has the system forget what it holds of the files.
fn forget(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        fadvise(File::open(entry?.path())?, 0, None, Advice::DontNeed)?;
    }
    Ok(())
}

/// Calls that read, and the bytes that they gave.
fn read_so_far() -> Result<(f64, f64)> {
    let text = std::fs::read_to_string("/proc/self/io")?;
    let number = |name: &str| -> Result<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        Ok(line.context("not told")?.trim().parse()?)
    };
    Ok((number("syscr:")?, number("rchar:")?))
}

/// Searches by name, and how many traces they find.
fn searches(traces: u64, unique: bool) -> Vec<(&'static str, Search, usize)> {
    const LIMIT: usize = 20;

    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: Some(value.to_owned()) };
    let by = |service: &str, tags: Vec<Tag>| Search {
        service: Some(service.to_owned()),
        tags,
        limit: LIMIT,
        ..Search::default()
    };
    let long = Window { min: 100_000_000, max: u64::MAX };
    let old = Window { min: BEGIN_NS, max: BEGIN_NS + traces / 2 * EVERY_NS };
    let mut all = vec![
        ("service", by("sensor", vec![]), LIMIT),
        ("large_trace", by("gateway", vec![]), LIMIT),
        ("tag_99", by("sensor", vec![tag("state", "idle")]), LIMIT),
        ("tag_1", by("sensor", vec![tag("state", "busy")]), LIMIT),
        ("tag_001", by("sensor", vec![tag("state", "fault")]), LIMIT),
        ("tag_one", Search { service: None, ..by("", vec![tag("state", "only")]) }, 1),
        ("tag_none", by("sensor", vec![tag("state", "never")]), 0),
        ("duration", Search { duration: long, ..by("sensor", vec![]) }, LIMIT),
        ("old", Search { start: old, ..by("sensor", vec![]) }, LIMIT),
        ("never_together", by("sensor", vec![tag("state", "idle"), tag("state", "busy")]), 0),
    ];
    if unique {
        let one = vec![tag("request.id", &request_id(4_321))];
        all.push(("unique_one", Search { service: None, ..by("", one) }, 1));
    } else {
        let two = vec![tag("lane", "lane-1"), tag("lane", "lane-2")];
        all.push(("never_together_10", by("sensor", two), 0));
    }
    all
}
