//! The real Zipkin server, with spans in memory, on a free port of 127.0.0.1.

use core::time::Duration;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};

use super::install::{Install, step};
use crate::interop::ask::agent;
use crate::proc::{Proc, free_tcp_port, pause};
use crate::skip::Skip;
use crate::workspace::find_program;

/// As Maven names it.
const ARTIFACT: &str = "io.zipkin:zipkin-server:3.6.1:jar:exec";
const JAR: &str = "zipkin-server-3.6.1-exec.jar";
/// The plugin's version is given, or it would be whatever Maven thinks is right.
const COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
/// It takes ten seconds on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(120);
/// A port can be taken between its choice and its use, which is rare enough for a second try.
const START_TRIES: usize = 3;

/// A running Zipkin; dropping it ends it.
#[derive(Debug)]
pub struct Zipkin {
    proc: Proc,
    port: u16,
}

impl Zipkin {
    /// The server as a file for Java, fetched on the first call.
    ///
    /// # Errors
    /// If it can't be had or run here; the reason says what would help.
    pub fn ensure_installed() -> Result<PathBuf, Skip> {
        Self::install().map_err(|e| Skip::new(format!("{e:#}")))
    }

    fn install() -> Result<PathBuf> {
        ensure!(
            find_program("java").is_some(),
            "Zipkin needs Java, which is not installed: install a Java 17 or newer"
        );
        let install = Install {
            name: "the real Zipkin",
            folder: "zipkin",
            program: JAR,
            takes: "half a minute",
            from: ARTIFACT.into(),
        };
        install.ensure(|dir| {
            ensure!(
                find_program("mvn").is_some(),
                "Zipkin comes by Maven, which is not installed: install Maven 3.8 or newer"
            );
            let mut command = Command::new("mvn");
            // In a folder without a project, so that nobody's is looked at.
            command.args(["--batch-mode", "--no-transfer-progress", COPY]).current_dir(dir);
            command.arg(format!("-Dartifact={ARTIFACT}"));
            command.arg(format!("-DoutputDirectory={}", dir.display()));
            step(
                "the real Zipkin",
                &mut command,
                "it needs Maven and, the first time, Maven Central",
            )
        })
    }

    /// Starts `jar`, which is Zipkin.
    ///
    /// # Errors
    /// If it is not ready in time; the message ends with its last lines.
    pub fn start(jar: &Path) -> Result<Self> {
        let mut tries = 1;
        loop {
            match Self::try_start(jar) {
                Err(e) if tries < START_TRIES && format!("{e:#}").contains("already in use") => {
                    tries += 1;
                }
                result => return result,
            }
        }
    }

    /// All of its APIs: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn try_start(jar: &Path) -> Result<Self> {
        let port = free_tcp_port();
        let mut command = Command::new("java");
        // One thread compiles and one collects: the machine is shared with what is tested.
        command.args(["-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-jar"]).arg(jar);
        command.args(["--armeria.ports[0].ip=127.0.0.1", "--armeria.ports[0].protocols[0]=http"]);
        command.arg(format!("--armeria.ports[0].port={port}"));
        // Services and tags are as they were sent at once, and nothing is traced or scraped.
        command.env("SELF_TRACING_ENABLED", "false").env("AUTOCOMPLETE_KEYS", "env,user");
        let mut zipkin = Self { proc: Proc::spawn("Zipkin", &mut command)?, port };
        zipkin.wait_until_ready()?;
        Ok(zipkin)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let (begun, agent) = (Instant::now(), agent());
        let health = format!("{}/health", self.url());
        loop {
            if agent.get(&health).call().is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if !self.proc.is_running() {
                bail!(self.proc.tell("ended while it started"));
            }
            ensure!(
                begun.elapsed() < START_LIMIT,
                self.proc.tell(&format!("was not ready after {START_LIMIT:?}"))
            );
            pause(Duration::from_millis(100)).context("Zipkin was not ready yet")?;
        }
    }
}
