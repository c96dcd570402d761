//! What a device was told to last does, whenever the collector is killed.

use super::saved::{Play, Step, step};
use super::*;
use crate::storage::{Promise, Refused, Ticket};
use std::collections::HashSet;

/// A journal in memory, of which a part is on the disk.
#[derive(Default)]
struct Notes {
    entries: Vec<Vec<u8>>,
    /// So many of them are on the disk, and the rest is promised.
    synced: usize,
    promises: Vec<(usize, Promise)>,
    wants_all: bool,
    /// From here on it is enough.
    begins: usize,
    all_from: usize,
}

impl Notes {
    fn sync(&mut self) {
        self.synced = self.entries.len();
        self.promises.drain(..).for_each(|(_, promise)| promise.keep(Ok(())));
    }

    fn on_disk(&self) -> Vec<Vec<u8>> {
        self.entries[self.begins.min(self.synced)..self.synced].to_vec()
    }
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Notes>>);

impl Journal for Shared {
    fn note(&mut self, entry: Vec<u8>) {
        self.0.lock().unwrap().entries.push(entry);
    }

    fn sync(&mut self) -> Ticket {
        let (ticket, promise) = Ticket::new();
        let mut notes = self.0.lock().unwrap();
        let count = notes.entries.len();
        notes.promises.push((count, promise));
        ticket
    }

    fn wants_all(&mut self) -> bool {
        let mut notes = self.0.lock().unwrap();
        notes.all_from = notes.entries.len();
        core::mem::take(&mut notes.wants_all)
    }

    fn is_all(&mut self) {
        let mut notes = self.0.lock().unwrap();
        notes.sync();
        notes.begins = notes.all_from;
    }
}

fn journaled(bench: &mut Bench, notes: &Shared) {
    let pipeline = core::mem::replace(
        &mut bench.pipeline,
        Pipeline::new(Options::default(), Box::new(drop::<Output>) as Box<dyn FnMut(Output)>),
    );
    bench.pipeline = pipeline.with_journal(Box::new(notes.clone()));
}

fn acknowledged(bench: &mut Bench) -> Vec<Request<'static>> {
    bench.asked().into_iter().filter(|request| matches!(request, Request::Ack(_))).collect()
}

/// Everything that was handed on, each once.
fn played(steps: &[Step], cut: Option<usize>, all_at: usize) -> HashSet<(Arc<Resource>, Span)> {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut play = Play::new(Hello::ACKNOWLEDGED);
    // Whom nobody knows yet is not told to wait, so nothing of it lasts.
    bench.hello(&mut play.device);
    notes.0.lock().unwrap().sync();
    for (index, step) in steps.iter().enumerate() {
        if index == all_at {
            notes.0.lock().unwrap().wants_all = true;
        }
        if cut == Some(index) {
            let entries = notes.0.lock().unwrap().on_disk();
            killed(&mut bench, &entries, &Shared::default());
        }
        play.step(&mut bench, step);
        notes.0.lock().unwrap().sync();
    }
    bench.wait(60 * SECOND);
    bench.pipeline.finish(bench.now_ns);
    let pairs = |batch: Batch| {
        let resource = batch.resource;
        batch.spans.into_iter().map(move |span| (resource.clone(), span)).collect::<Vec<_>>()
    };
    bench.batches().into_iter().flat_map(pairs).collect()
}

/// Not a new address without a word: there it is a stranger at first, and a stranger waits for nothing.
fn known() -> impl Strategy<Value = Step> {
    step().prop_filter("a stranger", |step| !matches!(step, Step::Move))
}

proptest! {
    #[test]
    fn whoever_goes_on_from_a_journal_makes_the_same_spans(
        steps in prop::collection::vec(known(), 1..40), cut in 0..40_usize, all_at in 0..60_usize,
    ) {
        prop_assert_eq!(played(&steps, Some(cut), all_at), played(&steps, None, all_at));
    }
}

#[test]
fn a_device_is_told_when_it_is_on_the_disk() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut device = Device { flags: Hello::ACKNOWLEDGED, ..device(1) };
    bench.hello(&mut device);
    bench.data(&mut device, vec![Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    assert_eq!(acknowledged(&mut bench), []);
    notes.0.lock().unwrap().sync();
    bench.wait(1);
    let told = acknowledged(&mut bench);
    assert!(matches!(told.last(), Some(Request::Ack(ack)) if ack.next == 1), "{told:?}");
    assert_eq!(told.len(), 2);
}

#[test]
fn a_session_that_moved_goes_on_at_its_new_place() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut play = Play::new(Hello::ACKNOWLEDGED);
    bench.hello(&mut play.device);
    let span = Step::Span { own: FIRST, root: true, ticks: 1, name: 1 };
    for step in [Step::Site, span, Step::Close, Step::Move, Step::Name] {
        play.step(&mut bench, &step);
    }
    notes.0.lock().unwrap().sync();
    let entries = notes.0.lock().unwrap().on_disk();
    bench.restart();
    entries.iter().for_each(|entry| bench.pipeline.replay(entry).unwrap());
    bench.wait(60 * SECOND);
    assert_eq!(bench.pipeline.save().len(), 1);
    assert_eq!(bench.span().span_id, play.device.span_id(FIRST));
}

