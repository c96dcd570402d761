//! `cargo xtask miri`: the ring's tests under Miri, which finds undefined behaviour.
//!
//! It needs a nightly toolchain, so it is no part of `cargo xtask test`.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use spandrel_tests::workspace;

/// What Miri runs: where the core has `unsafe`, less what needs the table of call sites, which a linker
/// makes and Miri has none.
const TESTS: &str = "live::ring_tests";

/// Pointers may only be used for what they were made of. Recorders are statics, so tests leak theirs.
const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-symbolic-alignment-check -Zmiri-ignore-leaks";

pub(crate) fn run() -> Result<ExitCode> {
    let has_miri = Command::new("cargo")
        .args(["+nightly", "miri", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("cannot run cargo")?;
    if !has_miri.success() {
        bail!(
            "Miri is not installed; to get it: \
             rustup toolchain install nightly --component miri,rust-src"
        );
    }
    let mut command = Command::new("cargo");
    command.args(["+nightly", "miri", "test", "--package", "spandrel", "--lib"]);
    command.args(["--features", "enable,std", TESTS]);
    // Its own folder: another compiler would rebuild everything each time.
    command.env("CARGO_TARGET_DIR", workspace::target_dir().join("miri"));
    command.env("MIRIFLAGS", FLAGS).current_dir(workspace::root());
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "Miri found something, or a test failed ({status})");
    Ok(ExitCode::SUCCESS)
}
