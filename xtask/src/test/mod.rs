//! `cargo xtask test`: every check of the project, in order, with a summary that says how to rerun a failure.

mod length;
mod page;
mod platforms;
mod steps;

use core::time::Duration;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use spandrel_tests::skip::{Skip, in_ci};

use steps::{STEPS, Step};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the checks that take seconds when warm
    #[arg(long)]
    quick: bool,
    /// Only this check; may be given more than once
    #[arg(long, value_name = "NAME", value_parser = STEPS.map(|step| step.name))]
    only: Vec<String>,
    /// Stop at the first failure
    #[arg(long)]
    fail_fast: bool,
}

impl Args {
    fn wants(&self, step: &Step) -> bool {
        let named = self.only.is_empty() || self.only.iter().any(|name| name == step.name);
        named && (step.quick || !self.quick)
    }
}

/// How a step ended.
enum End {
    Passed,
    Skipped(String),
    Failed(String),
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let begun = Instant::now();
    let mut ends = Vec::new();
    for step in STEPS.iter().filter(|step| args.wants(step)) {
        println!("\n=== {}: {}", step.name, step.what);
        let step_begun = Instant::now();
        let end = judge((step.run)());
        let took = step_begun.elapsed();
        println!("=== {} {} in {}", step.name, end.word(), seconds(took));
        let stop = args.fail_fast && matches!(end, End::Failed(_));
        ends.push((step.name, end, took));
        if stop {
            break;
        }
    }

    println!("\n=== summary, after {}", seconds(begun.elapsed()));
    for (name, end, took) in &ends {
        println!("{:7} {name:10} {:>9}", end.word(), seconds(*took));
        if let End::Failed(why) | End::Skipped(why) = end {
            println!("        {why}");
        }
        if matches!(end, End::Failed(_)) {
            println!("        rerun only it: cargo xtask test --only {name}");
        }
    }
    let passed = ends.iter().filter(|(_, end, _)| matches!(end, End::Passed)).count();
    let failed = ends.iter().filter(|(_, end, _)| matches!(end, End::Failed(_))).count();
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A step that lacks a tool is skipped on a laptop and has failed in CI.
fn judge(result: Result<()>) -> End {
    match result {
        Ok(()) => End::Passed,
        Err(error) if error.is::<Skip>() && !in_ci() => End::Skipped(error.to_string()),
        Err(error) => End::Failed(format!("{error:#}")),
    }
}

impl End {
    fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Skipped(_) => "skipped",
            Self::Failed(_) => "FAILED",
        }
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f32())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_some_steps_are_quick() {
        let mut names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
        assert!(STEPS.iter().any(|step| step.quick));
    }

    #[test]
    fn a_failure_is_never_taken_for_a_skip() {
        assert!(matches!(judge(Ok(())), End::Passed));
        assert!(matches!(judge(Err(anyhow::anyhow!("no"))), End::Failed(why) if why == "no"));
        let skipped = judge(Err(Skip::new("install Go").into()));
        assert_eq!(matches!(skipped, End::Skipped(_)), !in_ci());
    }
}
