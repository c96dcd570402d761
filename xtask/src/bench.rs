//! `cargo xtask bench`: what the collector costs, as medians of some runs, beside the budgets.
//!
//! Programs of workspaces of their own measure, in `tests/bench/collector` and, what a browser shows, in
//! `tests/browser`; whatever they print becomes a figure.
//! Times depend on the machine, so they are never a fault; what does not is held against what was blessed.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace;

use crate::dist;
use crate::progress::Progress;
use crate::setup;

/// Far above cold builds and runs on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);
const BINARY_MB: &str = "binary_mb";
const BLESS: &str = "cargo xtask bench --bless";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only rows whose keys begin so; may be given more than once
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// So often each is measured
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Fail where a figure that does not depend on the machine is not as blessed
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Open a trace in Jaeger's own UI, too: the folder of a built one, with its index.html
    #[arg(long, value_name = "DIR")]
    jaeger_ui: Option<PathBuf>,
    /// Take such figures as what later runs must not be worse than
    #[arg(long)]
    bless: bool,
}

/// Which way a figure is better.
#[derive(Clone, Copy, PartialEq)]
enum Better {
    More,
    Less,
}

/// What a figure should be.
struct Budget {
    key: &'static str,
    better: Better,
    budget: f64,
    /// What the best other program was measured to have.
    peer: &'static str,
}

const fn at_least(key: &'static str, budget: f64, peer: &'static str) -> Budget {
    Budget { key, better: Better::More, budget, peer }
}

const fn at_most(key: &'static str, budget: f64, peer: &'static str) -> Budget {
    Budget { key, better: Better::Less, budget, peer }
}

/// In the order of the table.
const BUDGETS: &[Budget] = &[
    at_least("frames_to_otlp.spans_per_s", 15e6, "prost types 1.6 M"),
    at_least("frames_to_otlp.vs_prost", 10.0, ""),
    at_most("frames_to_otlp.allocs_per_frame", 2.0, ""),
    at_least("frames_to_jaeger_json.spans_per_s", 8e6, "serde_json 1.1 M"),
    at_least("frames_to_jaeger_json.vs_serde", 7.0, ""),
    at_least("udp_to_otlp_http.spans_per_cpu_s", 5e6, "OpenTelemetry collector, OTLP 0.91 M"),
    at_most("udp_to_otlp_http.rss_mb", 20.0, "OpenTelemetry collector 89"),
    at_least("otlp_to_otlp.spans_per_cpu_s", 5e6, "OpenTelemetry collector 0.91 M"),
    at_least("otlp_to_otlp.gzip1.spans_per_cpu_s", 1.8e6, "OpenTelemetry collector 0.35 M"),
    at_least("otlp_to_otlp.gzip6.spans_per_cpu_s", 0.6e6, ""),
    at_least("store.ingest_spans_per_cpu_s", 500e3, "Jaeger with badger 20 k"),
    at_most("store.bytes_per_span", 30.0, "Jaeger with badger 318"),
    at_most("store.ingest_rss_mb", 100.0, "Jaeger with badger 4,269"),
    at_least("store.unique.ingest_spans_per_cpu_s", 400e3, ""),
    at_most("store.unique.bytes_per_span", 60.0, ""),
    at_most("store.get_trace_ms.p99.cold", 5.0, ""),
    at_most("store.get_trace_ms.p99.warm", 1.0, "Jaeger with badger, 5 M spans 2.6"),
    at_most("store.search_ms.p99", 10.0, "Jaeger with badger, 5 M spans 640"),
    at_most("store.reopen_s", 0.3, "Jaeger with badger, 5 M spans 17"),
    at_most("idle.rss_mb", 10.0, "57"),
    at_most(BINARY_MB, 15.0, "85"),
    at_most("start_ms", 10.0, "44"),
    at_most("page.bytes", 80_000.0, ""),
    at_most("page.requests", 5.0, ""),
    at_most("page.open_trace_ms.1000", 150.0, ""),
    at_most("page.open_trace_ms.100000", 1_000.0, ""),
    at_least("page.vs_jaeger_ui", 3.0, ""),
    at_most("page.frame_ms.p95", 8.0, ""),
    at_most("page.missed_frames_pct", 1.0, ""),
    at_most("tail.latency_ms.p95", 50.0, ""),
    at_most("tail.page_latency_ms.p95", 100.0, ""),
    at_most("devices.list_ms", 300.0, ""),
];

