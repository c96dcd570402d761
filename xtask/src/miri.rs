//! `cargo xtask miri`: the ring's tests and the wire format's under Miri, which finds undefined behaviour.
//!
//! It needs a nightly toolchain, so it is no part of `cargo xtask test`.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use spandrel_tests::workspace;

/// What Miri runs: it has no linker, so that nothing can be drained where call sites are.
const TESTS: [&str; 4] = ["live::ring_tests", "wire::", "id::", "carrier::"];

/// Data races, and pointers that are used for more than they were made of.
const FLAGS: &str = "-Zmiri-strict-provenance -Zmiri-symbolic-alignment-check";

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
    command.args(["--features", "enable,std", "--"]).args(TESTS);
    // Its own folder: a nightly compiler would rebuild the other one each time. And few random cases:
    // Miri is a hundred times slower than the processor.
    command.env("CARGO_TARGET_DIR", workspace::target_dir().join("miri"));
    command.env("MIRIFLAGS", FLAGS).env("PROPTEST_CASES", "4").current_dir(workspace::root());
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "Miri found something, or a test failed ({status})");
    Ok(ExitCode::SUCCESS)
}
