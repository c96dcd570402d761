//! The steps as a table; a new one is a line here and a function below.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::interop::run::End;
use spandrel_tests::skip::Skip;
use spandrel_tests::workspace;

use super::{length, page, platforms};
use crate::call::cargo;
use crate::progress::Progress;
use crate::setup;

/// One check of the project.
pub(super) struct Step {
    /// What `--only` calls it.
    pub(super) name: &'static str,
    /// What it checks, in a few words.
    pub(super) what: &'static str,
    /// Whether it takes seconds when warm.
    pub(super) quick: bool,
    /// The check itself; it prints what it runs, and a [`Skip`] says that a tool is missing.
    pub(super) run: fn() -> Result<()>,
}

const fn quick(name: &'static str, what: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, what, quick: true, run }
}

const fn full(name: &'static str, what: &'static str, run: fn() -> Result<()>) -> Step {
    Step { name, what, quick: false, run }
}

/// Cheap ones first, so that a slip is seen before the long ones have run.
pub(super) const STEPS: [Step; 20] = [
    quick("fmt", "rustfmt changes nothing", fmt),
    quick("length", "no Rust file is too long", length::check),
    quick("clippy", "no warning in the workspace", clippy),
    quick("unit", "tests of core, transport and collector", unit),
    full("page", "types and tests of the page", page::check),
    full("disabled", "a core that is switched off is nothing", disabled),
    full("tools", "tests of the examples and of xtask; the bench is tidy", tools),
    full("docs", "the documentation builds without a warning", docs),
    full("probe", "RTT with the probe-rs library", probe),
    full("setup", "Rust targets, QEMU, systemd-analyze and Chromium", set_up),
    full("browser", "the page in a real browser", browser),
    full("platforms", "the collector for other systems, without C", platforms::check),
    full("no_std", "core and transport build for microcontrollers", no_std),
    full("boards", "the firmware is tidy and links", boards),
    full("loom", "the ring under every interleaving", loom),
    full("figures", "no measured figure is worse than its golden", figures),
    full("peers", "the real backends and clients are there", peers),
    full("faults", "bad links, clocks and devices: what holds", faults),
    full("e2e", "pipeline, boards in QEMU and real clients", e2e),
    full("interop", "real backends and ours answer the same", interop),
];

/// What the final binaries turn on, which is what the host crates are checked with.
const ENABLED: [&str; 2] = [
    "--features",
    "spandrel/enable,spandrel/std,spandrel/baggage,spandrel/stats,spandrel/retained,spandrel/window,\
     spandrel/control,spandrel/fault-flush,spandrel/clock-events,spandrel/auth",
];

/// What must build for every one of [`setup::TARGETS`]: package and features.
const NO_STD: [(&str, &str); 9] = [
    ("spandrel", ""),
    ("spandrel", "enable"),
    ("spandrel", "enable,retained"),
    ("spandrel", "enable,window,control,fault-flush,clock-events,auth"),
    ("spandrel", "enable,defmt,contexts,baggage,macros,mask-stats,retained"),
    ("spandrel-transport", ""),
    ("spandrel-transport", "embassy-net"),
    ("spandrel-transport", "rtt"),
    ("spandrel-transport", "embassy-net-tcp,mqtt"),
];

/// The engine that judges whether everybody can use the page.
const AXE: &str = "axe-core@4.11.0";

fn fmt() -> Result<()> {
    cargo("fmt --all --check").run()
}

fn clippy() -> Result<()> {
    cargo("clippy --workspace --all-targets")
        .args(&ENABLED)
        .args(&["--", "-D", "warnings"])
        .run()?;
    // Switched off, the core is other code: the twins that record nothing.
    cargo("clippy --package spandrel -- -D warnings").run()
}

fn unit() -> Result<()> {
    cargo("test --package spandrel --package spandrel-transport --package spandrel-collector")
        .args(&ENABLED)
        .run()?;
    // A program that tells contexts apart by itself.
    cargo("test --package spandrel --test contexts --features enable,std,contexts,baggage")
        .run()?;
    cargo("test --package spandrel --test location --features enable,std,location").run()?;
    // Beside the core it would turn the attribute on in every test of that.
    cargo("test --package spandrel-macros --features spandrel/enable").run()?;
    cargo("test --package spandrel --test traced --features enable,std,macros").run()
}

fn disabled() -> Result<()> {
    // The twins assert their sizes; that nothing is evaluated shows in the figures.
    cargo("build --package spandrel").run()?;
    cargo("test --package spandrel-macros --test disabled").run()
}

fn tools() -> Result<()> {
    cargo("test --package hello-services --package hello-native --package xtask").run()?;
    let bench = workspace::root().join("tests/bench");
    cargo("fmt --all --check").dir(&bench).run()?;
    cargo("clippy --workspace --all-targets -- -D warnings").dir(&bench).run()
}

fn probe() -> Result<()> {
    let feature = ["--package", "spandrel-collector", "--features", "probe-rs"];
    cargo("clippy --all-targets").args(&feature).args(&["--", "-D", "warnings"]).run()?;
    cargo("test --lib").args(&feature).args(&["rtt::"]).run()
}

