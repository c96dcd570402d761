//! Prints every figure of every run as a line `key value`; `cargo xtask bench` makes medians of them.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use spandrel_browser::figures::{ROWS, Subject};

fn main() -> Result<()> {
    let (mut spandrel, mut jaeger_ui, mut runs, mut only) = (None, None, 1, Vec::new());
    for word in std::env::args().skip(1) {
        let (flag, value) = word.split_once('=').context("give flags as --flag=value")?;
        match flag {
            "--runs" => runs = value.parse().context("--runs takes a number")?,
            "--only" => only.push(value.to_owned()),
            "--spandrel" => spandrel = Some(PathBuf::from(value)),
            "--jaeger-ui" => jaeger_ui = Some(PathBuf::from(value)),
            _ => bail!("unknown flag {flag}: there are --runs, --only, --spandrel and --jaeger-ui"),
        }
    }
    let spandrel = spandrel.context("give the collector's program as --spandrel=FILE")?;
    let subject = Subject { spandrel, jaeger_ui };
    for row in ROWS {
        if !only.is_empty() && !only.iter().any(|prefix| row.is_named(prefix)) {
            continue;
        }
        for _ in 0..runs {
            let found = (row.measure)(&subject).with_context(|| row.keys.join(", "))?;
            for (key, value) in found {
                println!("{key} {value}");
            }
        }
    }
    Ok(())
}
