//! Load for a collector that runs by itself, and what takes what it hands on: each a process of its own.

mod http;
mod otlp;
mod sink;
mod udp;

use crate::Setting;
use crate::child::{Process, Used};
use crate::rows::Figures;
use anyhow::{Context as _, Result, ensure};
use std::process::Command;
use std::time::{Duration, Instant};

/// Takes the words behind its name.
pub(crate) type Job = fn(&[String]) -> Result<()>;

/// What this program does instead of measuring if its first argument says so.
pub(crate) fn job(name: &str) -> Option<Job> {
    Some(match name {
        "frames-for-ever" => crate::frames::for_ever,
        "load-udp" => udp::run,
        "load-otlp" => otlp::run,
        "sink" => sink::run,
        _ => return None,
    })
}

/// This program as a process that does another job.
pub(crate) fn start(words: &[&str]) -> Result<Process> {
    Process::start(Command::new(std::env::current_exe()?).args(words))
}

/// A server that answers 200 to whatever is posted, and counts the spans.
pub(crate) struct Sink {
    _process: Process,
    pub(crate) address: String,
}

impl Sink {
    pub(crate) fn start() -> Result<Self> {
        let mut process = start(&["sink"])?;
        let address = process.says("listening on ")?;
        Ok(Self { _process: process, address })
    }

    /// How many spans came so far.
    pub(crate) fn spans(&self) -> Result<u64> {
        let answer = http::Connection::open(&self.address)?.get("/spans")?;
        Ok(std::str::from_utf8(&answer)?.parse()?)
    }

    /// Waits until so many came, or nothing more comes; how many came.
    pub(crate) fn wait_for(&self, spans: u64) -> Result<u64> {
        const PATIENCE: Duration = Duration::from_secs(3);

        let (mut came, mut since) = (0, Instant::now());
        while came < spans && since.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.spans()?;
            if now != came {
                (came, since) = (now, Instant::now());
            }
        }
        Ok(came)
    }
}

/// The collector, with these words behind `serve`.
pub(crate) fn collector(setting: &Setting, words: &[&str]) -> Result<Process> {
    let program = setting.spandrel.as_ref().context("needs --spandrel=PROGRAM")?;
    // What only hands spans on keeps none.
    let alone = ["serve", "--memory", "--memory-size=0", "--http=off"];
    Process::start(Command::new(program).args(alone).args(words))
}

/// Frames of 100 spans by UDP from some devices, out to a server that takes everything.
pub(crate) fn udp_to_otlp_http(setting: &Setting) -> Result<Figures> {
    const FRAMES: u64 = 50_000;
    const PER_SECOND: u64 = 12_500;

    let sink = Sink::start()?;
    let export = format!("--export-otlp=http://{}", sink.address);
    let mut collector =
        collector(setting, &["--listen=127.0.0.1:0", "--no-tcp", "--no-tree", &export])?;
    let address = collector.says("listening on udp ")?;
    let before = collector.used()?;
    let (frames, rate) = (FRAMES.to_string(), PER_SECOND.to_string());
    start(&["load-udp", &address, &frames, &rate])?.finished()?;
    let sent = FRAMES * crate::device::SPANS as u64;
    let came = sink.wait_for(sent)?;
    ensure!(came > sent / 2, "only {came} of {sent} spans came through");
    let Used { cpu_s, rss_mb } = collector.used()?;
    Ok(vec![
        ("udp_to_otlp_http.spans_per_cpu_s".into(), came as f64 / (cpu_s - before.cpu_s)),
        ("udp_to_otlp_http.rss_mb".into(), rss_mb),
        ("udp_to_otlp_http.lost_percent".into(), 100.0 * (1.0 - came as f64 / sent as f64)),
    ])
}
