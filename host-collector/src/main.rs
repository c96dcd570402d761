//! The binary `spandrel`: reads the configuration and calls the library.
#![forbid(unsafe_code)]

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _};
use spandrel_collector::cli::{Cli, Command};
use spandrel_collector::config::{self, Effective, Environment, Failure, Loaded};
use spandrel_collector::{convert, logging, serve};
use std::io::{self, Write as _};
use std::process::ExitCode;

fn main() -> ExitCode {
    let words = std::env::args_os().collect();
    let (cli, loaded) = match load(words) {
        Ok(loaded) => loaded,
        Err(failure) => {
            // Where nobody reads it, the status says it.
            let _ = failure.print();
            return failure.status().into();
        }
    };
    logging::start(&cli.log, cli.verbose);
    loaded.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    match run(&cli, &loaded.effective) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The error and all that caused it, on one line.
            log::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn load(words: Vec<std::ffi::OsString>) -> Result<(Cli, Loaded), Failure> {
    let loaded = config::load(Cli::command(), words, &Environment::here())?;
    let cli = Cli::from_arg_matches(&loaded.matches);
    let cli = cli.map_err(|error| Failure::Usage(Box::new(error), Vec::new()))?;
    Ok((cli, loaded))
}

fn run(cli: &Cli, effective: &Effective) -> Result<()> {
    match &cli.command {
        Command::Serve(options) => Ok(serve::serve(options)?),
        Command::Convert(options) => Ok(convert::convert(options)?),
        Command::Config(config) if config.check => Ok(()),
        Command::Config(_) => Ok(write!(io::stdout().lock(), "{effective}")?),
    }
}
