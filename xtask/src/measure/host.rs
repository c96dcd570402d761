//! Figures of the host: the recording of spans there, beside other libraries in one program.

use core::time::Duration;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace;

use super::figures::{FIGURES, Figures, is_of_host};
use crate::progress::Progress;

/// Far above a cold build and a run on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Runs the program that measures every figure that begins with `std.`.
pub(super) fn measure(
    is_wanted: &dyn Fn(&str) -> bool,
    now: &mut Figures,
    progress: &Progress,
) -> Result<()> {
    let keys: Vec<_> =
        FIGURES.iter().map(|figure| figure.key).filter(|key| is_of_host(key)).collect();
    if !keys.iter().any(|key| is_wanted(key)) {
        return Ok(());
    }
    progress.say("spans on this machine, beside other libraries");
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--target-dir"]);
    command.arg(workspace::target_dir().join("bench"));
    command.current_dir(workspace::root().join("tests/bench"));
    let mut run = Proc::spawn("measuring spans on this machine", &mut command)?;
    let status = run.wait_for_exit(TIME_LIMIT)?;
    ensure!(status.success(), run.tell(&format!("failed ({status})")));
    for line in run.lines() {
        if let Some(detail) = line.strip_prefix("# ") {
            now.add_detail(detail.to_owned());
        } else if let Some((key, value)) = line.split_once(' ')
            && keys.contains(&key)
        {
            let value = value.trim().parse();
            now.add(key, value.with_context(|| format!("not a figure: {line}"))?);
        }
    }
    for key in keys {
        ensure!(now.by_key.contains_key(key), run.tell(&format!("did not print {key}")));
    }
    Ok(())
}
