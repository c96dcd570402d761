//! `cargo xtask setup`: the Rust targets, QEMU, what judges units of systemd, and a browser. What is there is left alone; nothing asks for a password.

use core::time::Duration;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace::{self, find_program};

use crate::progress::Progress;

/// Every target that the core and the transport are built for.
pub(crate) const TARGETS: [&str; 3] =
    ["thumbv6m-none-eabi", "thumbv7em-none-eabihf", "riscv32imac-unknown-none-elf"];

/// Systems that the collector is built for beside the one it is built on, which may be one of them.
pub(crate) const COLLECTOR_TARGETS: [&str; 3] =
    ["x86_64-pc-windows-gnu", "aarch64-apple-darwin", "aarch64-unknown-linux-gnu"];

/// A program, and where it comes from.
#[derive(Debug)]
pub(crate) struct Tool {
    /// The program.
    pub(crate) program: &'static str,
    /// Debian's packages that have it, the usual one first; which one it is changed.
    apt: &'static [&'static str],
    dnf: &'static str,
    pacman: &'static str,
    /// None where there is no such thing on that system.
    brew: Option<&'static str>,
}

/// For Cortex-M.
pub(crate) const ARM: Tool = Tool {
    program: "qemu-system-arm",
    apt: &["qemu-system-arm"],
    dnf: "qemu-system-arm",
    pacman: "qemu-system-arm",
    brew: Some("qemu"),
};
/// For RISC-V, which only tests and figures need.
pub(crate) const RISCV: Tool = Tool {
    program: "qemu-system-riscv32",
    apt: &["qemu-system-misc", "qemu-system-riscv"],
    dnf: "qemu-system-riscv",
    pacman: "qemu-system-riscv",
    brew: Some("qemu"),
};
/// What judges the unit of the collector, which needs no systemd that runs.
pub(crate) const SYSTEMD: Tool = Tool {
    program: "systemd-analyze",
    apt: &["systemd"],
    dnf: "systemd",
    pacman: "systemd",
    brew: None,
};
/// What shows the page in its tests.
pub(crate) const CHROMIUM: Tool = Tool {
    program: "chromium",
    apt: &["chromium"],
    dnf: "chromium",
    pacman: "chromium",
    brew: None,
};
/// What tells it to; some systems have it with the browser.
pub(crate) const CHROMEDRIVER: Tool = Tool {
    program: "chromedriver",
    apt: &["chromium-driver"],
    dnf: "chromedriver",
    pacman: "chromium",
    brew: None,
};

/// `--no-install-recommends`: a recommended package can conflict with one that is installed.
const APT_INSTALL: [&str; 4] = ["apt-get", "install", "-y", "--no-install-recommends"];
const INSTALL_LIMIT: Duration = Duration::from_secs(15 * 60);

/// Whether a program can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
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
    ensure_targets(&TARGETS, &progress)?;
    ensure_targets(&COLLECTOR_TARGETS, &progress)?;
    let missing = missing_tools(&progress)?;
    ensure!(missing.is_empty(), "{}", missing.join("; "));
    progress.say("ready: Rust targets, QEMU, systemd-analyze and Chromium are installed");
    Ok(ExitCode::SUCCESS)
}

/// A line for each program that is missing and could not be installed: how to get it.
pub(crate) fn missing_tools(progress: &Progress) -> Result<Vec<String>> {
    let mut tools = vec![&ARM, &RISCV];
    // There is systemd on Linux alone, and elsewhere no package that brings both the browser and its driver.
    if cfg!(target_os = "linux") {
        tools.extend([&SYSTEMD, &CHROMIUM, &CHROMEDRIVER]);
    }
    let mut missing = Vec::new();
    for tool in tools {
        if let Found::Missing { line_to_run } = tool.ensure(progress)? {
            let program = tool.program;
            missing.push(format!(
                "{program} is missing and can't be installed from here; to get it: {line_to_run}"
            ));
        }
    }
    Ok(missing)
}

/// Installs those targets that the pinned toolchain lacks.
pub(crate) fn ensure_targets(targets: &[&str], progress: &Progress) -> Result<()> {
    let mut missing = Vec::new();
    for &target in targets {
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

impl Tool {
    fn is_there(&self) -> bool {
        find_program(self.program).is_some()
    }

    /// Installs it if that needs nobody's password.
    pub(crate) fn ensure(&self, progress: &Progress) -> Result<Found> {
        if self.is_there() {
            return Ok(Found::Have);
        }
        let missing =
            Found::Missing { line_to_run: self.line_to_run(|name| find_program(name).is_some()) };
        let Some(prefix) = administrator().filter(|_| find_program("apt-get").is_some()) else {
            return Ok(missing);
        };
        let program = self.program;
        progress.say(&format!("installing {program} (once, about a minute)"));
        let apt = |arguments: &[&str]| {
            let mut line = prefix.to_vec();
            line.extend(arguments);
            let mut command = Command::new(line[0]);
            command.args(&line[1..]).env("DEBIAN_FRONTEND", "noninteractive");
            install(&mut command, progress)
        };
        let install_one = |package| apt(&[&APT_INSTALL, &[package][..]].concat());
        if install_one(self.apt[0]).is_err() {
            // The usual cause is that the package lists are old or were never fetched.
            progress.say("refreshing the package lists");
            if let Err(error) = apt(&["apt-get", "update"]).and_then(|()| install_one(self.apt[0]))
            {
                progress.say(&format!("{error:#}"));
                return Ok(missing);
            }
        }
        for package in &self.apt[1..] {
            if !self.is_there() && install_one(package).is_err() {
                return Ok(missing);
            }
        }
        ensure!(self.is_there(), "apt-get installed {program}, yet it is not on PATH");
        Ok(Found::Have)
    }

    /// The one line that installs it here, judged by which package manager `has` finds.
    fn line_to_run(&self, has: impl Fn(&str) -> bool) -> String {
        let lines = [
            ("apt-get", format!("sudo {} {}", APT_INSTALL.join(" "), self.apt[0])),
            ("dnf", format!("sudo dnf install {}", self.dnf)),
            ("pacman", format!("sudo pacman -S {}", self.pacman)),
            ("brew", format!("brew install {}", self.brew.unwrap_or_default())),
        ];
        let is_for_it = |manager: &str| manager != "brew" || self.brew.is_some();
        let found = lines.into_iter().find(|(manager, _)| is_for_it(manager) && has(manager));
        let program = self.program;
        found.map_or_else(
            || format!("install what brings {program}, so that it is on PATH"),
            |(_, line)| line,
        )
    }
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
        let on = |tool: &Tool, manager| tool.line_to_run(|program| program == manager);
        let apt = "sudo apt-get install -y --no-install-recommends";
        assert_eq!(on(&ARM, "apt-get"), format!("{apt} qemu-system-arm"));
        assert_eq!(on(&RISCV, "apt-get"), format!("{apt} qemu-system-misc"));
        assert_eq!(on(&RISCV, "brew"), "brew install qemu");
        let by_hand = |program| format!("install what brings {program}, so that it is on PATH");
        assert_eq!(on(&ARM, "none of them"), by_hand("qemu-system-arm"));
        assert_eq!(on(&SYSTEMD, "apt-get"), format!("{apt} systemd"));
        assert_eq!(on(&SYSTEMD, "brew"), by_hand("systemd-analyze"));
    }

    #[test]
    fn targets_are_told_apart() {
        assert!(!has_target("no-such-target").unwrap());
    }
}