/// A collector is killed, and the next one goes on from what was noted, with a journal of its own.
fn killed(bench: &mut Bench, entries: &[Vec<u8>], notes: &Shared) {
    bench.restart();
    entries.iter().for_each(|entry| bench.pipeline.replay(entry).unwrap());
    journaled(bench, notes);
}

#[test]
fn a_device_that_connects_again_after_a_kill_is_no_stranger() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut play = Play::new(Hello::ACKNOWLEDGED);
    play.device.peer = Peer::Tcp(([10, 0, 0, 1], 1).into());
    bench.hello(&mut play.device);
    play.step(&mut bench, &Step::Span { own: FIRST, root: true, ticks: 1, name: 1 });
    notes.0.lock().unwrap().sync();
    let entries = notes.0.lock().unwrap().on_disk();
    killed(&mut bench, &entries, &Shared::default());
    // Nobody told the one that was killed that the connection is over, and it was heard of just now.
    play.device.peer = Peer::Tcp(([10, 0, 0, 1], 2).into());
    for step in [Step::Site, Step::Name] {
        play.step(&mut bench, &step);
    }
    bench.wait(60 * SECOND);
    assert_eq!(bench.pipeline.save().len(), 1);
    let span = bench.span();
    assert_eq!((&*span.name, span.warnings), ("read", Vec::new()));
}

#[test]
fn what_moved_before_all_was_noted_is_there_once() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut play = Play::new(Hello::ACKNOWLEDGED);
    bench.hello(&mut play.device);
    play.step(&mut bench, &Step::Span { own: FIRST, root: true, ticks: 1, name: 1 });
    notes.0.lock().unwrap().sync();
    let mut entries = notes.0.lock().unwrap().on_disk();
    let notes = Shared::default();
    killed(&mut bench, &entries, &notes);
    bench.wait(3 * SECOND);
    for step in [Step::Move, Step::Site] {
        play.step(&mut bench, &step);
    }
    notes.0.lock().unwrap().wants_all = true;
    bench.wait(1);
    // Killed before the files of before are removed.
    entries.extend(notes.0.lock().unwrap().on_disk());
    killed(&mut bench, &entries, &Shared::default());
    assert_eq!(bench.pipeline.save().len(), 1);
}

#[test]
fn what_the_disk_refuses_is_not_promised() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut device = Device { flags: Hello::ACKNOWLEDGED, ..device(1) };
    bench.hello(&mut device);
    for (_, promise) in notes.0.lock().unwrap().promises.drain(..) {
        promise.keep(Err(Refused::Full));
    }
    bench.wait(1);
    assert_eq!(acknowledged(&mut bench), []);
}

#[test]
fn a_journal_that_begins_has_every_session_before_anything_comes() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut device = Device { flags: Hello::ACKNOWLEDGED, ..device(1) };
    bench.hello(&mut device);
    bench.data(&mut device, vec![Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    notes.0.lock().unwrap().sync();
    let entries = notes.0.lock().unwrap().on_disk();
    let again = Shared::default();
    again.0.lock().unwrap().wants_all = true;
    killed(&mut bench, &entries, &again);
    // The session, between a beginning and an end.
    assert_eq!(again.0.lock().unwrap().on_disk().len(), 3);
}

#[test]
fn devices_that_do_not_wait_are_not_noted() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut device = device(1);
    bench.hello(&mut device);
    bench.data(&mut device, vec![Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    assert!(notes.0.lock().unwrap().entries.is_empty());
}

#[test]
fn damaged_entries_are_refused_and_the_others_count() {
    let notes = Shared::default();
    let mut bench = Bench::new(true);
    journaled(&mut bench, &notes);
    let mut device = Device { flags: Hello::ACKNOWLEDGED, ..device(1) };
    bench.hello(&mut device);
    let data = device.data(vec![site(1, READ), Record::Span(span(FIRST, Parent::None, [1, 2]))]);
    bench.receive(&device, &data);
    notes.0.lock().unwrap().sync();
    let entries = notes.0.lock().unwrap().on_disk();
    let mut after = Bench::new(true);
    assert_eq!(after.pipeline.replay(&entries[0][..5]), Err(ResumeError::Damaged));
    entries.iter().for_each(|entry| after.pipeline.replay(entry).unwrap());
    after.wait(60 * SECOND);
    assert_eq!(after.span().span_id, device.span_id(FIRST));
}
