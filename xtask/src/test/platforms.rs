//! The collector on systems other than this one: it is checked for each, and needs no C compiler for any.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::workspace;

use crate::call::cargo;
use crate::progress::Progress;
use crate::setup;

const PACKAGE: [&str; 2] = ["--package", "spandrel-collector"];

/// Packages that build scripts run compilers of C with, or look for libraries in C.
const FOR_C: [&str; 6] = ["bindgen", "cc", "cmake", "nasm-rs", "pkg-config", "vcpkg"];

pub(super) fn check() -> Result<()> {
    setup::ensure_targets(&setup::COLLECTOR_TARGETS, &Progress::start())?;
    for target in ["x86_64-unknown-linux-gnu"].into_iter().chain(setup::COLLECTOR_TARGETS) {
        let packages = packages(target)?;
        let found = c_in(&packages);
        ensure!(found.is_empty(), "for {target} the collector is built with {}", found.join(", "));
    }
    for target in setup::COLLECTOR_TARGETS {
        // Whatever else would run a compiler fails.
        cargo("check").args(&PACKAGE).args(&["--target", target]).env("CC", "no-C-here").run()?;
    }
    Ok(())
}

/// What the collector is built of, and with: a line each, as `cargo tree` writes it.
fn packages(target: &str) -> Result<String> {
    let mut command = Command::new("cargo");
    command.args(["tree", "--edges", "normal,build", "--prefix", "none", "--target", target]);
    let output = command.args(PACKAGE).current_dir(workspace::root()).output();
    let output = output.context("cannot run cargo")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo tree failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn c_in(packages: &str) -> Vec<&str> {
    let names = packages.lines().filter_map(|line| line.split(' ').next());
    let mut found: Vec<_> = names.filter(|name| FOR_C.contains(name)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_runs_a_compiler_of_c_is_found() {
        let tree = "spandrel-collector v0.1.0 (/here)\nring v0.17.0\ncc v1.2.0\ncc v1.2.0 (*)\nlibc v0.2.1";
        assert_eq!(c_in(tree), ["cc"]);
        assert!(c_in("spandrel-collector v0.1.0 (/here)\naccc v1.0.0").is_empty());
    }
}
