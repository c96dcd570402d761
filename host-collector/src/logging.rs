//! Log lines on standard error, which never holds data.

use crate::text::Escaped;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::io::{self, Write};

struct StandardError {
    /// Libraries speak only from this level on.
    others: LevelFilter,
}

impl Log for StandardError {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("spandrel") || metadata.level() <= self.others
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            Level::Error => "error: ",
            Level::Warn => "warning: ",
            Level::Info => "",
            Level::Debug | Level::Trace => "debug: ",
        };
        // What servers and devices say is part of it. Where nobody listens nothing can be done.
        let text = record.args().to_string();
        let _ = writeln!(io::stderr().lock(), "{level}{}", Escaped(&text));
    }

    fn flush(&self) {}
}

/// Starts logging: more with each `-v`.
pub fn start(verbose: u8) {
    let (own, others) = match verbose {
        0 => (LevelFilter::Info, LevelFilter::Warn),
        1 => (LevelFilter::Debug, LevelFilter::Warn),
        _ => (LevelFilter::Trace, LevelFilter::Trace),
    };
    if log::set_boxed_logger(Box::new(StandardError { others })).is_ok() {
        log::set_max_level(own.max(others));
    }
}
