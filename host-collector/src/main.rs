//! The binary `spandrel`: reads the configuration and calls the library.
#![forbid(unsafe_code)]

use anyhow::Result;
use clap::{CommandFactory as _, FromArgMatches as _};
use spandrel_collector::cli::{Cli, Command};
use spandrel_collector::config::{self, Effective, Environment, Failure, Loaded};
use spandrel_collector::{convert, logging, manage, serve, terminal};
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
    if let Command::Question(question) = &cli.command {
        return match terminal::ask(question) {
            Ok(outcome) => outcome.status().into(),
            Err(error) => {
                log::error!("{error}");
                terminal::FAILED.into()
            }
        };
    }
    match run(&cli, &loaded.effective) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
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

/// Does what was asked for; false where it went as it should and found something that is not.
fn run(cli: &Cli, effective: &Effective) -> Result<bool> {
    match &cli.command {
        Command::Serve(options) => serve::serve(options)?,
        Command::Store(command) => return manage::manage(command),
        Command::Import(options) => {
            let kept = manage::import(options)?;
            writeln!(io::stdout().lock(), "{kept} spans were kept")?;
        }
        Command::Convert(options) => convert::convert(options)?,
        Command::Completions(options) => {
            terminal::complete(*options, &mut Cli::command(), &mut io::stdout().lock())?;
        }
        Command::Man(options) => {
            terminal::manual(options, Cli::command(), &mut io::stdout().lock())?;
        }
        // It has ended by now.
        Command::Question(_) => {}
        Command::Config(config) if config.check => {}
        Command::Config(_) => write!(io::stdout().lock(), "{effective}")?,
    }
    Ok(true)
}
