//! The hello-world from end to end: three services, the collector, and one trace.

use core::time::Duration;
use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::Value;

use super::check::{self, SPANS};
use super::services::{Platform, Programs, Services};
use crate::collector::Collector;

/// From the end of hello-world until the collector has every span.
const TRACE_LIMIT: Duration = Duration::from_secs(30);

/// What to run, and where its results go.
#[derive(Debug, Clone)]
pub struct Options {
    /// What the services run on.
    pub platform: Platform,
    /// Folder for the two trace files.
    pub out_dir: PathBuf,
    /// OTLP/HTTP address that gets the trace too.
    pub export: Option<String>,
    /// Who is greeted.
    pub hello_to: String,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The trace in Jaeger's UI format.
    pub document: Value,
    /// What is wrong with it, one line a point.
    pub problems: Vec<String>,
    /// What hello-world printed.
    pub printed: Vec<String>,
    /// The trace in Jaeger's UI format.
    pub trace_file: PathBuf,
    /// The trace as OTLP/JSON.
    pub otlp_file: PathBuf,
}

/// Builds and runs all of it. Every child has ended when this returns, whatever it returns.
///
/// # Errors
/// If something could not be built or run, or the trace did not arrive; a trace that arrived but is
/// wrong is no error, see [`Outcome::problems`].
pub fn run(options: &Options, say: &mut dyn FnMut(&str)) -> Result<Outcome> {
    let program = Collector::build(say)?;
    let programs = Programs::build(options.platform, say)?;

    let mut collector = Collector::start(&program, &options.out_dir, options.export.as_deref())?;
    say(&format!("the collector listens on UDP 127.0.0.1:{}", collector.port()));
    let mut services = Services::start(programs, collector.port(), say)?;
    let printed = services.say_hello(&options.hello_to, say)?;

    say("waiting until the collector has the whole trace");
    let whole = |document: &Value| check::span_count(document) >= SPANS;
    if let Err(error) = collector.wait_until(TRACE_LIMIT, whole, || services.check()) {
        let so_far = collector.document().unwrap_or_default();
        bail!(
            "the trace is not whole, {} of {SPANS} spans: {error:#}\n{}\n{}",
            check::span_count(&so_far),
            check::check(&so_far, &options.hello_to).join("\n"),
            services.tell()
        );
    }
    let (trace_file, otlp_file) =
        (collector.trace_file().to_owned(), collector.otlp_file().to_owned());
    let document = collector.stop()?;
    let problems = check::check(&document, &options.hello_to);
    Ok(Outcome { document, problems, printed, trace_file, otlp_file })
}