/// Whether a figure is the same on every machine.
fn is_exact(key: &str) -> bool {
    key.ends_with(".allocs_per_frame")
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    ensure!(args.runs > 0, "--runs must be at least 1");
    // Figures are measured in another folder than this one.
    let jaeger_ui = args.jaeger_ui.as_deref().map(built_ui).transpose()?;
    let progress = Progress::start();
    progress.say("building the collector");
    // What is measured is what people run.
    let (program, bytes) = dist::build()?;
    progress.say("measuring");
    let mut lines = measure("tests/bench/collector", &["--release"], "bench", &program, args, &[])?;
    if workspace::find_program(setup::CHROMIUM.program).is_some() {
        progress.say("measuring the page and the terminal");
        let more: Vec<_> = jaeger_ui.map(|ui| format!("--jaeger-ui={ui}")).into_iter().collect();
        let how = ["--bin", "figures"];
        lines.extend(measure("tests/browser", &how, "browser", &program, args, &more)?);
    } else {
        progress
            .say("figures of the page are left out: `cargo xtask setup` gets chromium for them");
    }
    if args.only.is_empty() || args.only.iter().any(|prefix| BINARY_MB.starts_with(&**prefix)) {
        lines.push(format!("{BINARY_MB} {}", bytes as f64 / 1e6));
    }
    let figures = figures(&lines)?;
    ensure!(!figures.is_empty(), "no figure begins with {}", args.only.join(" or "));

    keep(&workspace::target_dir().join("bench.json"), &figures)?;
    print!("{}", table(&figures));
    let exact = figures.iter().filter(|(key, _)| is_exact(key));
    let exact: BTreeMap<_, _> = exact.map(|(key, value)| (key.clone(), value.median)).collect();
    if args.bless {
        merge(&golden_path(), &exact)?;
    }
    let faults = if args.check { faults(&exact, &read(&golden_path())?) } else { Vec::new() };
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the program in a folder finds out about the collector.
fn measure(
    folder: &str,
    how: &[&str],
    target: &str,
    program: &Path,
    args: &Args,
    more: &[String],
) -> Result<Vec<String>> {
    let mut run = Command::new("cargo");
    run.args(["run", "--quiet"]).args(how).arg("--target-dir");
    run.arg(workspace::target_dir().join(target));
    run.arg("--").arg(format!("--spandrel={}", program.display()));
    run.arg(format!("--runs={}", args.runs));
    run.args(args.only.iter().map(|prefix| format!("--only={prefix}"))).args(more);
    finish("measuring", run.current_dir(workspace::root().join(folder)))
}

/// The whole path of a folder that has a built UI.
fn built_ui(folder: &Path) -> Result<String> {
    ensure!(
        folder.join("index.html").is_file(),
        "{} is no built UI: give the folder that has its index.html",
        folder.display()
    );
    let whole = folder.canonicalize()?;
    Ok(whole.to_str().with_context(|| format!("{} is no text", whole.display()))?.to_owned())
}

fn golden_path() -> PathBuf {
    workspace::root().join("tests/bench.golden.json")
}

/// Runs a command to its end; the lines that it printed.
fn finish(name: &str, command: &mut Command) -> Result<Vec<String>> {
    let mut run = Proc::spawn(name, command)?;
    let status = run.wait_for_exit(TIME_LIMIT)?;
    ensure!(status.success(), run.tell(&format!("failed ({status})")));
    Ok(run.lines())
}

/// What some runs gave.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Figure {
    median: f64,
    min: f64,
    max: f64,
}

impl Figure {
    /// None of nothing.
    fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let (min, max) = (*samples.first()?, *samples.last()?);
        let (low, high) = ((samples.len() - 1) / 2, samples.len() / 2);
        let median = f64::midpoint(*samples.get(low)?, *samples.get(high)?);
        Some(Self { median, min, max })
    }
}

/// The figures of all runs, each a line of its key and its value.
fn figures(lines: &[String]) -> Result<BTreeMap<String, Figure>> {
    let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in lines {
        let figure = line.split_once(' ').and_then(|(key, value)| {
            let value: f64 = value.parse().ok()?;
            Some((key.to_owned(), value)).filter(|(key, _)| !key.ends_with(':'))
        });
        let (key, value) = figure.with_context(|| format!("not a figure: {line}"))?;
        samples.entry(key).or_default().push(value);
    }
    Ok(samples.into_iter().filter_map(|(key, all)| Some((key, Figure::of(all)?))).collect())
}

