//! Our collector with its doors open, as the peers' peer.

use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Result, bail, ensure};

use super::ask::agent;
use crate::proc::{Proc, free_tcp_port, free_udp_port, pause};

/// From its start to its first answer: it takes milliseconds on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A running `spandrel serve` that holds what it is given in memory; dropping it ends it.
pub(super) struct Ours {
    proc: Proc,
    ports: [u16; DOORS.len()],
}

/// The doors that are opened, each on a port of its own, by the name that vectors have for what is
/// behind it, and the flag that opens it.
const DOORS: [(&str, &str); 8] = [
    ("all", "--http"),
    ("query", "--jaeger-http"),
    ("otlp", "--otlp-http"),
    ("otlp-grpc", "--otlp-grpc"),
    ("zipkin", "--zipkin-http"),
    ("sampling", "--sampling-http"),
    ("sampling-grpc", "--sampling-grpc"),
    ("storage", "--jaeger-storage"),
];

impl Ours {
    /// Starts `program` with its doors on free ports of 127.0.0.1, and with `options` beside.
    pub(super) fn start(program: &Path, options: &[&str]) -> Result<Self> {
        let ports = DOORS.map(|_| free_tcp_port());
        let mut command = Command::new(program);
        command.args(["serve", "--memory", "--no-tree", "--no-tcp", "--listen"]);
        command.arg(format!("127.0.0.1:{}", free_udp_port()));
        for ((_, flag), port) in DOORS.iter().zip(ports) {
            command.arg(flag).arg(format!("127.0.0.1:{port}"));
        }
        // What a person's environment or file says is no part of a test.
        command.args(options).env("XDG_CONFIG_HOME", "/nonexistent");
        let mut ours = Self { proc: Proc::spawn("the collector", &mut command)?, ports };
        ours.wait_until_ready()?;
        Ok(ours)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let (begun, agent) = (Instant::now(), agent());
        let ready = format!("{}/readyz", self.door("all"));
        while !agent.get(&ready).call().is_ok_and(|answer| answer.status().is_success()) {
            if !self.proc.is_running() {
                bail!(self.proc.tell("ended while it started"));
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                self.proc.tell(&format!("was not ready after {START_LIMIT:?}"))
            );
            pause(Duration::from_millis(20))?;
        }
        Ok(())
    }

    /// The door of that name: `http://127.0.0.1:PORT`.
    pub(super) fn door(&self, name: &str) -> String {
        let port = DOORS.iter().zip(self.ports).find(|((door, _), _)| *door == name);
        format!("http://127.0.0.1:{}", port.map_or(0, |(_, port)| port))
    }

    /// All doors, the one named first where questions go that name none.
    pub(super) fn doors(&self, first: &'static str) -> Vec<(&'static str, String)> {
        let mut names: Vec<_> = DOORS.iter().map(|(name, _)| *name).collect();
        names.sort_by_key(|name| *name != first);
        names.into_iter().map(|name| (name, self.door(name))).collect()
    }

    /// A sentence about it, with its last lines below.
    pub(super) fn tell(&self, what: &str) -> String {
        self.proc.tell(what)
    }
}
