//! `cargo xtask faults` and `cargo xtask fuzz`: programs of the tests, which need the collector that xtask is free of.

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result};
use spandrel_tests::workspace;

/// What `cargo xtask faults` takes.
#[derive(clap::Args)]
pub(crate) struct Faults {
    /// Chooses what happens; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this row; may be given more than once
    #[arg(long, value_name = "ROW")]
    only: Vec<String>,
    /// Only a slice of each row
    #[arg(long)]
    short: bool,
}

pub(crate) fn faults(args: &Faults) -> Result<ExitCode> {
    let mut words = vec![format!("--seed={}", args.seed)];
    words.extend(args.only.iter().map(|row| format!("--only={row}")));
    words.extend(args.short.then(|| "--short".to_owned()));
    run("faults", &words)
}

/// What `cargo xtask fuzz` takes.
#[derive(clap::Args)]
pub(crate) struct Fuzz {
    /// How long each target is fuzzed
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Chooses the inputs; the same seed gives the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this target; may be given more than once
    #[arg(long, value_name = "TARGET")]
    only: Vec<String>,
    /// Mutate from the seed, also where cargo-fuzz could be guided by coverage
    #[arg(long)]
    unguided: bool,
}

pub(crate) fn fuzz(args: &Fuzz) -> Result<ExitCode> {
    let mut words = vec![format!("--seconds={}", args.seconds), format!("--seed={}", args.seed)];
    words.extend(args.only.iter().map(|target| format!("--only={target}")));
    words.extend(args.unguided.then(|| "--unguided".to_owned()));
    run("fuzz", &words)
}

/// Builds and runs a program of the tests; it prints what there is to say.
fn run(program: &str, words: &[String]) -> Result<ExitCode> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--package", "spandrel-tests", "--bin", program]);
    command.arg("--").args(words).current_dir(workspace::root());
    let status = command.status().context("cannot run cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
