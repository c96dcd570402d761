//! Spans are found: single traces with cold and warm caches, and the searches that are hardest.

use super::make::{BEGIN_NS, EVERY_NS, PER_TRACE, mix, request_id, trace_id};
use super::{seconds, told};
use anyhow::{Context as _, Result, ensure};
use rustix::fs::{Advice, fadvise};
use rustix::time::ClockId;
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
    println!("get_trace_ms.p99.cold {}", cold.wall_ms.p99());
    println!("get_trace.cpu_ms.p99.cold {}", cold.cpu_ms.p99());
    println!("get_trace.cold.reads {}", (after.0 - before.0) / COLD as f64);
    println!("get_trace.cold.bytes {}", (after.1 - before.1) / COLD as f64);
    get(&store, 0..WARM, traces, || Ok(()))?;
    let warm = get(&store, 0..WARM, traces, || Ok(()))?;
    println!("get_trace_ms.p99.warm {}", warm.wall_ms.p99());
    println!("get_trace.cpu_ms.p99.warm {}", warm.cpu_ms.p99());

    let (mut worst, mut worst_cpu) = (0_f64, 0_f64);
    for (name, search, least) in searches(traces, unique) {
        let mut times = Times::default();
        for _ in 0..SEARCHES {
            let found = times.of(|| store.find(&search))?.len();
            ensure!(found == least, "{name}: found {found}, not {least}");
        }
        let (wall_ms, cpu_ms) = (times.wall_ms.p99(), times.cpu_ms.p99());
        println!("search_ms.{name}.p99 {wall_ms}");
        println!("search.cpu_ms.{name}.p99 {cpu_ms}");
        worst = worst.max(wall_ms);
        worst_cpu = worst_cpu.max(cpu_ms);
    }
    println!("search_ms.p99 {worst}");
    println!("search.cpu_ms.p99 {worst_cpu}");
    Ok(())
}

/// What calls took: as one waits for them, and of this process's cores alone, to which what else the
/// machine does adds nothing.
#[derive(Default)]
struct Times {
    wall_ms: Sorted,
    cpu_ms: Sorted,
}

/// Times in their order.
#[derive(Default)]
struct Sorted(Vec<f64>);

impl Times {
    fn of<T>(&mut self, call: impl FnOnce() -> T) -> T {
        let (since, cpu_s) = (Instant::now(), seconds(ClockId::ProcessCPUTime));
        let got = call();
        self.cpu_ms.add((seconds(ClockId::ProcessCPUTime) - cpu_s) * 1e3);
        self.wall_ms.add(since.elapsed().as_secs_f64() * 1e3);
        got
    }
}

impl Sorted {
    fn add(&mut self, time: f64) {
        let place = self.0.partition_point(|other| *other < time);
        self.0.insert(place, time);
    }

    fn p99(&self) -> f64 {
        self.0[self.0.len() * 99 / 100]
    }
}

/// Gets traces, each behind `before`.
fn get(
    store: &Store,
    which: std::ops::Range<u64>,
    traces: u64,
    before: impl Fn() -> Result<()>,
) -> Result<Times> {
    let mut times = Times::default();
    for number in which {
        before()?;
        let id = TraceId(trace_id(mix(number ^ 0x1234) % traces));
        let got = times.of(|| store.get(id))?.context("a trace is not there")?;
        ensure!(got.len() as u64 == PER_TRACE, "a trace has {} spans", got.len());
    }
    Ok(times)
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
