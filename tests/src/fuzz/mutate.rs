//! Fuzzing from a seed: mutated inputs, one after the other, until something does not hold.

use core::fmt;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::time::Instant;

use super::{MAX_LEN, Target};
use crate::faults::memory;
use crate::random::Random;
use crate::vectors::to_hex;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// After so many inputs, the same on every machine.
    Rounds(u64),
    /// After so much time.
    Time(Duration),
}

/// What was tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Report {
    /// How many inputs.
    pub rounds: u64,
    /// The most memory that one of them took, in bytes; 0 where nobody counts it.
    pub peak_bytes: usize,
    /// The longest that one of them took.
    pub longest: Duration,
}

/// An input for which a target does not hold.
#[derive(Clone, Debug)]
pub struct Found {
    /// What became of it.
    pub why: String,
    /// The input.
    pub input: Vec<u8>,
    /// Which input of its seed it was.
    pub round: u64,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (round {}): {}", self.why, self.round, to_hex(&self.input))
    }
}

impl core::error::Error for Found {}

/// Gives a target mutated inputs of this seed.
///
/// # Errors
/// The first input that lets it panic, or take more memory than it may.
pub fn run(target: &Target, seed: u64, limit: Limit) -> Result<Report, Found> {
    let corpus = (target.corpus)();
    let mut report = Report::default();
    let begun = Instant::now();
    loop {
        let round = report.rounds;
        let is_over = match limit {
            Limit::Rounds(rounds) => round >= rounds,
            // A look at the clock takes longer than a short input.
            Limit::Time(time) => round % 64 == 0 && begun.elapsed() >= time,
        };
        if is_over {
            return Ok(report);
        }
        // Each round has numbers of its own, so that one can be tried again without those before.
        let input = input(&corpus, &mut Random::of(seed, round), round);
        memory::note(round);
        let before = memory::begin_peak();
        let tried = Instant::now();
        let caught = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
        report.longest = report.longest.max(tried.elapsed());
        let taken = memory::peak_bytes().saturating_sub(before);
        report.peak_bytes = report.peak_bytes.max(taken);
        report.rounds += 1;
        let fail = |why| Err(Found { why, input: input.clone(), round });
        if caught.is_err() {
            return fail("it panics, as said above".to_owned());
        }
        // What is made at its first use is no input's.
        if taken > target.most_bytes && round > 0 {
            return fail(format!(
                "it takes {taken} bytes of memory, {} allowed",
                target.most_bytes
            ));
        }
    }
}

fn input(corpus: &[Vec<u8>], random: &mut Random, round: u64) -> Vec<u8> {
    // The vectors themselves come first, and now and then.
    if let Some(vector) = usize::try_from(round).ok().and_then(|round| corpus.get(round)) {
        return vector.clone();
    }
    let mut input = random.one_of(corpus).clone();
    for _ in 0..random.below(5) {
        mutate(&mut input, corpus, random);
    }
    input.truncate(MAX_LEN);
    input
}

/// Makes one change.
fn mutate(input: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    let (at, end) = (random.index(input.len() + 1), random.index(input.len() + 1));
    let (at, end) = (at.min(end), at.max(end));
    match random.below(8) {
        0 => drop(input.drain(at..end)),
        1 => input.truncate(at),
        2 => input.insert(at, random.byte()),
        3 => {
            let part = input[at..end].to_vec();
            input.splice(end..end, part);
        }
        4 => {
            let other = random.one_of(corpus);
            let from = random.index(other.len() + 1);
            input.splice(at..end, other[from..].iter().copied());
        }
        _ if at == input.len() => {}
        5 => input[at] ^= 1 << random.below(8),
        6 => input[at] = random.byte(),
        _ => input[at] = *random.one_of(b"\x00\x01\x7f\x80\xff%:-=,;+ \t\r\n0aAfFgd"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Vec<Vec<u8>> {
        vec![b"abcdef".to_vec(), b"ghij".to_vec()]
    }

    fn never_xx(data: &[u8]) {
        assert!(!data.contains(&b'\xff'), "it is there");
    }

    #[test]
    fn what_does_not_hold_is_found_and_found_again() {
        let target = Target { name: "test", run: never_xx, corpus, most_bytes: usize::MAX };
        let found = run(&target, 3, Limit::Rounds(100_000)).expect_err("one of them has it");
        assert!(found.input.contains(&b'\xff'));
        assert_eq!(input(&corpus(), &mut Random::of(3, found.round), found.round), found.input);
    }

    #[test]
    fn what_holds_is_tried_as_often_as_asked_and_with_the_corpus_first() {
        let target = Target { name: "test", run: |_| (), corpus, most_bytes: usize::MAX };
        assert_eq!(run(&target, 3, Limit::Rounds(100)).expect("it holds").rounds, 100);
        assert_eq!(input(&corpus(), &mut Random::of(3, 1), 1), b"ghij");
    }
}
