//! The thread that writes the journal: whatever waits is written and synced at once.

use super::segment::{self, Segment, length_of};
use super::{Shared, refuse, refused};
use crate::storage::{Promise, Refused, Ticket};
use crate::store::disk::Disk;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// How often it is looked whether files of before can go.
const LOOK: Duration = Duration::from_millis(100);
/// Jobs that are taken before the disk is written, however many more there are.
const MOST_AT_ONCE: usize = 4096;

/// What the thread is to do.
#[derive(Debug)]
pub(super) enum Job {
    /// Write an entry.
    Note(Vec<u8>),
    /// Keep the promise once everything before is on the disk.
    Sync(Promise),
    /// There was no room for an entry: nothing is enough any more until a file begins.
    Hole,
    /// Begin a file.
    Begin,
    /// Every session is in it: files of before go when this is kept.
    All(Ticket),
}

#[derive(Debug)]
pub(super) struct Writer {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    next: u64,
    /// None where it could not be written.
    segment: Option<Segment>,
    /// Files of before, and the one that could not be written.
    old: Vec<u64>,
    /// What the files of before wait for; and which they are.
    leaving: Vec<(Ticket, Vec<u64>)>,
    notes: Vec<Vec<u8>>,
    promises: Vec<Promise>,
    /// Why nothing can be promised.
    why: Refused,
}

impl Writer {
    pub(super) fn new(disk: Arc<dyn Disk>, old: Vec<u64>, shared: Arc<Shared>) -> Self {
        let next = old.last().map_or(0, |last| last + 1);
        Self {
            disk,
            shared,
            next,
            segment: None,
            old,
            leaving: Vec::new(),
            notes: Vec::new(),
            promises: Vec::new(),
            why: Refused::Full,
        }
    }

    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(LOOK) {
                Ok(job) => {
                    self.take(job);
                    jobs.try_iter().take(MOST_AT_ONCE).for_each(|job| self.take(job));
                    self.write();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.remove_old();
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Note(entry) => self.notes.push(entry),
            Job::Sync(promise) => self.promises.push(promise),
            Job::Hole => {
                self.write();
                self.why = Refused::Full;
                self.close();
            }
            Job::Begin => {
                self.write();
                self.segment = None;
                let begun = Segment::begin(&*self.disk, self.next);
                // Also where that fails, since a file of that name may be there.
                self.old.push(self.next);
                self.next += 1;
                match begun {
                    Ok(segment) => self.segment = Some(segment),
                    Err(why) => self.fail(&why),
                }
            }
            Job::All(settled) => {
                self.write();
                // Of the files the last is the one that begins with all that it needs.
                if self.segment.is_some()
                    && let Some(last) = self.old.pop()
                {
                    let old = core::mem::replace(&mut self.old, vec![last]);
                    self.leaving.push((settled, old));
                } else {
                    self.shared.has_old.store(false, Ordering::Relaxed);
                }
            }
        }
    }

    /// Writes what waits, and keeps what was promised.
    fn write(&mut self) {
        let notes = core::mem::take(&mut self.notes);
        let bytes: usize = notes.iter().map(|entry| length_of(entry)).sum();
        let outcome = match &mut self.segment {
            Some(_) if notes.is_empty() => Ok(()),
            Some(segment) => segment.add(&notes),
            None => {
                refuse(&mut self.promises, &self.why);
                Ok(())
            }
        };
        self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
        match outcome {
            Ok(()) => self.promises.drain(..).for_each(|promise| promise.keep(Ok(()))),
            Err(why) => self.fail(&why),
        }
    }

    /// What is written from now on is not enough, until a file begins.
    fn fail(&mut self, why: &io::Error) {
        if self.segment.is_some() || self.why == Refused::Full {
            log::warn!(
                "{}: {why}: devices that wait to be told that their spans are kept go on waiting",
                self.disk.name()
            );
        }
        self.why = refused(why);
        self.close();
        refuse(&mut self.promises, &self.why);
    }

    fn close(&mut self) {
        self.segment = None;
        self.shared.has_hole.store(true, Ordering::Relaxed);
    }

    /// Removes what is not needed any more. A file that stays is read once more, which changes nothing.
    fn remove_old(&mut self) {
        let is_over = |(ticket, _): &mut (Ticket, Vec<u64>)| ticket.outcome().is_some();
        for (ticket, files) in self.leaving.extract_if(.., is_over).collect::<Vec<_>>() {
            if ticket.outcome() != Some(Ok(())) {
                // Nobody knows whether their spans are kept: with the next beginning they may go.
                self.old.splice(0..0, files);
                continue;
            }
            for file in files {
                if let Err(why) = self.disk.remove(&segment::name(file)) {
                    log::debug!("cannot remove {}: {why}", segment::name(file));
                }
            }
        }
        if self.leaving.is_empty() {
            self.shared.has_old.store(false, Ordering::Relaxed);
        }
    }
}
