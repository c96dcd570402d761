use super::*;
use crate::store::disk::Memory;
use crate::store::disk::simulated::Simulated;
use core::time::Duration;
use proptest::prelude::*;

const PATIENCE: Duration = Duration::from_secs(60);

fn settled() -> Settled {
    Box::new(Ticket::kept)
}

/// Opens a journal; gives also what was in it.
fn open(
    disk: &(impl Disk + Clone + 'static),
    settled: Settled,
) -> (FileJournal, Running, Vec<Vec<u8>>) {
    let mut entries = Vec::new();
    let disk = Arc::new(disk.clone());
    let (journal, running, _) =
        FileJournal::open(disk, |entry| entries.push(entry.to_vec()), settled).unwrap();
    (journal, running, entries)
}

fn synced(journal: &mut FileJournal) -> Result<(), Refused> {
    journal.sync().wait_for(PATIENCE).unwrap()
}

/// Waits until the journal wants all sessions, as soon as its thread has nothing to do.
fn wait_for_all(journal: &mut FileJournal) {
    while !journal.wants_all() {
        thread::yield_now();
    }
}

fn begun(journal: &mut FileJournal, session: &[u8]) {
    wait_for_all(journal);
    journal.note(session.to_vec());
    journal.is_all();
}

#[test]
fn what_is_synced_is_there_when_it_is_opened_again() {
    let disk = Memory::default();
    let (mut journal, running, entries) = open(&disk, settled());
    assert!(entries.is_empty());
    begun(&mut journal, b"session");
    journal.note(b"frame".to_vec());
    journal.note(b"".to_vec());
    assert_eq!(synced(&mut journal), Ok(()));
    drop(journal);
    running.join();
    let (.., entries) = open(&disk, settled());
    assert_eq!(entries, [&b"session"[..], b"frame", b""]);
}

#[test]
fn others_are_told_when_what_was_noted_is_there() {
    let disk = Memory::default();
    let (mut journal, running, _) = open(&disk, settled());
    let noted = journal.noted();
    assert!(noted.so_far().is_none(), "nothing was");
    begun(&mut journal, b"session");
    // While it is being written, or not any more where that was faster.
    let so_far = noted.so_far().map_or(Ok(()), |ticket| ticket.wait_for(PATIENCE).unwrap());
    assert_eq!(so_far, Ok(()));
    assert_eq!(synced(&mut journal), Ok(()));
    assert!(noted.so_far().is_none(), "all of it is there");
    drop((journal, noted));
    running.join();
    assert_eq!(open(&disk, settled()).2, [b"session"]);
}

#[test]
fn a_journal_that_has_grown_long_begins_anew_and_the_old_file_goes() {
    let disk = Memory::default();
    let (mut journal, running, _) = open(&disk, settled());
    journal.least_bytes = 100;
    begun(&mut journal, b"first");
    for _ in 0..20 {
        journal.note(b"frame".to_vec());
    }
    begun(&mut journal, b"second");
    assert_eq!(synced(&mut journal), Ok(()));
    while disk.list().unwrap().len() > 1 {
        thread::yield_now();
    }
    drop(journal);
    running.join();
    assert_eq!(open(&disk, settled()).2, [b"second"]);
}

#[test]
fn a_file_stays_until_what_was_handed_on_is_kept() {
    let disk = Memory::default();
    let (mut journal, running, _) = open(&disk, Box::new(|| Ticket::new().0));
    journal.least_bytes = 10;
    begun(&mut journal, b"first");
    journal.note(vec![7; 100]);
    begun(&mut journal, b"second");
    assert_eq!(synced(&mut journal), Ok(()));
    drop(journal);
    running.join();
    let entries = open(&disk, settled()).2;
    assert_eq!(entries, [&b"first"[..], &[7; 100], b"second"]);
}

#[test]
fn nothing_is_promised_while_the_disk_is_full_and_then_it_goes_on() {
    let disk = Simulated::default();
    let (mut journal, running, _) = open(&disk, settled());
    begun(&mut journal, b"session");
    assert_eq!(synced(&mut journal), Ok(()));
    disk.room(Some(5));
    journal.note(b"a frame that does not fit".to_vec());
    let refused = synced(&mut journal).unwrap_err();
    assert!(matches!(refused, Refused::Disk(_)), "{refused}");
    journal.note(b"more".to_vec());
    assert!(synced(&mut journal).is_err(), "what came before is lost");
    disk.room(None);
    begun(&mut journal, b"session again");
    assert_eq!(synced(&mut journal), Ok(()));
    drop(journal);
    running.join();
    let last = open(&disk, settled()).2.pop();
    assert_eq!(last.as_deref(), Some(&b"session again"[..]));
}

#[test]
fn a_file_of_another_version_says_what_to_do() {
    let disk = Memory::default();
    disk.create("journal-0000000003").unwrap().append(b"spanjrnl\x02\0\0\0\0\0\0\0").unwrap();
    let error = FileJournal::open(Arc::new(disk), |_| (), settled()).unwrap_err().to_string();
    assert!(error.contains("journal-0000000003") && error.contains("version 2"), "{error}");
}

/// How far whoever reads the entries gets: a session says how many inputs are in it.
fn covered(entries: &[Vec<u8>]) -> u64 {
    entries.iter().fold(0, |covered, entry| {
        let (kind, number) = entry.split_first().unwrap();
        let number = u64::from_le_bytes(number.try_into().unwrap());
        match kind {
            b'S' => number,
            _ if number == covered => covered + 1,
            _ => covered,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn wherever_the_machine_goes_down_what_was_promised_is_there(
        steps in prop::collection::vec(0..8_u8, 1..40), crash_at in 1..60_u64, seed: u64,
    ) {
        let disk = Simulated::default();
        let (mut journal, running, _) = open(&disk, settled());
        journal.least_bytes = 50;
        disk.crash_at(crash_at);
        let entry = |kind: u8, number: u64| [&[kind][..], &number.to_le_bytes()].concat();
        let (mut noted, mut promised) = (0_u64, 0);
        for step in &steps {
            match step {
                0..5 => {
                    journal.note(entry(b'N', noted));
                    noted += 1;
                }
                5..7 => {
                    if synced(&mut journal).is_ok() {
                        promised = noted;
                    }
                }
                _ => {
                    if journal.wants_all() {
                        journal.note(entry(b'S', noted));
                        journal.is_all();
                    }
                }
            }
        }
        drop(journal);
        running.join();
        let after = disk.after_crash(seed);
        let entries = open(&after, settled()).2;
        let found = covered(&entries);
        prop_assert!(found >= promised, "{found} of {promised}");
        prop_assert!(found <= noted);
    }

    #[test]
    fn any_bytes_are_read_or_left(bytes: Vec<u8>, head: bool) {
        let disk = Memory::default();
        let start = if head { &b"spanjrnl\x01\0\0\0\0\0\0\0"[..] } else { b"" };
        disk.create("journal-0000000000").unwrap().append(&[start, &bytes].concat()).unwrap();
        let read = FileJournal::open(Arc::new(disk), |_| (), settled());
        prop_assert!(read.is_ok() || !head);
    }
}
