//! QEMU, which stands for boards.

use core::fmt::Write as _;
use core::time::Duration;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::proc::Proc;
use crate::skip::skip;
use crate::workspace::find_program;

/// What runs Cortex-M.
pub const ARM: &str = "qemu-system-arm";

/// Whether this QEMU is installed; where it is not that is [a skip](crate::skip::skip).
#[must_use]
pub fn is_there(qemu: &str) -> bool {
    let is_there = find_program(qemu).is_some();
    if !is_there {
        skip(&format!("no {qemu}; `cargo xtask setup` installs it"));
    }
    is_there
}

/// The command that runs a program of `examples/boards/mps2-an386` with these options of QEMU's, which say what
/// its links are, and hands it these arguments, each of the form `KEY=VALUE`.
pub fn board<S: AsRef<str>>(
    program: &Path,
    options: &[&str],
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    // With a debugger there, semihosting would be that one's without `target=native`.
    let mut semihosting = "enable=on,target=native,chardev=sh,arg=firmware".to_owned();
    for argument in arguments {
        // QEMU splits at commas and takes a doubled one for itself.
        let argument = argument.as_ref().replace(',', ",,");
        let _ = write!(semihosting, ",arg={argument}");
    }
    let mut command = Command::new(ARM);
    command.args(["-M", "mps2-an386", "-display", "none", "-monitor", "none"]).args(options);
    command.args(["-chardev", "stdio,id=sh", "-semihosting-config", &semihosting]);
    command.arg("-kernel").arg(program);
    command
}

/// Runs a program instruction by instruction to its end, which must be a good one within `limit`. What it prints
/// goes into the file `output`, since it is megabytes.
///
/// # Errors
/// If it does not end so, with what it said last.
pub fn run_stepped(name: &str, program: &Path, output: &Path, limit: Duration) -> Result<()> {
    const QEMU: &str = "exec qemu-system-arm -M mps2-an386 -icount shift=10 -display none \
        -serial none -monitor none -chardev stdio,id=sh \
        -semihosting-config enable=on,target=native,chardev=sh -kernel \"$0\" >\"$1\"";

    let mut command = Command::new("sh");
    command.args(["-c", QEMU]).arg(program).arg(output);
    let mut qemu = Proc::spawn(name, &mut command)?;
    let status = qemu.wait_for_exit(limit)?;
    ensure!(status.success(), qemu.tell(&format!("failed ({status})")));
    Ok(())
}
