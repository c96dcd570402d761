//! The collector's binary with its page, on a port that is free.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use spandrel_tests::build::cargo_build;
use spandrel_tests::proc::{Proc, pause};
use spandrel_tests::workspace;

use crate::spans::Span;

const START_LIMIT: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// A service, tags of its process, and its spans.
pub type Process<'a> = (&'a str, &'a [(&'a str, i64)], &'a [Span]);

/// A running `spandrel serve` that keeps nothing.
#[derive(Debug)]
pub struct Collector {
    proc: Proc,
    port: u16,
    frames: u16,
}

impl Collector {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// If it cannot be built or started.
    pub fn start() -> Result<Self> {
        Self::start_at(0)
    }

    /// Starts one where another was.
    ///
    /// # Errors
    /// As [`Collector::start`].
    pub fn start_at(port: u16) -> Result<Self> {
        Self::start_of(program()?, port)
    }

    /// Starts this program on a port; on one that is free if that is 0.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn start_of(program: &Path, port: u16) -> Result<Self> {
        Self::start_with(program, port, &[])
    }

    /// Starts one that lets in only who has a token of this file, or its link.
    ///
    /// # Errors
    /// As [`Collector::start`].
    pub fn start_closed(tokens: &Path) -> Result<Self> {
        let tokens = tokens.to_str().context("the file's name is no text")?;
        Self::start_with(program()?, 0, &["--token-file", tokens])
    }

    fn start_with(program: &Path, port: u16, more: &[&str]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["--no-config", "serve", "--memory", "--no-tree"]);
        // Somebody may have the TCP port of the number that the system gives for UDP.
        command.args(["--no-tcp", "--listen", "127.0.0.1:0"]);
        command.args(["--http", &format!("127.0.0.1:{port}")]).args(more);
        let mut proc = Proc::spawn("the collector", &mut command)?;
        let line = proc.wait_for_line("door http is open at 127.0.0.1:", START_LIMIT)?;
        let port = port_of(&line)?;
        let frames = port_of(&proc.wait_for_line("listening on udp", START_LIMIT)?)?;
        Ok(Self { proc, port, frames })
    }

    /// Where it hears devices, by UDP.
    #[must_use]
    pub fn frames(&self) -> u16 {
        self.frames
    }

    /// Its port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address of a view: what stands behind the page's `?`.
    #[must_use]
    pub fn page(&self, search: &str) -> String {
        format!("http://127.0.0.1:{}/?{search}", self.port)
    }

    /// The link by which somebody gets in once, which is printed anew when it was `used` so often.
    ///
    /// # Errors
    /// If it is not.
    pub fn link(&mut self, used: usize) -> Result<String> {
        let begun = Instant::now();
        loop {
            let lines = self.proc.lines();
            let mut links = lines.iter().filter_map(|line| line.split_once("log in once at "));
            if let Some((_, link)) = links.nth(used) {
                return Ok(link.to_owned());
            }
            ensure!(begun.elapsed() < START_LIMIT, self.proc.tell("printed no other link"));
            pause(LOOK_AGAIN)?;
        }
    }

    /// Ends it at once.
    pub fn kill(mut self) {
        self.proc.kill();
    }

    /// Sends it spans of one service, as any client of OTLP would.
    ///
    /// # Errors
    /// If it does not take them.
    pub fn send(&self, service: &str, spans: &[Span]) -> Result<()> {
        self.send_all(&[(service, &[], spans)])
    }

    /// Sends it spans of many services at once, each with tags of its process.
    ///
    /// # Errors
    /// If it does not take them.
    pub fn send_all(&self, processes: &[Process<'_>]) -> Result<()> {
        let process = |(service, tags, spans): &Process<'_>| {
            let tag = |(key, value): &(&str, i64)| json!({"key": key, "value": {"intValue": value.to_string()}});
            let name = json!({"key": "service.name", "value": {"stringValue": service}});
            let attributes: Vec<Value> = tags.iter().map(tag).chain([name]).collect();
            let spans: Vec<Value> = spans.iter().map(Span::to_otlp).collect();
            json!({"resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}]})
        };
        let all: Vec<Value> = processes.iter().map(process).collect();
        let body = json!({"resourceSpans": all});
        let url = format!("http://127.0.0.1:{}/v1/traces", self.port);
        let request = ureq::post(url).header("content-type", "application/json");
        let answer = request.send(&serde_json::to_vec(&body)?)?;
        ensure!(answer.status() == 200, "the collector answered {}", answer.status());
        Ok(())
    }
}

/// The port of 127.0.0.1 that a line names.
fn port_of(line: &str) -> Result<u16> {
    let behind = line.rsplit("127.0.0.1:").next().unwrap_or_default();
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().with_context(|| format!("no port in {line:?}"))
}

/// The collector's program as a developer builds it.
///
/// # Errors
/// If it cannot be built.
pub fn program() -> Result<&'static Path> {
    static PROGRAM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let build = || -> Result<PathBuf> {
        let arguments = ["--package", "spandrel-collector"];
        let built = cargo_build("the collector", workspace::root(), &arguments, &mut |_| ())?;
        Ok(built.get("spandrel")?.to_owned())
    };
    let program = PROGRAM.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    program.as_deref().map_err(|error| anyhow::anyhow!("{error}"))
}
