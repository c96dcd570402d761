//! `cargo xtask interop`: real backends and ours, asked the same.

use std::process::ExitCode;

use anyhow::Result;
use spandrel_tests::interop::record;

use crate::progress::Progress;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Record anew what the real backends answer, in tests/vectors
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let progress = Progress::start();
    if args.bless {
        let mut changed = record::jaeger(&mut |line| progress.say(line))?;
        changed.extend(record::zipkin(&mut |line| progress.say(line))?);
        for name in &changed {
            progress.say(&format!("changed: {name}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
