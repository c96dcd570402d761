//! `cargo xtask miri`: the ring by itself, and random programs of spans, under Miri, which finds
//! undefined behaviour.
//!
//! It needs a nightly toolchain, so it is no part of `cargo xtask test`.

use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use spandrel_tests::workspace;

/// What Miri runs: where the core has `unsafe`, less what asks for names of call sites, since a linker
/// makes their table and Miri has none. With each how pointers may be made: records hold addresses of
/// static strings as numbers, everything else is used only for what it was made of.
const TESTS: &[(&str, &str)] = &[
    ("live::ring_tests", "-Zmiri-strict-provenance"),
    ("live::threads", "-Zmiri-strict-provenance -Zmiri-disable-isolation"),
    ("live::tests::threads::", "-Zmiri-permissive-provenance -Zmiri-disable-isolation"),
    ("live::tests::random", "-Zmiri-permissive-provenance -Zmiri-disable-isolation"),
    ("live::tests::baggage", "-Zmiri-permissive-provenance -Zmiri-disable-isolation"),
    ("live::tests::retained::no_reset", "-Zmiri-permissive-provenance -Zmiri-disable-isolation"),
    ("live::tests::in_span", "-Zmiri-permissive-provenance"),
];

/// Recorders are statics, so tests leak theirs.
const FLAGS: &str = "-Zmiri-symbolic-alignment-check -Zmiri-ignore-leaks";

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
    for (tests, provenance) in TESTS {
        let mut command = Command::new("cargo");
        command.args(["+nightly", "miri", "test", "--package", "spandrel", "--lib"]);
        command.args(["--features", "enable,std,baggage,retained", tests]);
        // Its own folder: another compiler would rebuild everything each time.
        command.env("CARGO_TARGET_DIR", workspace::target_dir().join("miri"));
        command.env("MIRIFLAGS", format!("{FLAGS} {provenance}"));
        let status = command.current_dir(workspace::root()).status().context("cannot run cargo")?;
        ensure!(status.success(), "Miri found something, or a test failed ({status})");
    }
    Ok(ExitCode::SUCCESS)
}
