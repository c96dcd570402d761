//! The binary `spandrel`: reads the command line and calls the library.
#![forbid(unsafe_code)]

use anyhow::Result;
use clap::Parser;
use spandrel_collector::cli::{Cli, Command};
use spandrel_collector::{logging, serve};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::start(cli.verbose);
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and all that caused it, on one line.
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    match &cli.command {
        Command::Serve(options) => Ok(serve::serve(options)?),
    }
}
