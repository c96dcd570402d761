//! Figures that firmware measures by itself, under QEMU with one instruction a microsecond or so.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use spandrel_tests::proc::Proc;
use spandrel_tests::workspace;

use super::figures::{FIGURES, Figures};
use crate::progress::Progress;

/// Far above a cold build on two cores, so that only what hangs is cut off.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

/// A program of `tests/firmware/measure/run` that prints figures.
struct Program {
    bin: &'static str,
    board: Board,
    profile: &'static str,
    /// What is added to the keys that it prints.
    suffix: &'static str,
    /// What Cargo is told beside.
    options: &'static [&'static str],
    /// The keys that count, of those that it prints.
    measures: &'static [&'static str],
}

/// What a program runs on, in QEMU.
#[derive(Clone, Copy)]
enum Board {
    CortexM4,
    CortexM0,
    Riscv32,
}

impl Board {
    fn target(self) -> &'static str {
        match self {
            Self::CortexM4 => "thumbv7em-none-eabihf",
            Self::CortexM0 => "thumbv6m-none-eabi",
            Self::Riscv32 => "riscv32imac-unknown-none-elf",
        }
    }

    /// What stands before the keys that a program prints.
    fn prefix(self) -> &'static str {
        match self {
            Self::CortexM4 => "",
            Self::CortexM0 => "m0.",
            Self::Riscv32 => RISCV_KEYS,
        }
    }
}

/// What the keys begin with that need an emulator of their own.
pub(super) const RISCV_KEYS: &str = "rv32.";

const PROGRAMS: &[Program] = &[
    Program {
        bin: "hot",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["hot.w1", "hot.w2", "hot.w3", "ring.w1", "span.size"],
    },
    Program {
        bin: "hot",
        board: Board::CortexM4,
        profile: "release",
        suffix: ".os",
        options: &[],
        measures: &["hot.w1", "hot.w2", "hot.w3"],
    },
    Program {
        bin: "hot_reset",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".reset.o3",
        options: &[],
        measures: &["hot.w1", "hot.w2", "hot.w3"],
    },
    Program {
        bin: "hot_ack",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["ack.hot.w1", "ack.hot.w2", "ack.hot.w3", "ack.ram"],
    },
    Program {
        bin: "sampling",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["hot.unsampled", "hot.root_sampling"],
    },
    Program {
        bin: "scope",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["scope.enter_exit", "scope.in_span_poll"],
    },
    Program {
        bin: "carriers",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &[
            "carrier.w3c.extract",
            "carrier.w3c.inject",
            "carrier.short.extract",
            "carrier.short.inject",
        ],
    },
    // As small as `auth.flash` says that it is.
    Program {
        bin: "seal",
        board: Board::CortexM4,
        profile: "release",
        suffix: ".os",
        options: &["--features=auth"],
        measures: &["auth.frame_insns"],
    },
    Program {
        bin: "disabled",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &["--no-default-features"],
        measures: &["hot.disabled"],
    },
    Program {
        bin: "mask",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &["--no-default-features", "--features=enable,stopwatch"],
        measures: &["mask.longest"],
    },
    // The worse of both counts: which one it is changes with the compiler.
    Program {
        bin: "stack",
        board: Board::CortexM4,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["stack.encode"],
    },
    Program {
        bin: "stack",
        board: Board::CortexM4,
        profile: "release",
        suffix: ".os",
        options: &[],
        measures: &["stack.encode"],
    },
    Program {
        bin: "task",
        board: Board::CortexM4,
        profile: "release",
        suffix: ".os",
        options: &[],
        measures: &["ram.reporter"],
    },
    Program {
        bin: "hot",
        board: Board::CortexM0,
        profile: "release",
        suffix: ".os",
        options: &[],
        measures: &["hot.w1", "hot.w2", "hot.w3"],
    },
    Program {
        bin: "hot",
        board: Board::Riscv32,
        profile: "o3",
        suffix: ".o3",
        options: &[],
        measures: &["hot.w1", "hot.w2", "hot.w3"],
    },
];

/// The folder of the workspace with the measuring firmware.
pub(super) fn dir() -> PathBuf {
    workspace::root().join("tests/firmware/measure")
}

/// Where that workspace is built: apart, since others may build there just now.
pub(super) fn target_dir() -> PathBuf {
    workspace::target_dir().join("measure")
}

/// Runs the programs that measure what is wanted.
pub(super) fn measure(
    is_wanted: &dyn Fn(&str) -> bool,
    now: &mut Figures,
    progress: &Progress,
) -> Result<()> {
    for program in PROGRAMS {
        let keys = program.measures.iter().filter_map(|key| program.figure(key));
        if keys.into_iter().any(is_wanted) {
            progress.say(&program.name());
            program.run(now)?;
        }
    }
    Ok(())
}

impl Program {
    /// The figure that a printed key is of: some tell how it was compiled, others need not.
    fn figure(&self, printed: &str) -> Option<&'static str> {
        let printed = format!("{}{printed}", self.board.prefix());
        let full = format!("{printed}{}", self.suffix);
        FIGURES.iter().map(|figure| figure.key).find(|key| *key == full || *key == printed)
    }

    fn name(&self) -> String {
        format!("{} at profile {} for {}", self.bin, self.profile, self.board.target())
    }

    fn run(&self, now: &mut Figures) -> Result<()> {
        let name = format!("measuring {}", self.name());
        let mut command = Command::new("cargo");
        // `cargo run`: how QEMU is called stands in one place, the runner in `.cargo/config.toml`.
        command.args(["run", "--quiet", "--package=measure-run", "--bin", self.bin]);
        command.args(["--target", self.board.target()]);
        command.args(["--profile", self.profile]).args(self.options).current_dir(dir());
        command.arg("--target-dir").arg(target_dir());
        let mut run = Proc::spawn(&name, &mut command)?;
        let status = run.wait_for_exit(TIME_LIMIT)?;
        ensure!(status.success(), run.tell(&format!("failed ({status})")));
        for line in run.lines() {
            if let Some(detail) = line.strip_prefix("# ") {
                let prefix = self.board.prefix();
                now.add_detail(format!("{prefix}{detail} ({})", self.profile));
            } else if let Some((key, value)) = line.split_once(' ')
                && self.measures.contains(&key)
                && let Some(key) = self.figure(key)
            {
                let value = value.trim().parse();
                now.add(key, value.with_context(|| format!("{name}: not a figure: {line}"))?);
            }
        }
        for key in self.measures {
            let figure = self.figure(key).with_context(|| format!("{key} is no figure"))?;
            ensure!(now.by_key.contains_key(figure), run.tell(&format!("did not print {key}")));
        }
        Ok(())
    }
}