/// A line for each figure, those with a budget first.
fn table(figures: &BTreeMap<String, Figure>) -> String {
    let mut text = String::new();
    let with_budget = BUDGETS.iter().filter_map(|budget| {
        let figure = figures.get(budget.key)?;
        Some((budget.key, figure, Some(budget)))
    });
    let others = figures.iter().filter(|(key, _)| BUDGETS.iter().all(|it| it.key != **key));
    let others = others.map(|(key, figure)| (key.as_str(), figure, None));
    for (key, figure, budget) in with_budget.chain(others) {
        let spread = format!("{} to {}", short(figure.min), short(figure.max));
        let _ = write!(text, "{key:44} {:>9} ({spread})", short(figure.median));
        if let Some(Budget { better, budget, peer, .. }) = budget {
            let is_kept = match better {
                Better::More => figure.median >= *budget,
                Better::Less => figure.median <= *budget,
            };
            let word = if *better == Better::More { "at least" } else { "at most" };
            let verdict = if is_kept { "kept" } else { "MISSED" };
            let _ = write!(text, ", budget {word} {}: {verdict}", short(*budget));
            if !peer.is_empty() {
                let _ = write!(text, "; {peer}");
            }
        }
        text.push('\n');
    }
    text
}

/// A number as one reads it.
fn short(value: f64) -> String {
    match value.abs() {
        1e6.. => format!("{:.2} M", value / 1e6),
        1e4.. => format!("{:.0} k", value / 1e3),
        100.0.. => format!("{value:.0}"),
        _ => format!("{value:.2}"),
    }
}

/// A line for each figure that is worse than blessed, or was not blessed at all.
fn faults(exact: &BTreeMap<String, f64>, blessed: &BTreeMap<String, f64>) -> Vec<String> {
    let fault = |(key, value): (&String, &f64)| match blessed.get(key) {
        None => {
            Some(format!("{key} is {value}, and no value of it is blessed; to accept it: {BLESS}"))
        }
        Some(golden) if value > golden => {
            Some(format!("{key} got worse: blessed {golden}, now {value}; to accept it: {BLESS}"))
        }
        Some(_) => None,
    };
    exact.iter().filter_map(fault).collect()
}

/// Leaves the figures in a file, beside those of rows that were not measured now.
fn keep(path: &Path, figures: &BTreeMap<String, Figure>) -> Result<()> {
    let flat = figures.iter().flat_map(|(key, figure)| {
        let Figure { median, min, max } = *figure;
        [(key.clone(), median), (format!("{key}.min"), min), (format!("{key}.max"), max)]
    });
    merge(path, &flat.collect())
}

fn merge(path: &Path, figures: &BTreeMap<String, f64>) -> Result<()> {
    let mut all = read(path)?;
    all.extend(figures.iter().map(|(key, value)| (key.clone(), *value)));
    let text = serde_json::to_string_pretty(&all)? + "\n";
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// What such a file holds; nothing if there is none.
fn read(path: &Path) -> Result<BTreeMap<String, f64>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let cannot_read = || format!("cannot read {}", path.display());
    let text = fs::read_to_string(path).with_context(cannot_read)?;
    serde_json::from_str(&text).with_context(cannot_read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_some_runs_the_middle_counts() {
        let lines = ["a.b 3", "a.b 1", "c 7.5", "a.b 20"].map(str::to_owned);
        let figures = figures(&lines).unwrap();
        assert_eq!(figures["a.b"], Figure { median: 3.0, min: 1.0, max: 20.0 });
        assert_eq!(Figure::of(vec![4.0, 1.0]).unwrap().median, 2.5);
        assert!(super::figures(&["what is this".to_owned()]).is_err());
    }

    #[test]
    fn a_ui_that_was_not_built_is_found_before_anything_is_measured() {
        let error = built_ui(workspace::root()).unwrap_err().to_string();
        assert!(error.contains("give the folder that has its index.html"), "{error}");
        // Any page is one: this is ours before it is made one file of.
        let page = built_ui(&workspace::root().join("host-collector/page")).unwrap();
        assert!(Path::new(&page).is_absolute());
    }

    #[test]
    fn the_table_says_what_is_missed() {
        let lines = ["frames_to_otlp.vs_prost 9.99", "frames_to_otlp.allocs_per_frame 2", "x 1e7"];
        let table = table(&figures(&lines.map(str::to_owned)).unwrap());
        let lines: Vec<_> = table.lines().collect();
        assert!(lines[0].ends_with("budget at least 10.00: MISSED"), "{table}");
        assert!(lines[1].ends_with("budget at most 2.00: kept"), "{table}");
        assert!(lines[2].starts_with("x ") && lines[2].contains("10.00 M"), "{table}");
    }

    #[test]
    fn only_what_got_worse_or_is_new_is_a_fault() {
        let map = |pairs: &[(&str, f64)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
        };
        let blessed = map(&[("same", 2.0), ("better", 2.0), ("worse", 2.0)]);
        let now = map(&[("same", 2.0), ("better", 1.0), ("worse", 3.0), ("new", 1.0)]);
        let faults = faults(&now, &blessed);
        assert_eq!(faults.len(), 2, "{faults:?}");
    }
}
