//! What the collector costs. Prints every figure of every run as a line `key value`; `cargo xtask bench`
//! makes medians of them.
//!
//! A row is one function in [`rows`]; what makes load for a collector that runs by itself is this program
//! too, as a process of its own (see [`load`]), so that its work does not count.

mod allocations;
mod child;
mod device;
mod frames;
mod load;
mod rows;
mod store;

use anyhow::{Context as _, Result};
use std::path::PathBuf;

/// Counts what the rows allocate.
#[global_allocator]
static ALLOCATOR: allocations::Counting = allocations::Counting;

/// What a row is told.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The collector's program.
    pub(crate) spandrel: Option<PathBuf>,
}

fn main() -> Result<()> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    if let [first, rest @ ..] = &words[..]
        && let Some(job) = load::job(first).or_else(|| store::job(first))
    {
        return job(rest);
    }
    let mut setting = Setting { spandrel: None };
    let (mut runs, mut only) = (1, Vec::new());
    for word in &words {
        let (flag, value) = word.split_once('=').context("give flags as --flag=value")?;
        match flag {
            "--runs" => runs = value.parse().context("--runs takes a number")?,
            "--only" => only.push(value.to_owned()),
            "--spandrel" => setting.spandrel = Some(value.into()),
            _ => anyhow::bail!("unknown flag {flag}: there are --runs, --only and --spandrel"),
        }
    }
    for row in rows::ROWS {
        if !only.is_empty() && !only.iter().any(|prefix| row.is_named(prefix)) {
            continue;
        }
        for _ in 0..runs {
            for (key, value) in (row.measure)(&setting).with_context(|| row.name.to_owned())? {
                println!("{key} {value}");
            }
        }
    }
    Ok(())
}
