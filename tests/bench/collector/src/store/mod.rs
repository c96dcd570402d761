//! The store: what taking spans costs until they are synced and sealed, and what finding them takes.
//!
//! Each part is a process of its own, so that its memory and its caches are its own, too.

mod ask;
mod make;
mod take;

use crate::Setting;
use crate::load::Job;
use crate::rows::Figures;
use anyhow::{Context as _, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Spans in the store, of five a trace.
const SPANS: u64 = 10_000_000;

/// What this program does if its first argument says so; it prints lines `key value`.
pub(crate) fn job(name: &str) -> Option<Job> {
    Some(match name {
        "store-take" => take::run,
        "store-ask" => ask::run,
        _ => return None,
    })
}

/// What a job is told: the folder, how many spans, and whether each has a tag of its own.
fn told(words: &[String]) -> Result<(PathBuf, u64, bool)> {
    let [folder, spans, tags] = words else {
        anyhow::bail!("give a folder, a number and the tags")
    };
    Ok((folder.into(), spans.parse()?, tags == "unique"))
}

fn seconds(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 + time.tv_nsec as f64 * 1e-9
}

fn figures_of(job: &str, folder: &Path, tags: &str, prefix: &str) -> Result<Figures> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(job).arg(folder).arg(SPANS.to_string()).arg(tags);
    let output = command.output()?;
    ensure!(output.status.success(), "{job}: {}", String::from_utf8_lossy(&output.stderr));
    let mut figures = Figures::new();
    for line in str::from_utf8(&output.stdout)?.lines() {
        let (key, value) = line.split_once(' ').context("a line without a value")?;
        figures.push((format!("{prefix}.{key}"), value.parse()?));
    }
    Ok(figures)
}

/// The rows of the store.
pub(crate) fn measure(_: &Setting) -> Result<Figures> {
    let mut figures = Figures::new();
    for (tags, prefix) in [("plain", "store"), ("unique", "store.unique")] {
        let folder = std::env::temp_dir().join(format!("spandrel-bench-{}", std::process::id()));
        let measured = figures_of("store-take", &folder, tags, prefix)
            .and_then(|took| Ok((took, figures_of("store-ask", &folder, tags, prefix)?)));
        std::fs::remove_dir_all(&folder)?;
        let (took, asked) = measured?;
        figures.extend(took);
        figures.extend(asked);
    }
    Ok(figures)
}