fn docs() -> Result<()> {
    // Libraries only: the collector's binary and the core's library share the name spandrel.
    // With every link, since the pages of some name others.
    const LINKS: &str = "spandrel-transport/embassy-net,spandrel-transport/embassy-net-tcp,spandrel-transport/mqtt,\
         spandrel-transport/rtt,spandrel-transport/embedded-io-async,spandrel-transport/std";
    cargo("doc --workspace --no-deps --lib")
        .args(&ENABLED)
        .args(&["--features", LINKS])
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .run()
}

fn set_up() -> Result<()> {
    let progress = Progress::start();
    setup::ensure_targets(&setup::TARGETS, &progress)?;
    let missing = setup::missing_tools(&progress)?;
    if missing.is_empty() { Ok(()) } else { Err(Skip::new(missing.join("; ")).into()) }
}

fn browser() -> Result<()> {
    let missing = [setup::CHROMIUM, setup::CHROMEDRIVER]
        .into_iter()
        .find(|tool| workspace::find_program(tool.program).is_none());
    if let Some(tool) = missing {
        let program = tool.program;
        return Err(Skip::new(format!("{program} is missing; `cargo xtask setup` gets it")).into());
    }
    if workspace::find_program("npm").is_none() {
        return Err(Skip::new("install Node 20 with npm, for axe-core").into());
    }
    page::install(AXE, &workspace::target_dir().join("axe"))?;
    let folder = workspace::root().join("tests/browser");
    let target = workspace::target_dir().join("browser");
    let target = target.to_str().context("the target folder's name is no text")?;
    cargo("fmt --check").dir(&folder).run()?;
    let there = ["--target-dir", target];
    cargo("clippy --all-targets")
        .args(&there)
        .args(&["--", "-D", "warnings"])
        .dir(&folder)
        .run()?;
    // Browsers beside each other would only wait for one another.
    cargo("test").args(&there).args(&["--", "--test-threads=1"]).dir(&folder).run()
}

fn no_std() -> Result<()> {
    for target in setup::TARGETS {
        for (package, features) in NO_STD {
            cargo("build --no-default-features --package")
                .args(&[package, "--target", target, "--features", features])
                .run()?;
        }
    }
    Ok(())
}

fn boards() -> Result<()> {
    let boards = firmware_workspaces()?;
    ensure!(!boards.is_empty(), "there is no board below examples/boards");
    for dir in boards {
        cargo("fmt --all --check").dir(&dir).run()?;
        cargo("clippy --release -- -D warnings").dir(&dir).run()?;
        cargo("build --release").dir(&dir).run()?;
    }
    // What is measured on other targets than the rest of its workspace is.
    for target in ["thumbv6m-none-eabi", "riscv32imac-unknown-none-elf"] {
        cargo("clippy --release --package measure-run --lib --bin hot")
            .args(&["--target", target, "--", "-D", "warnings"])
            .dir(&workspace::root().join("tests/firmware/measure"))
            .run()?;
    }
    Ok(())
}

/// The folders of the small workspaces that hold firmware.
fn firmware_workspaces() -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in ["examples/boards", "tests/firmware"].map(|name| workspace::root().join(name)) {
        let Ok(entries) = folder.read_dir() else { continue };
        for entry in entries {
            found.push(entry.with_context(|| format!("cannot list {}", folder.display()))?.path());
        }
        found.push(folder);
    }
    found.retain(|dir| dir.join("Cargo.toml").is_file());
    found.sort();
    Ok(found)
}

fn loom() -> Result<()> {
    // A target folder of its own, or every other build would start anew for the flag.
    cargo("test --package spandrel --release --features enable --lib loom")
        .env("RUSTFLAGS", "--cfg loom")
        .env("CARGO_TARGET_DIR", "target/loom")
        .run()
}

fn figures() -> Result<()> {
    cargo("xtask measure --check").run()
}

fn peers() -> Result<()> {
    // A step of its own, or its minutes would be those of whichever test needs it first.
    let missing = crate::peers::missing();
    if missing.is_empty() { Ok(()) } else { Err(Skip::new(missing.join("; ")).into()) }
}

fn faults() -> Result<()> {
    cargo("run --quiet --release --package spandrel-tests --bin faults").run()
}

fn e2e() -> Result<()> {
    // A test that lacks QEMU or a peer says so itself, and fails for it in CI.
    cargo("test --package spandrel-tests --release").run()
}

fn interop() -> Result<()> {
    let outcomes = crate::interop::cases(&[], None, &Progress::start())?;
    let named = |wanted: fn(&End) -> bool| {
        let names = outcomes.iter().filter(|outcome| wanted(&outcome.end)).map(|o| o.name);
        names.collect::<Vec<_>>().join(", ")
    };
    let failed = named(|end| !end.is_good());
    ensure!(failed.is_empty(), "failed: {failed}");
    let skipped = named(|end| matches!(end, End::Skip(_)));
    if skipped.is_empty() { Ok(()) } else { Err(Skip::new(format!("skipped: {skipped}")).into()) }
}
