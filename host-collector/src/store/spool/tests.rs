//! What is appended comes out in order, whatever happens between.

use super::*;
use crate::store::disk::simulated::Simulated;
use crate::store::rows::tests::{chunk, sketches};
use proptest::collection::vec;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Send(usize),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_usize..4).prop_map(Step::Append),
        3 => (0_usize..2000).prop_map(Step::Send),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..20)
}

fn open(disk: &Simulated) -> Result<DiskSpool, OpenError> {
    DiskSpool::on(Arc::new(disk.clone()), 1 << 20)
}

fn drain(spool: &DiskSpool) -> Vec<Chunk> {
    let mut all = Vec::new();
    loop {
        let spooled = spool.read(1000).unwrap();
        if spooled.chunks.is_empty() {
            return all;
        }
        all.extend(spooled.chunks);
        spool.acknowledge(spooled.end).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_was_appended_comes_in_order_and_after_a_crash_again(
        some in vec(vec(sketches(), 1..3), 1..40),
        steps in steps(),
        crash in 1_u64..60,
    ) {
        let chunks: Vec<Chunk> = some.iter().map(|sketches| chunk(sketches)).collect();
        let disk = Simulated::default();
        disk.crash_at(crash);
        // How many were appended for sure, and how many were acknowledged for sure.
        let (mut appended, mut sent, mut sending) = (0, 0, 0);
        let mut next = chunks.iter().cycle().cloned();
        let mut order = Vec::new();
        let mut spool = open(&disk);
        for step in &steps {
            let Ok(open_spool) = &spool else { break };
            match step {
                Step::Append(count) => {
                    let some: Vec<Chunk> = next.by_ref().take(*count).collect();
                    order.extend(some.clone());
                    if open_spool.append(&some).is_err() {
                        break;
                    }
                    appended = order.len();
                }
                Step::Send(most) => {
                    let Ok(spooled) = open_spool.read(*most) else { break };
                    let count = spooled.chunks.len();
                    prop_assert_eq!(&spooled.chunks[..], &order[sent..sent + count]);
                    sending = sent + count;
                    if count > 0 && open_spool.acknowledge(spooled.end).is_err() {
                        break;
                    }
                    sent += count;
                }
                Step::Reopen => spool = open(&disk),
            }
        }
        drop(spool);
        let spool = open(&disk.after_crash(crash)).unwrap();
        let left = drain(&spool);
        // What was being acknowledged may be gone, and of what was being appended any may be there.
        let begins = |from: usize| {
            let sure = order.get(from..appended).unwrap_or_default();
            let mut maybe = order[appended.max(from)..].iter();
            left.strip_prefix(sure).is_some_and(|more| {
                more.iter().all(|chunk| maybe.any(|other| other == chunk))
            })
        };
        prop_assert!((0..=sending).any(begins));
        prop_assert!(left.len() <= order.len());
        prop_assert_eq!(spool.waiting(), Waiting::default());
    }
}

#[test]
fn it_is_bounded_and_counts_what_waits() {
    let disk = Simulated::default();
    let one = chunk(&[]);
    let spool = DiskSpool::on(Arc::new(disk.clone()), 100).unwrap();
    assert_eq!(spool.append(&[one.clone(), one]), Ok(2));
    assert!(spool.is_durable());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    use proptest::strategy::ValueTree as _;
    let sketch = sketches().new_tree(&mut runner).unwrap().current();
    let full = chunk(&[sketch]);
    let spool = DiskSpool::on(Arc::new(Simulated::default()), full.bytes().len() as u64).unwrap();
    assert_eq!(spool.append(&[full.clone(), full.clone()]), Ok(1));
    let waiting = Waiting { spans: 1, bytes: full.bytes().len() as u64 };
    assert_eq!(spool.waiting(), waiting);
    assert_eq!(spool.append(&[full]), Ok(0));
    assert_eq!(drain(&spool).len(), 1);
}
