//! Log lines on standard error, which never holds data: as text for people, or as JSON for programs.

mod filter;
mod line;

pub use filter::{Filter, FilterError};
pub use line::Format;

use clap::Args;
use log::{Log, Metadata, Record};
use std::io::{self, Write};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

/// What is logged and how.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Log")]
#[group(skip)]
pub struct Options {
    /// Write log lines as text, or as an object of JSON each: `time`, `level`, `target`, `message`, and
    /// `fields` with numbers that the message has in words.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub log_format: Format,
    /// What is logged: levels from error to trace, or off, for everything and for parts of the program.
    #[arg(long, global = true, value_name = "LEVEL[,PART=LEVEL]...", default_value = Filter::USUAL)]
    pub log: Filter,
}

/// As lines are written wherever the logger is not asked.
static FORMAT: OnceLock<Format> = OnceLock::new();

struct StandardError {
    filter: Filter,
    format: Format,
}

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.lets(metadata.target(), metadata.level())
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            write(&self.format.line(record, now_ns()));
        }
    }

    fn flush(&self) {}
}

/// Starts logging: more with each `-v`.
pub fn start(options: &Options, verbose: u8) {
    let filter = options.log.clone().with_verbosity(verbose);
    let (most, format) = (filter.most(), options.log_format);
    let _ = FORMAT.set(format);
    if log::set_boxed_logger(Box::new(StandardError { filter, format })).is_ok() {
        log::set_max_level(most);
    }
}

/// Says what programs wait for, such as that a port is open, whatever the level is. They may also not be
/// there.
pub(crate) fn announce(message: &str) {
    match FORMAT.get() {
        Some(Format::Json) => {
            let args = format_args!("{message}");
            let mut record = Record::builder();
            record.level(log::Level::Info).target("spandrel_collector::serve").args(args);
            write(&Format::Json.line(&record.build(), now_ns()));
        }
        Some(Format::Text) | None => write(message),
    }
}

/// Where nobody listens nothing can be done.
fn write(line: &str) {
    // In one piece, so that no other program's lines come between.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.as_ref().map_or(0, |now: &Duration| u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}
