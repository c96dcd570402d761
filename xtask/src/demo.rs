//! `cargo xtask demo`: three boards greet someone, and their one trace is shown.

use core::sync::atomic::Ordering;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use spandrel_tests::hello::run::{Options, Outcome, run as run_hello};
use spandrel_tests::hello::services::Platform;
use spandrel_tests::hello::tree;
use spandrel_tests::{proc, workspace};

use crate::progress::Progress;
use crate::setup::{self, Found};

const HELLO_TO: &str = "Bryan";
/// What a shell reports for a command that was interrupted.
const INTERRUPTED: u8 = 130;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run the three services as processes of this machine instead of boards in QEMU
    #[arg(long)]
    native: bool,
    /// Send the trace to this OTLP/HTTP address too, for example `http://127.0.0.1:4318`
    #[arg(long, value_name = "URL")]
    export: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    // A request to stop ends every wait by an error, and the way out ends the children.
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, proc::stop_flag()).context("cannot handle Ctrl-C")?;
    }
    let result = show(args);
    if proc::stop_flag().load(Ordering::Relaxed) {
        eprintln!("stopped; boards and collector were ended");
        return Ok(ExitCode::from(INTERRUPTED));
    }
    result
}

fn show(args: &Args) -> Result<ExitCode> {
    let progress = Progress::start();
    let platform = choose_platform(args, &progress)?;
    let options = Options {
        platform,
        out_dir: workspace::target_dir().join("demo"),
        export: args.export.clone(),
        hello_to: HELLO_TO.to_owned(),
    };
    let outcome = run_hello(&options, &mut |line| progress.say(line))?;
    progress.say("done");
    report(&outcome, args.export.as_deref())
}

/// Boards if they can be had, else processes, which make the same trace.
fn choose_platform(args: &Args, progress: &Progress) -> Result<Platform> {
    if args.native {
        return Ok(Platform::Native);
    }
    if let Found::Missing { line_to_run } = setup::ARM.ensure(progress)? {
        progress.say(&format!("no QEMU here; to get it: {line_to_run}"));
        progress.say("going on without boards: the services run as processes of this machine");
        return Ok(Platform::Native);
    }
    setup::ensure_targets(&setup::TARGETS, progress)?;
    Ok(Platform::Qemu)
}

fn report(outcome: &Outcome, export: Option<&str>) -> Result<ExitCode> {
    for line in &outcome.printed {
        println!("hello-world: {line}");
    }
    println!("\n{}", tree::render(&outcome.document)?);
    println!("{}  (open it in the Jaeger UI)", shown(&outcome.trace_file));
    println!("{}  (OTLP/JSON)", shown(&outcome.otlp_file));
    if let Some(url) = export {
        println!("{url}  has the trace too");
    }
    if outcome.problems.is_empty() {
        println!("\nThe trace is complete and right.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nThe trace is not as it should be:");
    for problem in &outcome.problems {
        println!("  - {problem}");
    }
    Ok(ExitCode::FAILURE)
}

/// A path as a person in the project's folder would type it.
fn shown(path: &Path) -> String {
    path.strip_prefix(workspace::root()).unwrap_or(path).display().to_string()
}
