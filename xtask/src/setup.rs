//! `cargo xtask setup`: the Rust targets and QEMU. What is there is left alone; nothing asks for a password.

use core::time::Duration;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace::{self, find_program};

use crate::progress::Progress;

/// Every target that the core and the transport are built for.
pub(crate) const TARGETS: [&str; 3] =
    ["thumbv6m-none-eabi", "thumbv7em-none-eabihf", "riscv32imac-unknown-none-elf"];

const QEMU: &str = "qemu-system-arm";
/// `--no-install-recommends`: a recommended package can conflict with one that is installed.
const APT_INSTALL: [&str; 5] = ["apt-get", "install", "-y", "--no-install-recommends", QEMU];
const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Whether QEMU can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Qemu {
    /// It is installed.
    Have,
    /// It is not and could not be installed without its user.
    Missing {
        /// What the user can run to get it.
        line_to_run: String,
    },
}

pub(crate) fn run() -> Result<ExitCode> {
    let progress = Progress::start();
    ensure_targets(&progress)?;
    match ensure_qemu(&progress)? {
        Qemu::Have => {
            progress.say("ready: Rust targets and QEMU are installed");
            Ok(ExitCode::SUCCESS)
        }
        Qemu::Missing { line_to_run } => {
            bail!("{QEMU} is missing and can't be installed from here; to get it: {line_to_run}")
        }
    }
}

/// Installs those of [`TARGETS`] that the pinned toolchain lacks.
pub(crate) fn ensure_targets(progress: &Progress) -> Result<()> {
    let mut missing = Vec::new();
    for target in TARGETS {
        if !has_target(target)? {
            missing.push(target);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let line = format!("rustup target add {}", missing.join(" "));
    ensure!(
        find_program("rustup").is_some(),
        "this Rust has no standard library for {}, and rustup, which could install it, is not \
         installed: install rustup, or these targets with your package manager",
        missing.join(", ")
    );
    progress.say(&format!("installing Rust targets: {}", missing.join(", ")));
    let mut command = Command::new("rustup");
    command.args(["target", "add"]).args(&missing).current_dir(workspace::root());
    install(&mut command, progress).with_context(|| format!("`{line}` failed"))
}

/// Whether the toolchain pinned by the project has the target's standard library.
fn has_target(target: &str) -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(workspace::root())
        .output()
        .context("cannot run rustc")?;
    let dir = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(dir.trim()).is_dir())
}

/// Installs QEMU if that needs nobody's password.
pub(crate) fn ensure_qemu(progress: &Progress) -> Result<Qemu> {
    if find_program(QEMU).is_some() {
        return Ok(Qemu::Have);
    }
    let line_to_run = line_to_run(|program| find_program(program).is_some());
    let Some(prefix) = administrator().filter(|_| find_program("apt-get").is_some()) else {
        return Ok(Qemu::Missing { line_to_run });
    };
    progress.say(&format!("installing {QEMU} (once, about a minute)"));
    let apt = |arguments: &[&str]| {
        let mut line = prefix.to_vec();
        line.extend(arguments);
        let mut command = Command::new(line[0]);
        command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive");
        install(&mut command, progress)
    };
    if apt(&APT_INSTALL).is_err() {
        // The usual cause is that the package lists are old or were never fetched.
        progress.say("refreshing the package lists");
        if let Err(error) = apt(&["apt-get", "update"]).and_then(|()| apt(&APT_INSTALL)) {
            progress.say(&format!("{error:#}"));
            return Ok(Qemu::Missing { line_to_run });
        }
    }
    ensure!(find_program(QEMU).is_some(), "apt-get installed {QEMU}, yet it is not on PATH");
    Ok(Qemu::Have)
}

/// How to become root without a question: not at all, by a sudo that needs no password, or never.
fn administrator() -> Option<&'static [&'static str]> {
    let quiet = |program: &str, arguments: &[&str]| {
        Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output()
    };
    let is_root = quiet("id", &["-u"]).is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if is_root {
        return Some(&[]);
    }
    let may_sudo = quiet("sudo", &["-n", "true"]).is_ok_and(|output| output.status.success());
    may_sudo.then_some(&["sudo", "-n"])
}

/// The one line that installs QEMU here, judged by which package manager `has` finds.
fn line_to_run(has: impl Fn(&str) -> bool) -> String {
    let lines = [
        ("apt-get", format!("sudo {}", APT_INSTALL.join(" "))),
        ("dnf", "sudo dnf install qemu-system-arm".to_owned()),
        ("pacman", "sudo pacman -S qemu-system-arm".to_owned()),
        ("brew", "brew install qemu".to_owned()),
    ];
    let found = lines.into_iter().find(|(program, _)| has(program));
    found.map_or_else(|| format!("install QEMU so that {QEMU} is on PATH"), |(_, line)| line)
}

/// Runs an installer to its end, saying now and then what it is at.
fn install(command: &mut Command, progress: &Progress) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut installer = Proc::spawn(&name, command)?;
    let status = installer.wait_with_progress(INSTALL_LIMIT, Duration::from_secs(5), |line| {
        progress.say(&format!("{name}: {line}"));
    })?;
    ensure!(status.success(), installer.tell(&format!("failed ({status})")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_to_run_suits_the_machine() {
        let on = |manager: &'static str| line_to_run(|program| program == manager);
        assert_eq!(
            on("apt-get"),
            "sudo apt-get install -y --no-install-recommends qemu-system-arm"
        );
        assert_eq!(on("brew"), "brew install qemu");
        assert_eq!(on("none of them"), "install QEMU so that qemu-system-arm is on PATH");
    }

    #[test]
    fn targets_are_told_apart() {
        assert!(!has_target("no-such-target").unwrap());
    }
}
