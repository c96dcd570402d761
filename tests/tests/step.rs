//! An interrupt at every instruction of recording: each record comes up whole and once, or is counted
//! as dropped. `tests/firmware/step` is the program; here is what it must have recorded.

#![expect(clippy::std_instead_of_alloc, reason = "a host program")]

#[path = "step/coverage.rs"]
mod coverage;
#[path = "step/records.rs"]
mod records;
#[path = "step/seen.rs"]
mod seen;

use core::time::Duration;
use std::fs::File;
use std::io::{BufRead, BufReader, Write as _};

use spandrel_tests::build::cargo_build;
use spandrel_tests::vectors::from_hex;
use spandrel_tests::{qemu, workspace};

use coverage::Coverage;
use records::Run;

/// Far above what it takes on a busy machine, so that only a hung one is cut off.
const TIME_LIMIT: Duration = Duration::from_secs(4 * 60);

/// Stretches, and states of the ring, that the firmware has at least; more do no harm.
const LEAST_STRETCHES: usize = 98;

#[test]
fn built_for_size() {
    step_over_everything("release", &[]);
}

#[test]
fn built_for_speed() {
    step_over_everything("o3", &[]);
}

#[test]
fn built_for_speed_with_open_spans_that_survive() {
    step_over_everything("o3", &["--features", "open-spans"]);
}

fn step_over_everything(profile: &str, more: &[&str]) {
    if !qemu::is_there(qemu::ARM) {
        return;
    }
    let dir = workspace::root().join("tests/firmware/step");
    // One folder each: programs of the same name replace each other.
    let target =
        workspace::target_dir().join(["step"].iter().chain(more).copied().collect::<String>());
    let target = target.to_str().expect("the folder's name is text");
    let arguments = [&["--profile", profile, "--target-dir", target], more].concat();
    let programs = cargo_build("step", &dir, &arguments, &mut |line| eprintln!("{line}")).unwrap();

    let scratch = tempfile::tempdir().unwrap();
    let output = scratch.path().join("output");
    let program = programs.get("step").unwrap();
    let ended = qemu::run_stepped("step", program, &output, TIME_LIMIT);

    let mut judge = Judge::default();
    let mut lines = BufReader::new(File::open(&output).unwrap()).lines().map(Result::unwrap);
    let mut last = lines.next();
    for line in lines {
        judge.line(&last.replace(line).expect("there was one before"));
    }
    // A broken ring can hang the firmware too; the runs before tell more, so they are judged first.
    ended.unwrap_or_else(|error| panic!("{error:#}; the last it printed: {last:?}"));
    last.iter().for_each(|line| judge.line(line));
    judge.end_stretch();
    assert!(judge.stretches >= LEAST_STRETCHES, "only {} stretches", judge.stretches);
    // At the end of the ring a record takes longer: the states are what their names say.
    assert!(judge.length_of("w1", "at-end") > judge.length_of("w1", "near-end"));
    assert!(judge.most_dropped > 1, "the ring was never full");
    // `println!` would be kept back by the test runner, and the figure is what the test is about.
    let _ = writeln!(
        std::io::stderr(),
        "step ({profile}): {} runs over {} stretches of {} instructions: interrupted at {} of them, \
         at the end of a masked section instead of at {} more",
        judge.runs,
        judge.stretches,
        judge.instructions,
        judge.distinct,
        judge.instructions - judge.distinct,
    );
}

/// Reads what the firmware prints, and judges each run and each stretch when it is over.
#[derive(Default)]
struct Judge {
    stretch: Vec<String>,
    run: Option<Run>,
    coverage: Coverage,
    lengths: Vec<(Vec<String>, u32)>,
    runs: u32,
    stretches: usize,
    instructions: u32,
    distinct: u32,
    most_dropped: usize,
}

impl Judge {
    fn line(&mut self, line: &str) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "stretch" => {
                self.end_stretch();
                let (name, length) = rest.rsplit_once(' ').unwrap();
                self.stretch = name.split(' ').map(str::to_owned).collect();
                self.coverage = Coverage::new(length.parse().unwrap());
            }
            "run" => {
                self.end_run();
                self.run = Some(Run::new(rest, &mut self.coverage));
            }
            "frame" => {
                let run = self.run.as_mut().expect("frames follow a run");
                run.frames.push(from_hex(rest).unwrap());
            }
            _ => panic!("the firmware said: {line}"),
        }
    }

    fn end_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.runs += 1;
            self.most_dropped = self.most_dropped.max(run.dropped);
            run.check(&self.stretch[0]).unwrap_or_else(|wrong| {
                panic!("{}, run {}: {wrong}", self.stretch.join(" "), run.line);
            });
        }
    }

    fn end_stretch(&mut self) {
        self.end_run();
        if self.stretch.is_empty() {
            return;
        }
        let name = core::mem::take(&mut self.stretch);
        let coverage = core::mem::take(&mut self.coverage);
        let distinct =
            coverage.check().unwrap_or_else(|wrong| panic!("{}: {wrong}", name.join(" ")));
        self.stretches += 1;
        self.instructions += coverage.length;
        self.distinct += distinct;
        self.lengths.push((name, coverage.length));
    }

    fn length_of(&self, stretch: &str, state: &str) -> u32 {
        let known = self.lengths.iter().find(|(name, _)| name[0] == stretch && name[1] == state);
        known.expect("the firmware steps over it").1
    }
}
