//! An MQTT broker: `tests/peers/mqtt`.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, anyhow};

use crate::proc::{Proc, free_tcp_port};
use crate::skip::Skip;

use super::go::GoProgram;

const BROKER: GoProgram = GoProgram {
    name: "the MQTT broker",
    program: "mqtt",
    module: "mqtt",
    package: ".",
    sources: &["go.mod", "go.sum", "main.go"],
    takes: "half a minute",
};
const START_LIMIT: Duration = Duration::from_secs(30);
/// A port can be taken between its choice and its use, which is rare enough for a second try.
const START_TRIES: usize = 3;

/// A broker on a port of 127.0.0.1 that may be stopped and started again; dropping it ends it.
#[derive(Debug)]
pub struct MqttBroker {
    program: PathBuf,
    port: u16,
    login: Option<(&'static str, &'static str)>,
    proc: Option<Proc>,
}

impl MqttBroker {
    /// The program, built on the first call and after a change of its sources.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<PathBuf, Skip> {
        BROKER.build().map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// Starts `program` on a free port. With a user and a password it lets nobody else in.
    ///
    /// # Errors
    /// If it does not listen in time.
    pub fn start(program: PathBuf, login: Option<(&'static str, &'static str)>) -> Result<Self> {
        let mut last = None;
        for _ in 0..START_TRIES {
            let port = free_tcp_port();
            let mut broker = Self { program: program.clone(), port, login, proc: None };
            match broker.restart() {
                Ok(()) => return Ok(broker),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| anyhow!("the MQTT broker was not tried")))
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends it at once: it says goodbye to nobody.
    pub fn stop(&mut self) {
        self.proc = None;
    }

    /// Starts it anew, on the same port. It remembers nothing.
    ///
    /// # Errors
    /// If it does not listen in time.
    pub fn restart(&mut self) -> Result<()> {
        self.stop();
        let mut command = Command::new(&self.program);
        command.arg(self.port.to_string());
        if let Some((user, password)) = self.login {
            command.args([user, password]);
        }
        let mut proc = Proc::spawn("the MQTT broker", &mut command)?;
        proc.wait_for_line("listening on", START_LIMIT)?;
        self.proc = Some(proc);
        Ok(())
    }
}
