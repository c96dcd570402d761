//! Prints every figure of every run as a line `key value`; `cargo xtask bench` makes medians of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use spandrel_browser::figures::ROWS;

fn main() -> Result<()> {
    let (mut spandrel, mut runs, mut only) = (None, 1, Vec::new());
    for word in std::env::args().skip(1) {
        let (flag, value) = word.split_once('=').context("give flags as --flag=value")?;
        match flag {
            "--runs" => runs = value.parse().context("--runs takes a number")?,
            "--only" => only.push(value.to_owned()),
            "--spandrel" => spandrel = Some(PathBuf::from(value)),
            _ => bail!("unknown flag {flag}: there are --runs, --only and --spandrel"),
        }
    }
    let spandrel = spandrel.context("give the collector's program as --spandrel=FILE")?;
    for row in ROWS {
        if !only.is_empty() && !only.iter().any(|prefix| row.is_named(prefix)) {
            continue;
        }
        for _ in 0..runs {
            let found = (row.measure)(&spandrel).with_context(|| row.keys.join(", "))?;
            for (key, value) in found {
                println!("{key} {value}");
            }
        }
    }
    Ok(())
}
