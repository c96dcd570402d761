//! A reset at each of a thousand instructions, spread evenly over start-up recovery, recording, updates of the
//! table of open spans and draining: what was committed comes up once and as it was, what was open comes cut off,
//! nothing else comes, and no boot faults. `tests/firmware/reset` is the program.

#![expect(clippy::std_instead_of_alloc, reason = "a host program")]

#[path = "reset/expected.rs"]
mod expected;
#[path = "reset/seen.rs"]
mod seen;

use core::time::Duration;
use std::collections::HashSet;
use std::fs;
use std::io::Write as _;

use spandrel_tests::build::cargo_build;
use spandrel_tests::{qemu, workspace};

use seen::Run;

/// Far above what it takes on a busy machine, so that only a hung one is cut off.
const TIME_LIMIT: Duration = Duration::from_secs(10 * 60);
/// Runs that a reset interrupts.
const RUNS: usize = 1000;

#[test]
fn built_for_size() {
    reset_everywhere("release");
}

#[test]
fn built_for_speed() {
    reset_everywhere("o3");
}

fn reset_everywhere(profile: &str) {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    let dir = workspace::root().join("tests/firmware/reset");
    let target = workspace::target_dir().join("reset");
    let target = target.to_str().expect("the folder's name is text");
    let arguments = ["--profile", profile, "--target-dir", target];
    let programs = cargo_build("reset", &dir, &arguments, &mut |line| eprintln!("{line}")).unwrap();

    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("output");
    let program = programs.get("reset").unwrap();
    let ended = qemu::run_stepped("reset", program, &output, TIME_LIMIT);
    let output = fs::read_to_string(&output).unwrap();
    judge(&output, ended, profile);
}

fn judge(output: &str, ended: anyhow::Result<()>, profile: &str) {
    let mut lines = output.lines();
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut length = 0;
    for line in lines.by_ref() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("run", number) => {
                runs.last().iter().for_each(|run| run.check());
                assert_eq!(number.parse(), Ok(runs.len()));
                runs.push(Run::new(line));
            }
            ("length", instructions) => length = instructions.parse().unwrap(),
            ("end", _) => break,
            (word, rest) => runs.last_mut().expect("a run begins first").line(word, rest),
        }
    }
    // Memory that is not understood can hang or fault a boot; the runs before tell more, so they came first.
    ended.unwrap_or_else(|error| panic!("{error:#}; the last run: {:?}", runs.last()));
    runs.last().iter().for_each(|run| run.check());
    assert_eq!((runs.len(), lines.next()), (1 + RUNS, None));

    // The first one is not interrupted: it shows what there is to come.
    let (whole, interrupted) = runs.split_first().unwrap();
    assert_eq!(
        whole.done,
        expected::OPERATIONS.len(),
        "the operations are not those of the firmware"
    );
    let places: HashSet<_> = interrupted.iter().map(|run| run.pc).collect();
    let stages: HashSet<_> = interrupted.iter().map(|run| run.done).collect();
    let unfinished: u32 = interrupted.iter().map(|run| run.unfinished).sum();
    let open: usize = interrupted.iter().map(Run::cut_off).sum();
    let doubled: usize = interrupted.iter().map(|run| run.doubled).sum();
    assert!(places.len() > 200 && stages.len() > expected::OPERATIONS.len() / 2);
    assert!(open > 2 * RUNS, "two are always open");
    // `println!` would be kept back by the test runner, and the figure is what the test is about.
    let _ = writeln!(
        std::io::stderr(),
        "reset ({profile}): {RUNS} resets over {length} instructions, at {} places, behind {} of {} \
         operations; {open} spans cut off, {unfinished} records unfinished, {doubled} came twice",
        places.len(),
        stages.len(),
        expected::OPERATIONS.len(),
    );
}
