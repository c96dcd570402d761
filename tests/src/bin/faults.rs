//! What `cargo xtask faults` runs: every row of the fault kit, as a table that fails where one does not hold.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Parser;
use spandrel_tests::faults::memory::Counted;
use spandrel_tests::faults::rows::{ROWS, Row, Run};
use spandrel_tests::skip::{Skip, in_ci};

#[global_allocator]
static MEMORY: Counted = Counted;

/// Try bad links, clocks and devices, and show what holds
#[derive(Parser)]
#[command(bin_name = "cargo xtask faults")]
struct Args {
    /// Chooses what happens; the same seed gives the same run
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this row; may be given more than once
    #[arg(long, value_name = "ROW", value_parser = ROWS.iter().map(|row| row.name).collect::<Vec<_>>())]
    only: Vec<String>,
    /// Only a slice of each row
    #[arg(long)]
    short: bool,
}

fn main() -> Result<ExitCode> {
    let Args { seed, only, short: is_short } = Args::parse();
    println!("seed {seed}");
    let mut failed = 0;
    for row in ROWS.iter().filter(|row| only.is_empty() || only.iter().any(|name| name == row.name))
    {
        failed += u32::from(!show(row, &Run { seed, is_short })?);
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{failed} rows do not hold; with the seed {seed} they fail again");
    Ok(ExitCode::FAILURE)
}

/// Runs a row and prints it; says whether it holds.
fn show(row: &Row, run: &Run) -> Result<bool> {
    let begun = Instant::now();
    let outcome = (row.run)(run);
    println!("\n{}: {}", row.name, row.case);
    println!("  asked     {}", row.asked);
    let outcome = match outcome {
        Err(why) if why.is::<Skip>() && !in_ci() => {
            println!("  skipped   {why}");
            return Ok(true);
        }
        outcome => outcome?,
    };
    println!("  measured  {}", outcome.measured);
    outcome.faults.iter().for_each(|fault| println!("  fault     {fault}"));
    let holds = outcome.faults.is_empty();
    let word = if holds { "yes" } else { "NO" };
    println!("  held      {word}, in {:.1} s", begun.elapsed().as_secs_f32());
    Ok(holds)
}
