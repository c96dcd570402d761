//! Load for a collector that runs by itself, and what takes what it hands on: each a process of its own.

mod http;
mod otlp;
mod run;
mod sink;
mod udp;

pub(crate) use run::{idle, start_ms};

use crate::Setting;
use crate::child::{Process, Used};
use crate::rows::Figures;
use anyhow::{Context as _, Result, ensure};
use std::net::TcpListener;
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
pub(crate) fn serve(setting: &Setting, words: &[&str]) -> Result<Process> {
    let program = setting.spandrel.as_ref().context("needs --spandrel=PROGRAM")?;
    Process::start(Command::new(program).args(["--no-config", "serve", "--no-tree"]).args(words))
}

/// One that only hands spans on, and keeps none.
fn passing(setting: &Setting, words: &[&str]) -> Result<Process> {
    serve(setting, &[&["--memory", "--memory-size=0"], words].concat())
}

/// What became of spans that were handed on.
fn passed(key: &str, before: Used, after: Used, [sent, came]: [u64; 2]) -> Result<Figures> {
    ensure!(came > sent / 2, "only {came} of {sent} spans came through");
    Ok(vec![
        (format!("{key}.spans_per_cpu_s"), came as f64 / (after.cpu_s - before.cpu_s)),
        (format!("{key}.rss_mb"), after.rss_mb),
        (format!("{key}.lost_percent"), 100.0 * (1.0 - came as f64 / sent as f64)),
    ])
}

/// Frames of 100 spans by UDP from some devices, out to a server that takes everything.
pub(crate) fn udp_to_otlp_http(setting: &Setting) -> Result<Figures> {
    const FRAMES: u64 = 50_000;
    const PER_SECOND: u64 = 12_500;

    let sink = Sink::start()?;
    let export = format!("--export-otlp=http://{}", sink.address);
    let mut collector =
        passing(setting, &["--http=off", "--listen=127.0.0.1:0", "--no-tcp", &export])?;
    let address = collector.says("listening on udp ")?;
    let before = collector.used()?;
    let (frames, rate) = (FRAMES.to_string(), PER_SECOND.to_string());
    start(&["load-udp", &address, &frames, &rate])?.finished()?;
    let sent = (FRAMES + udp::ALL_BEFORE) * crate::device::SPANS as u64;
    let came = sink.wait_for(sent)?;
    passed("udp_to_otlp_http", before, collector.used()?, [sent, came])
}

/// OTLP by HTTP in and out, plain and compressed to two levels on either side.
pub(crate) fn otlp_to_otlp(setting: &Setting) -> Result<Figures> {
    let mut figures = Figures::new();
    for level in [0, 1, 6] {
        figures.extend(otlp_at(setting, level)?);
    }
    Ok(figures)
}

fn otlp_at(setting: &Setting, level: u32) -> Result<Figures> {
    const SPANS: u64 = 1_000;
    const CONNECTIONS: &str = "4";

    // Compressed, it goes out slower than it comes: no more than may wait.
    let (requests, key, packing) = match level {
        0 => (4_000, "otlp_to_otlp".to_owned(), String::new()),
        level => {
            (400, format!("otlp_to_otlp.gzip{level}"), format!(" compression=gzip level={level}"))
        }
    };
    let sink = Sink::start()?;
    let export = format!("--export-otlp=http://{}{packing}", sink.address);
    let address = free_port()?;
    let http = format!("--http={address}");
    let collector = passing(setting, &["--listen=127.0.0.1:0", "--no-tcp", &http, &export])?;
    wait_for_door(&address)?;
    let before = collector.used()?;
    let sent = requests * SPANS;
    let [requests, spans, level] = [requests, SPANS, level.into()].map(|number| number.to_string());
    start(&["load-otlp", &address, &requests, &spans, CONNECTIONS, &level])?.finished()?;
    let came = sink.wait_for(sent)?;
    ensure!(came == sent, "of {sent} spans {came} came through");
    passed(&key, before, collector.used()?, [sent, came])
}

/// An address of this machine at which nobody listens now.
pub(crate) fn free_port() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Asks until there is an answer.
pub(crate) fn wait_for_door(address: &str) -> Result<()> {
    const PATIENCE: Duration = Duration::from_secs(30);

    let since = Instant::now();
    loop {
        match http::Connection::open(address).and_then(|mut door| door.get("/healthz")) {
            Ok(_) => return Ok(()),
            Err(why) => ensure!(since.elapsed() < PATIENCE, "no answer at {address}: {why}"),
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}
