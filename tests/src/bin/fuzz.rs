//! What `cargo xtask fuzz` runs: every target, guided by coverage where cargo-fuzz is there, else from a seed.

use core::time::Duration;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};
use clap::Parser;
use spandrel_tests::faults::memory::{self, Counted};
use spandrel_tests::fuzz::{CHOICE, Limit, MAX_LEN, TARGETS, Target, run};
use spandrel_tests::workspace;

#[global_allocator]
static MEMORY: Counted = Counted;

/// Far above what any target may take, and below what would harm this machine.
const MOST_MIB: usize = 1024;

/// Fuzz whatever reads bytes from outside
#[derive(Parser)]
#[command(bin_name = "cargo xtask fuzz")]
struct Args {
    /// How long each target is fuzzed
    #[arg(long, default_value_t = 600)]
    seconds: u64,
    /// Chooses the inputs; the same seed gives the same ones
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this target; may be given more than once
    #[arg(long, value_name = "TARGET", value_parser = TARGETS.iter().map(|target| target.name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// Mutate from the seed, also where cargo-fuzz could be guided by coverage
    #[arg(long)]
    unguided: bool,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    memory::refuse_above(MOST_MIB << 20);
    let is_guided = !args.unguided && has_cargo_fuzz();
    if !is_guided && !args.unguided {
        println!("no cargo-fuzz with a nightly toolchain: inputs are mutated from the seed alone");
    }
    let mut failed = 0;
    let wanted =
        |target: &&Target| args.only.is_empty() || args.only.iter().any(|name| name == target.name);
    for target in TARGETS.iter().filter(wanted) {
        println!("{}: {} s, seed {}", target.name, args.seconds, args.seed);
        let holds = if is_guided { guided(target, &args)? } else { unguided(target, &args) };
        failed += u32::from(!holds);
    }
    println!("{}", if failed == 0 { "all hold" } else { "something does not hold" });
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn has_cargo_fuzz() -> bool {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn unguided(target: &Target, args: &Args) -> bool {
    match run(target, args.seed, Limit::Time(Duration::from_secs(args.seconds))) {
        Ok(report) => {
            println!(
                "  holds for {} inputs; at most {} KiB of {} KiB and {:.0} ms for one",
                report.rounds,
                report.peak_bytes >> 10,
                target.most_bytes >> 10,
                report.longest.as_secs_f64() * 1e3
            );
            true
        }
        Err(found) => {
            println!("  does not hold: {found}");
            false
        }
    }
}

/// Has libFuzzer go on from the vectors and from what it found interesting before.
fn guided(target: &Target, args: &Args) -> Result<bool> {
    let dir = workspace::root().join("tests/fuzz");
    let corpus = dir.join("corpus").join(target.name);
    fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    write_corpus(target, &corpus)?;
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "run", "any"]).arg(&corpus).arg("--");
    command.arg(format!("-max_total_time={}", args.seconds));
    // 0 would be a seed of its own choice.
    command.arg(format!("-seed={}", args.seed.max(1)));
    command.args([format!("-max_len={MAX_LEN}"), format!("-rss_limit_mb={MOST_MIB}")]);
    command.args(["-timeout=20", "-print_final_stats=1"]);
    command.env(CHOICE, target.name).current_dir(&dir);
    Ok(command.status().context("cannot run cargo fuzz")?.success())
}

fn write_corpus(target: &Target, dir: &Path) -> Result<()> {
    for (number, input) in (target.corpus)().iter().enumerate() {
        let path = dir.join(format!("vector-{number}"));
        fs::write(&path, input).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
