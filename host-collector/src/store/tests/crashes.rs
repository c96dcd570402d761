//! A crash at any step: the store opens, has all that was acknowledged, and nothing that nobody sent.

use super::model::{Step, is_left, steps};
use super::{Steps, ids};
use crate::store::disk::simulated::Simulated;
use crate::store::options::Options;
use crate::store::rows::tests::{Sketch, expected};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeSet;

/// What was acknowledged, what was sent at all, what was deleted, and what was to be.
#[derive(Default)]
struct Said {
    kept: Vec<Sketch>,
    sent: Vec<Sketch>,
    deleted: BTreeSet<u8>,
    to_delete: BTreeSet<u8>,
}

/// Runs until the disk fails.
fn run(disk: &Simulated, steps: &[Step]) -> Said {
    let mut said = Said::default();
    let Said { kept, sent, deleted, to_delete } = &mut said;
    let Ok(mut store) = Steps::try_open(disk, Options::default()) else { return said };
    for step in steps {
        let done = match step {
            Step::Append(some) => {
                sent.extend(some.clone());
                let done = store.append(some);
                if done.is_ok() {
                    kept.extend(some.clone());
                }
                done
            }
            Step::Again(_) => Ok(()),
            Step::Seal => store.seal(),
            Step::Merge => store.merge(),
            Step::Reopen => match Steps::try_open(disk, Options::default()) {
                Ok(opened) => {
                    store = opened;
                    Ok(())
                }
                Err(_) => break,
            },
            Step::Delete(trace) => {
                to_delete.insert(*trace);
                let done = store.delete(*trace);
                if done.is_ok() {
                    deleted.insert(*trace);
                }
                done
            }
            Step::Erase => store.erase(),
        };
        if done.is_err() {
            break;
        }
    }
    said
}

/// How many crashes there are.
const CRASHES: u64 = 10_000;

#[test]
fn ten_thousand_crashes_lose_nothing_that_was_acknowledged() {
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        TestRng::deterministic_rng(RngAlgorithm::ChaCha),
    );
    let (mut crashes, mut lost_some, mut opened_some) = (0, 0, 0);
    while crashes < CRASHES {
        let steps = steps(14, 3).new_tree(&mut runner).unwrap().current();
        let whole = Simulated::default();
        run(&whole, &steps);
        for step in 1..=whole.steps() {
            let disk = Simulated::default();
            disk.crash_at(step);
            let mut said = run(&disk, &steps);
            // What is deleted stays so; what was to be may be.
            said.sent.retain(|one| is_left(&said.deleted, one));
            said.kept.retain(|one| is_left(&said.to_delete, one));
            // What the crash left, and what a crash while that is sorted out leaves of it.
            let after = disk.after_crash(crashes);
            after.crash_at(1 + crashes % 7);
            drop(Steps::try_open(&after, Options::default()));
            let disk = after.after_crash(crashes + 1);

            let mut store = Steps::open(&disk, Options::default());
            let there = store.all(ids());
            let (kept, sent) = (expected(&said.kept), expected(&said.sent));
            assert!(kept.iter().all(|span| there.contains(span)), "crash {crashes} at step {step}");
            assert!(there.iter().all(|span| sent.contains(span)), "crash {crashes} at step {step}");
            if crashes.is_multiple_of(5) {
                store.seal().unwrap();
                store.merge().unwrap();
                store.erase().unwrap();
                assert_eq!(store.all(ids()), there, "crash {crashes} at step {step}");
            }
            lost_some += u64::from(there.len() < sent.len());
            opened_some += u64::from(!there.is_empty());
            crashes += 1;
        }
    }
    // Else the disk would have been too kind for this to say anything.
    assert!(lost_some > CRASHES / 20 && opened_some > CRASHES / 2, "{lost_some}, {opened_some}");
}
