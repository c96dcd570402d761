//! The page's own checks: types by the comments in it, and the tests of what needs no browser.
//!
//! Whoever builds the collector needs none of it: Node and TypeScript only look at the page.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::skip::Skip;
use spandrel_tests::workspace::{self, find_program};

/// The version whose rules the page keeps.
const TYPESCRIPT: &str = "typescript@5.9.3";

pub(super) fn check() -> Result<()> {
    let page = workspace::root().join("host-collector/page");
    if find_program("node").is_none() || find_program("npm").is_none() {
        return Err(Skip::new("install Node 20 with npm, to check the page").into());
    }
    let tests = page.join("tests").read_dir().context("the page has no tests")?;
    let tests = tests.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    let tests = tests.iter().filter(|path| path.extension().is_some_and(|ending| ending == "js"));
    run(Command::new("node").arg("--test").args(tests).current_dir(&page))?;

    let compiler = workspace::target_dir().join("page");
    install(TYPESCRIPT, &compiler)?;
    let tsc = compiler.join("node_modules/typescript/bin/tsc");
    run(Command::new("node").arg(tsc).args(["--project", "."]).current_dir(&page))
}

/// A package of npm, into a folder where nothing else is.
pub(super) fn install(package: &str, folder: &Path) -> Result<()> {
    let done = folder.join(package.replace('@', "-"));
    if done.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts"]);
    npm.arg(package).arg("--prefix").arg(folder);
    if run(&mut npm).is_err() {
        return Err(Skip::new(format!("npm cannot install {package} here")).into());
    }
    std::fs::write(done, "").with_context(|| format!("cannot note that {package} is there"))
}

fn run(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    println!("$ {line}");
    let status = command.status().with_context(|| format!("cannot run {line}"))?;
    ensure!(status.success(), "`{line}` failed ({status})");
    Ok(())
}
