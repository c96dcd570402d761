//! An MQTT broker: `tests/peers/mqtt`.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::proc::{Proc, free_tcp_port};
use crate::skip::Skip;

use super::go::GoProgram;

const BROKER: GoProgram = GoProgram {
    name: "the MQTT broker",
    folder: "mqtt",
    package: ".",
    sources: &["go.mod", "go.sum", "main.go"],
    takes: "half a minute",
};
const START_LIMIT: Duration = Duration::from_secs(30);

/// A broker on a port of 127.0.0.1 that may be stopped and started again; dropping it ends it.
#[derive(Debug)]
pub struct MqttBroker {
    program: PathBuf,
    port: u16,
    login: Option<(&'static str, &'static str)>,
    proc: Option<Proc>,
}

impl MqttBroker {
    /// Builds it on the first call and after a change of its sources, and starts it. With a user and a
    /// password it lets nobody else in.
    ///
    /// # Errors
    /// If it can't be built or started here; the reason says what would help.
    pub fn start(login: Option<(&'static str, &'static str)>) -> Result<Self, Skip> {
        let program = BROKER.build().map_err(|e| Skip::new(format!("{e:#}")))?;
        let mut broker = Self { program, port: free_tcp_port(), login, proc: None };
        broker.restart().map_err(|e| Skip::new(format!("{e:#}")))?;
        Ok(broker)
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
