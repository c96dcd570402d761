//! The real Jaeger v2, with traces in memory, on free ports of 127.0.0.1.

mod config;

use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::jaeger_json;
use crate::proc::{Proc, pause};
use crate::skip::Skip;

use self::config::{Ports, config};
use super::go::GoProgram;

pub use self::config::Setup;

const JAEGER: GoProgram = GoProgram {
    name: "the real Jaeger",
    program: "jaeger",
    module: "jaeger",
    package: "github.com/jaegertracing/jaeger/cmd/jaeger",
    sources: &["go.mod", "go.sum"],
    takes: "about four minutes",
};
const START_LIMIT: Duration = Duration::from_secs(30);
/// A port can be taken between its choice and its use, which is rare enough for a second try.
const START_TRIES: usize = 3;

/// A running Jaeger; dropping it ends it.
#[derive(Debug)]
pub struct Jaeger {
    proc: Proc,
    http: ureq::Agent,
    ports: Ports,
    /// Holds the configuration file, which Jaeger also watches.
    _config: TempDir,
}

impl Jaeger {
    /// The Jaeger program, built on the first call and after a change of its `go.mod` or `go.sum`.
    /// Parallel callers, in this and in other processes, wait for one build.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<PathBuf, Skip> {
        JAEGER.build().map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// Starts one.
    ///
    /// # Panics
    /// If it can't be built or started; the message ends with its last lines.
    #[must_use]
    pub fn start() -> Self {
        let program = Self::ensure_built().unwrap_or_else(|skip| panic!("{skip}"));
        Self::start_program(&program, &Setup::default()).unwrap_or_else(|e| panic!("{e:#}"))
    }

    /// Starts `program`, which is Jaeger.
    ///
    /// # Errors
    /// If it is not ready in time; the message ends with its last lines.
    pub fn start_program(program: &Path, setup: &Setup) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(program, setup) {
                Err(e) if tries < START_TRIES && format!("{e:#}").contains("already in use") => {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// Starts one, or applies the [policy](crate::skip::skip) for a machine that can't build it.
    ///
    /// # Panics
    /// If it can't be started, or can't be built in CI.
    #[must_use]
    pub fn start_or_skip() -> Option<Self> {
        match Self::ensure_built() {
            Ok(_) => Some(Self::start()),
            Err(skip) => {
                skip.report();
                None
            }
        }
    }

    /// Its OTLP/HTTP receiver, without a path: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn otlp_http(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.otlp_http)
    }

    /// Its OTLP/gRPC receiver: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn otlp_grpc(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.otlp_grpc)
    }

    /// Its query API and UI: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn query(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.query)
    }

    /// Its doors by the name that vectors have for them, the query API first.
    #[must_use]
    pub fn doors(&self) -> Vec<(&'static str, String)> {
        let ports = &self.ports;
        let doors = [
            ("query", Some(ports.query)),
            ("otlp", Some(ports.otlp_http)),
            ("otlp-grpc", Some(ports.otlp_grpc)),
            ("sampling", ports.sampling),
            ("sampling-grpc", ports.sampling_grpc),
            ("storage", ports.storage),
        ];
        let open = doors.into_iter().filter_map(|(name, port)| Some((name, port?)));
        open.map(|(name, port)| (name, format!("http://127.0.0.1:{port}"))).collect()
    }

    /// The trace in Jaeger's UI format, as the document that holds it; `None` if it isn't there.
    ///
    /// # Panics
    /// If Jaeger answers anything but a trace or "not found".
    #[must_use]
    pub fn trace(&self, trace_id_hex: &str) -> Option<Value> {
        self.get_trace(trace_id_hex).unwrap_or_else(|e| panic!("{e:#}"))
    }

    /// Waits until the trace has at least `spans` spans, and returns it as [`Jaeger::trace`] does.
    ///
    /// # Errors
    /// If the time is over, or Jaeger answers nothing sensible.
    pub fn wait_for_trace(
        &self,
        trace_id_hex: &str,
        spans: usize,
        timeout: Duration,
    ) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let document = self.get_trace(trace_id_hex)?;
            let found = match &document {
                Some(document) => jaeger_json::read(document)?.iter().map(|t| t.spans.len()).sum(),
                None => 0,
            };
            if let Some(document) = document.filter(|_| found >= spans) {
                return Ok(document);
            }
            ensure!(
                begun.elapsed() < timeout,
                self.proc.tell(&format!(
                    "has {found} of {spans} spans of trace {trace_id_hex} after {timeout:?}"
                ))
            );
            pause(Duration::from_millis(50))?;
        }
    }

    fn get_trace(&self, trace_id_hex: &str) -> Result<Option<Value>> {
        let url = format!("{}/api/traces/{trace_id_hex}", self.query());
        let mut response = self
            .http
            .get(&url)
            .call()
            .with_context(|| self.proc.tell(&format!("does not answer {url}")))?;
        let body = response.body_mut().read_to_string()?;
        match response.status().as_u16() {
            200 => Ok(serde_json::from_str(&body)
                .with_context(|| format!("{url} answered what is not JSON: {body}"))?),
            404 => Ok(None),
            status => bail!("{url} answered {status}: {body}"),
        }
    }

    fn try_start(program: &Path, setup: &Setup) -> Result<Self> {
        let ports = Ports::free(setup);
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let file = dir.path().join("jaeger.yaml");
        let strategies = dir.path().join("strategies.json");
        if let Some(given) = &setup.sampling {
            fs::write(&strategies, given.to_string()).context("cannot write the strategies")?;
        }
        fs::write(&file, config(setup, &ports, &strategies).to_string())
            .with_context(|| format!("cannot write {}", file.display()))?;
        let proc = Proc::spawn("Jaeger", Command::new(program).arg("--config").arg(&file))?;
        // Status codes are looked at here, and a proxy meant for the outside must not see loopback.
        let http = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(5)))
            .proxy(None)
            .build()
            .new_agent();
        let mut jaeger = Self { proc, http, ports, _config: dir };
        jaeger.wait_until_ready()?;
        Ok(jaeger)
    }

    /// Ready is: it answers a query, and takes spans.
    fn wait_until_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        let query = format!("{}/api/services", self.query());
        let ingest = format!("{}/v1/traces", self.otlp_http());
        loop {
            let answers = self.http.get(&query).call().is_ok_and(|r| r.status().is_success());
            let empty = self.http.post(&ingest).header("content-type", "application/json");
            if answers && empty.send("{}").is_ok_and(|r| r.status().is_success()) {
                return Ok(());
            }
            if !self.proc.is_running() {
                bail!(self.proc.tell("ended while it started"));
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                self.proc.tell(&format!("was not ready after {START_LIMIT:?}"))
            );
            pause(Duration::from_millis(50))?;
        }
    }
}
