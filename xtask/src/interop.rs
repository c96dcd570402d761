//! `cargo xtask interop`: real peers and ours, asked the same.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use spandrel_tests::interop::recorded;
use spandrel_tests::interop::run::{self, Outcome};

use crate::progress::Progress;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only cases whose name begins so; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "bless")]
    only: Vec<String>,
    /// Try this collector instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "bless")]
    collector: Option<PathBuf>,
    /// Record anew what the real backends answer, in tests/vectors
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let progress = Progress::start();
    if args.bless {
        let changed = recorded::bless(&mut |line| progress.say(line))?;
        println!("{} files changed {}", changed.len(), changed.join(" "));
        return Ok(ExitCode::SUCCESS);
    }
    let outcomes = cases(&args.only, args.collector.clone(), &progress)?;
    let all_good = !outcomes.is_empty() && outcomes.iter().all(|outcome| outcome.end.is_good());
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs cases, shows them as a table and writes them down.
pub(crate) fn cases(
    only: &[String],
    collector: Option<PathBuf>,
    progress: &Progress,
) -> Result<Vec<Outcome>> {
    let outcomes = run::run(only, collector, &mut |line| progress.say(line));
    if outcomes.is_empty() {
        let names: Vec<_> = run::names().collect();
        println!("no case begins so; there are: {}", names.join(", "));
        return Ok(outcomes);
    }
    for Outcome { name, what, end, took } in &outcomes {
        println!("{:4} {:>6.1} s  {name:24} {what}", end.word(), took.as_secs_f32());
        if let Some(why) = end.why() {
            println!("     {}", why.replace('\n', "\n     "));
        }
    }
    let file = run::write(&outcomes)?;
    println!("{}", file.display());
    Ok(outcomes)
}
