//! Spans go in: checked as OTLP is, synced before the answer, with sixteen clients that wait for theirs.

use super::make::{PER_TRACE, chunk, large};
use super::{seconds, told};
use anyhow::{Context as _, Result};
use rustix::time::ClockId;
use spandrel_collector::model::Chunk;
use spandrel_collector::storage::{Intake as _, Refused, Ticket};
use spandrel_collector::store::{Options, Store};
use std::collections::VecDeque;
use std::time::Duration;

/// Traces in what one client sends at once.
const TRACES: u64 = 100;
const CLIENTS: usize = 16;

pub(super) fn run(words: &[String]) -> Result<()> {
    let (folder, spans, unique) = told(words)?;
    let store = Store::open(&folder, Options::default())?;
    let mut open: VecDeque<Ticket> = VecDeque::new();
    // What it costs to make the spans is none of the store's.
    let mut made_s = 0.0;
    let traces = spans / PER_TRACE;
    for first in (0..traces).step_by(TRACES as usize) {
        let before_s = seconds(ClockId::ThreadCPUTime);
        let bytes = chunk(first, TRACES, unique).into_bytes();
        made_s += seconds(ClockId::ThreadCPUTime) - before_s;
        offer(&store, Chunk::check(bytes)?.chunk, &mut open)?;
        while open.len() > CLIENTS {
            wait(&mut open)?;
        }
    }
    for part in large(traces) {
        offer(&store, part, &mut open)?;
    }
    while !open.is_empty() {
        wait(&mut open)?;
    }
    while store.counts().waiting_logs > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let counts = store.counts();
    let cpu_s = seconds(ClockId::ProcessCPUTime) - made_s;
    let all = counts.sealed_spans + counts.unsealed_spans;
    println!("ingest_spans_per_cpu_s {}", all as f64 / cpu_s);
    println!("bytes_per_span {}", counts.bytes as f64 / all as f64);
    println!("ingest_rss_mb {}", peak_mb()?);
    println!("blocks {}", counts.blocks);
    Ok(())
}

fn offer(store: &Store, chunk: Chunk, open: &mut VecDeque<Ticket>) -> Result<()> {
    loop {
        match store.offer(chunk.clone()) {
            Ok(ticket) => {
                open.push_back(ticket);
                return Ok(());
            }
            Err(Refused::Full) => wait(open)?,
            Err(refused) => return Err(refused.into()),
        }
    }
}

fn wait(open: &mut VecDeque<Ticket>) -> Result<()> {
    open.pop_front().map_or(Ok(()), Ticket::wait)?;
    Ok(())
}

/// The most memory that the process had at once.
fn peak_mb() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).context("no VmHWM")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
