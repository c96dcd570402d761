//! The tests of the core that run everywhere: here, and on a Cortex-M0, a Cortex-M4 and a 32-bit RISC-V
//! in QEMU. `tests/firmware/suite/` has them, and the program for the boards.

use core::time::Duration;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use spandrel_suite::{Board, VECTORS, on_interrupt, tests};
use spandrel_tests::build::cargo_build;
use spandrel_tests::proc::Proc;
use spandrel_tests::{qemu, workspace};

/// Far above what it takes on a busy machine, so that only a hung one is cut off.
const TIME_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Text to the host goes through QEMU's own standard output, not through a UART.
const CONSOLE: [&str; 8] = [
    "-display",
    "none",
    "-serial",
    "none",
    "-chardev",
    "stdio,id=sh",
    "-semihosting-config",
    "enable=on,target=native,chardev=sh",
];

#[test]
fn on_the_host() {
    // A thread has what is active for itself, as an interrupt has.
    let board =
        Board { interrupt: || std::thread::spawn(on_interrupt).join().expect("it does not panic") };
    let failed: Vec<_> = tests()
        .filter_map(|test| test.run(&board).err().map(|fault| format!("{}: {fault}", test.name)))
        .collect();
    assert!(failed.is_empty(), "on the host:\n{}", failed.join("\n"));
}

const M0: [&str; 3] = [qemu::ARM, "-M", "microbit"];
const M4: [&str; 3] = [qemu::ARM, "-M", "mps2-an386"];
const RISCV: [&str; 5] = ["qemu-system-riscv32", "-M", "virt", "-bios", "none"];

#[test]
fn on_a_cortex_m0() {
    on_board("thumbv6m-none-eabi", &M0);
}

#[test]
fn on_a_cortex_m4() {
    on_board("thumbv7em-none-eabihf", &M4);
}

#[test]
fn on_a_riscv32() {
    on_board("riscv32imac-unknown-none-elf", &RISCV);
}

/// What a board knows as constants is what the vectors say.
#[test]
fn its_ids_are_vectors() {
    let file = workspace::root().join("tests/vectors/ids.json");
    let file = std::fs::read_to_string(file).unwrap();
    let file: Vec<serde_json::Value> = serde_json::from_str(&file).unwrap();
    for vector in VECTORS {
        let tag: String = vector.session_tag.iter().map(|byte| format!("{byte:02x}")).collect();
        let vector = json!({
            "device": format!("{:016x}", vector.device),
            "session": vector.session,
            "counter": vector.counter,
            "trace_id": vector.trace_id,
            "span_id": vector.span_id,
            "session_tag": tag,
        });
        assert!(file.contains(&vector), "no vector is {vector}");
    }
}

/// Builds the suite for a target, with the core for size and for speed, and runs it in QEMU.
fn on_board(target: &str, machine: &[&str]) {
    if !qemu::is_there(machine[0]) {
        return;
    }
    let dir = workspace::root().join("tests/firmware/suite");
    let folder = workspace::target_dir().join("suite");
    let folder = folder.to_str().expect("the folder's name is text");
    let known: Vec<_> = tests().map(|test| test.name).collect();
    for what in ["size", "speed"] {
        let name = format!("suite for {target}, core built for {what}");
        let mut options = vec!["--release", "--target", target, "--target-dir", folder];
        if target.starts_with("riscv") {
            options.extend(["--features", "suite-board/riscv"]);
        }
        if what == "speed" {
            // There the core's hot path is inlined, so it is other code. The rest is built once.
            options.extend(["--config", "profile.release.package.spandrel.opt-level=3"]);
        }
        let built = cargo_build(&name, &dir, &options, &mut |line| eprintln!("{line}"));
        let lines = run(&name, machine, built.unwrap().get("suite").unwrap());
        let passed: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("ok ")).collect();
        assert_eq!(passed, known, "{name}:\n{}", lines.join("\n"));
    }
}

/// The lines that the program prints; it must end by itself.
fn run(name: &str, machine: &[&str], program: &Path) -> Vec<String> {
    let mut command = Command::new(machine[0]);
    command.args(&machine[1..]).args(CONSOLE).arg("-monitor").arg("none");
    let mut qemu = Proc::spawn(name, command.arg("-kernel").arg(program)).unwrap();
    let status = qemu.wait_for_exit(TIME_LIMIT).unwrap_or_else(|error| panic!("{error:#}"));
    let failed: Vec<_> =
        qemu.lines().into_iter().filter(|line| line.starts_with("FAILED ")).collect();
    assert!(failed.is_empty(), "{name}:\n{}", failed.join("\n"));
    assert!(status.success(), "{}", qemu.tell(&format!("failed ({status})")));
    qemu.lines()
}
