//! Jaeger's own generator of traces, which sends them by the exporters of OpenTelemetry's SDK for Go.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};

use super::go::GoProgram;
use crate::proc::Proc;
use crate::skip::Skip;

const TRACEGEN: GoProgram = GoProgram {
    name: "Jaeger's tracegen",
    program: "tracegen",
    module: "jaeger",
    package: "github.com/jaegertracing/jaeger/cmd/tracegen",
    sources: &["go.mod", "go.sum"],
    takes: "about a minute",
};
/// It ends when all is sent and acknowledged.
const LIMIT: Duration = Duration::from_secs(60);

/// The program.
#[derive(Debug, Clone)]
pub struct Tracegen(PathBuf);

/// How it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// OTLP/HTTP, as protobuf.
    Http,
    /// OTLP/gRPC.
    Grpc,
}

impl Tracegen {
    /// The program, built on the first call and after a change of its sources.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<Self, Skip> {
        TRACEGEN.build().map(Self).map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// Sends `traces` traces of `children` and one spans each, of the service `service`, to an OTLP door
    /// `http://HOST:PORT`, and waits until they are taken.
    ///
    /// # Errors
    /// If it fails, or says that spans were not taken.
    pub fn send(
        &self,
        protocol: Protocol,
        url: &str,
        service: &str,
        traces: usize,
        children: usize,
    ) -> Result<()> {
        let exporter = match protocol {
            Protocol::Http => "otlp-http",
            Protocol::Grpc => "otlp-grpc",
        };
        let mut command = Command::new(&self.0);
        command.args(["-trace-exporter", exporter, "-service", service, "-pause", "0s"]);
        command.args(["-traces", &traces.to_string(), "-spans", &children.to_string()]);
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", url).env("OTEL_TRACES_SAMPLER", "always_on");
        let mut proc = Proc::spawn("tracegen", &mut command)?;
        let status = proc.wait_for_exit(LIMIT)?;
        // It ends with code 0 whatever became of its spans.
        let complaint = proc.lines().into_iter().find(|line| {
            ["traces export", "failed to upload", "partial success", "ERROR"]
                .iter()
                .any(|word| line.contains(word))
        });
        ensure!(
            status.success() && complaint.is_none(),
            proc.tell(&format!("ended with {status} and said {complaint:?}"))
        );
        Ok(())
    }
}
