//! A slice of every row of `cargo xtask faults`.

use spandrel_tests::faults::memory::Counted;
use spandrel_tests::faults::rows::{ROWS, Run};
use spandrel_tests::skip::Skip;

#[global_allocator]
static MEMORY: Counted = Counted;

/// One after the other, since the memory is that of the whole process.
#[test]
fn every_row_holds_in_short() {
    for row in ROWS {
        for seed in [1, 2] {
            let outcome = match (row.run)(&Run { seed, is_short: true }) {
                Ok(outcome) => outcome,
                Err(why) if why.is::<Skip>() => {
                    spandrel_tests::skip::skip(&format!("{}: {why}", row.name));
                    continue;
                }
                Err(why) => panic!("{}, seed {seed}: {why:#}", row.name),
            };
            println!("{}, seed {seed}: {}", row.name, outcome.measured);
            assert!(outcome.faults.is_empty(), "{}, seed {seed}: {:#?}", row.name, outcome.faults);
        }
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ROWS.len());
}
