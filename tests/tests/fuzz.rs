//! What reads bytes from outside holds for mutated vectors: a slice of `cargo xtask fuzz`.

use spandrel_tests::faults::memory::{Counted, live_bytes};
use spandrel_tests::fuzz::{Limit, TARGETS, run};

#[global_allocator]
static MEMORY: Counted = Counted;

/// Inputs of each target: some seconds in a debug build.
const ROUNDS: u64 = 30_000;
const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

/// One after the other, since the memory is that of the whole process.
#[test]
fn every_target_holds_for_mutated_vectors() {
    assert!(live_bytes() > 0, "nobody counts the memory");
    for target in TARGETS {
        assert!((target.corpus)().len() > 14, "{} has few vectors", target.name);
        match run(target, SEED, Limit::Rounds(ROUNDS)) {
            Ok(report) => println!("{}: {report:?}", target.name),
            Err(found) => panic!("{} does not hold: {found}", target.name),
        }
    }
}
