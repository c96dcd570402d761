//! `cargo xtask measure`: every figure that has a budget, measured, and held against the last blessed.
//!
//! Instructions, stack and masked stretches are measured by firmware under QEMU, sizes by building
//! images that differ in one thing, bytes on the wire by the device's own encoder run here. What compares
//! times on this machine is measured only where it is asked for: `--only std`.

mod elf;
mod figures;
mod firmware;
mod golden;
mod host;
mod sizes;
mod wire;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use spandrel_tests::{skip, workspace};

use crate::progress::Progress;
use crate::setup;
use figures::{FIGURES, Figures, is_of_host};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only figures whose keys begin so; may be given more than once
    #[arg(long, value_name = "PREFIX")]
    only: Vec<String>,
    /// Take what was measured as what later runs must not be worse than
    #[arg(long, conflicts_with = "check")]
    bless: bool,
    /// Also fail where a figure has no blessed value, or a blessed one was not measured
    #[arg(long)]
    check: bool,
    /// Also print what lies behind the figures, such as each masked stretch
    #[arg(long)]
    details: bool,
}

impl Args {
    fn wants(&self, key: &str) -> bool {
        if self.only.is_empty() {
            return !is_of_host(key);
        }
        self.only.iter().any(|prefix| key.starts_with(prefix.as_str()))
    }
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let progress = Progress::start();
    let lacks_riscv = workspace::find_program(setup::RISCV.program).is_none();
    let is_of_riscv = |key: &str| key.starts_with(firmware::RISCV_KEYS);
    if lacks_riscv && FIGURES.iter().any(|figure| is_of_riscv(figure.key) && args.wants(figure.key))
    {
        let program = setup::RISCV.program;
        skip::skip(&format!("figures of RISC-V: no {program}; `cargo xtask setup` installs it"));
    }
    let is_wanted = |key: &str| args.wants(key) && !(lacks_riscv && is_of_riscv(key));
    let is_whole = args.only.is_empty() && !lacks_riscv;
    ensure!(
        FIGURES.iter().any(|figure| is_wanted(figure.key)),
        "no figure begins with {}",
        args.only.join(" or ")
    );
    let mut now = Figures::default();
    firmware::measure(&is_wanted, &mut now, &progress)?;
    if FIGURES.iter().any(|figure| figure.key.starts_with("wire.") && is_wanted(figure.key)) {
        wire::measure(&mut now)?;
    }
    sizes::measure(&is_wanted, &mut now, &progress)?;
    host::measure(&is_wanted, &mut now, &progress)?;
    now.retain(is_wanted);

    golden::keep(&now, is_whole)?;
    let before = golden::blessed()?;
    figures::print_table(&now, &before, is_wanted);
    if args.details {
        now.print_details();
    }
    if args.bless {
        golden::bless(&now, before, is_whole)?;
        return Ok(ExitCode::SUCCESS);
    }
    let faults = golden::faults(&now, &before, args.check.then_some(&is_wanted));
    for fault in &faults {
        eprintln!("error: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
