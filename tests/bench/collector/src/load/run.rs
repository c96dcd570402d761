//! A collector with a store that nobody asks anything: how soon it answers, and what it holds then.

use super::{free_port, serve, wait_for_door};
use crate::Setting;
use crate::child::Process;
use crate::rows::Figures;
use anyhow::Result;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// So long it may still do what is due behind a start.
const SETTLED: Duration = Duration::from_secs(3);

/// A collector with its door, and a store that goes with it.
struct Alone {
    collector: Process,
    folder: PathBuf,
}

impl Alone {
    /// Starts it, and waits until it answers.
    fn start(setting: &Setting) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("spandrel-bench-{}", std::process::id()));
        let address = free_port()?;
        let (http, store) = (format!("--http={address}"), format!("--store={}", folder.display()));
        let alone =
            Self { collector: serve(setting, &["--listen=127.0.0.1:0", &http, &store])?, folder };
        wait_for_door(&address)?;
        Ok(alone)
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        self.collector.end();
        // It may not have come to make it.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// From nothing to the first answer, with a new store.
pub(crate) fn start_ms(setting: &Setting) -> Result<Figures> {
    let since = Instant::now();
    let alone = Alone::start(setting)?;
    let start_ms = since.elapsed().as_secs_f64() * 1e3;
    drop(alone);
    Ok(vec![("start_ms".into(), start_ms)])
}

/// What one holds that has nothing to do.
pub(crate) fn idle(setting: &Setting) -> Result<Figures> {
    let alone = Alone::start(setting)?;
    std::thread::sleep(SETTLED);
    Ok(vec![("idle.rss_mb".into(), alone.collector.used()?.rss_mb)])
}
