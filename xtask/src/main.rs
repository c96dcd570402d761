//! The project's own commands, so that a person and CI run the very same thing.

#[expect(clippy::std_instead_of_alloc, reason = "a host program")]
mod bench;
mod call;
mod demo;
mod dist;
mod interop;
mod kit;
#[expect(clippy::std_instead_of_alloc, reason = "a host program")]
mod measure;
mod miri;
mod packaging;
mod peers;
mod progress;
mod setup;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure what the collector costs, beside its budgets
    Bench(bench::Args),
    /// Install what the other commands need: Rust targets, QEMU and systemd-analyze
    Setup,
    /// Boot three boards, let them greet someone, and show the trace they made
    Demo(demo::Args),
    /// Build the collector as one static binary with its manual and completions, into target/dist/
    Dist,
    /// Try bad links, clocks and devices, and show what holds
    Faults(kit::Faults),
    /// Fuzz whatever reads bytes from outside, ten minutes each unless told otherwise
    Fuzz(kit::Fuzz),
    /// Ask real backends and ours the same, and compare what they answer
    Interop(interop::Args),
    /// Measure every figure that has a budget, and hold it against the last blessed
    Measure(measure::Args),
    /// Run the core's tests under Miri, which needs a nightly toolchain
    Miri,
    /// Install the real backends and clients that tests talk to
    Peers,
    /// Run every check of the project
    Test(test::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Bench(args) => bench::run(&args),
        Command::Setup => setup::run(),
        Command::Demo(args) => demo::run(&args),
        Command::Dist => dist::run(),
        Command::Faults(args) => kit::faults(&args),
        Command::Fuzz(args) => kit::fuzz(&args),
        Command::Interop(args) => interop::run(&args),
        Command::Measure(args) => measure::run(&args),
        Command::Miri => miri::run(),
        Command::Peers => peers::run(),
        Command::Test(args) => test::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
