//! A queue on the disk: what an exporter's peer does not take for now, in the order in which it came.
//!
//! It is a row of logs in a folder of its own, `spool-N.spans`, of which the last is written. The
//! file `acknowledged` has how far they were sent: a log's number and how many of its records, as
//! text. A log all of which was sent is removed.

use crate::model::Chunk;
use crate::storage::{Position, Spool, SpoolError, Spooled, Waiting};
use crate::store::damage::Damages;
use crate::store::disk::{Disk, Held};
use crate::store::log::{self, Log};
use crate::store::options::{self, OpenError};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const ACKNOWLEDGED: &str = "acknowledged";
const ACKNOWLEDGED_NEW: &str = "acknowledged.tmp";

/// A log that is so long is followed by another.
const LONG: u64 = 8 << 20;
/// Records that may wait, however short: where each begins is kept in memory.
const MOST: usize = 1 << 20;
/// Records of a log at most; a position has so many bits for them.
const RECORDS: u64 = 1 << 24;

fn file(number: u64) -> String {
    format!("spool-{number:010}.spans")
}

fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("spool-")?.strip_suffix(".spans")?.parse().ok()
}

/// Where a record is, and how much is in it.
#[derive(Clone, Copy, Debug)]
struct Record {
    log: u64,
    /// Its number among those of its log.
    number: u64,
    at: u64,
    holds: Waiting,
}

impl Record {
    fn end(&self) -> Position {
        Position(self.log * RECORDS + self.number + 1)
    }
}

#[derive(Debug)]
struct State {
    writing: Option<Log>,
    /// What was not acknowledged, by its order.
    records: VecDeque<Record>,
    /// Records that the log that is written has.
    written: u64,
    /// The number of the next log.
    next: u64,
    /// Logs that are there.
    logs: Vec<u64>,
    waiting: Waiting,
}

/// The queue.
#[derive(Debug)]
pub struct DiskSpool {
    disk: Arc<dyn Disk>,
    most: u64,
    damages: Damages,
    state: Mutex<State>,
    _held: Box<dyn Held>,
}

fn failed(error: &io::Error) -> SpoolError {
    SpoolError(error.to_string())
}

impl DiskSpool {
    /// Opens the queue in a folder of its own, which is made if it is not there, with room for
    /// `most` bytes.
    ///
    /// # Errors
    ///
    /// [`OpenError`], which says what to do.
    pub fn open(path: &Path, most: u64) -> Result<Self, OpenError> {
        let folder = options::make(path)?;
        Self::on(Arc::new(folder), most)
    }

    pub(in crate::store) fn on(disk: Arc<dyn Disk>, most: u64) -> Result<Self, OpenError> {
        let failed = |what: &str, why| OpenError::of(&*disk, what, why);
        let held = options::take(&*disk)?;
        let damages = Damages::default();
        let files = disk.list().map_err(|why| failed("its files", why))?;
        let mut logs: Vec<u64> = files.iter().filter_map(|(name, _)| number_of(name)).collect();
        logs.sort_unstable();
        let acknowledged = acknowledged(&*disk).map_err(|why| failed(ACKNOWLEDGED, why))?;
        let mut state = State {
            writing: None,
            records: VecDeque::new(),
            written: 0,
            // A number that was acknowledged once is never used again, also if its log is gone.
            next: logs.last().copied().unwrap_or_default().max(acknowledged.0 / RECORDS) + 1,
            logs: logs.clone(),
            waiting: Waiting::default(),
        };
        for log in logs {
            let name = file(log);
            let mut number = 0;
            let replayed = log::replay(&*disk, &name, log, |at, chunk| {
                let holds = holds(&chunk);
                let record = Record { log, number, at, holds };
                number += 1;
                if record.end() > acknowledged {
                    state.push(record);
                }
            });
            let replayed = replayed.map_err(|why| OpenError::of_log(&*disk, &name, why))?;
            if replayed.damaged > 0 {
                let lost = format!("{} bytes that were to be sent are lost", replayed.damaged);
                damages.note(&name, 0, &lost);
            }
        }
        let spool = Self { disk, most, damages, state: Mutex::new(state), _held: held };
        let tidied = spool.tidy(&mut spool.lock());
        tidied.map_err(|why| OpenError::of(&*spool.disk, "what was sent", why))?;
        Ok(spool)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes logs of which nothing waits.
    fn tidy(&self, state: &mut State) -> io::Result<()> {
        let first = state.records.front().map_or(u64::MAX, |record| record.log);
        let writing = state.writing.as_ref().map_or(u64::MAX, |log| log.number);
        let mut removed = false;
        for log in state.logs.clone() {
            if log < first && log != writing {
                self.disk.remove(&file(log))?;
                state.logs.retain(|other| *other != log);
                removed = true;
            }
        }
        if removed { self.disk.sync_names() } else { Ok(()) }
    }

    fn write(&self, state: &mut State, chunks: &[Chunk]) -> io::Result<()> {
        if state.writing.is_none() {
            let number = state.next;
            state.writing = Some(Log::begin(&*self.disk, &file(number), number)?);
            state.logs.push(number);
            state.next += 1;
            state.written = 0;
        }
        let Some(writing) = &mut state.writing else { return Ok(()) };
        let (log, places) = (writing.number, writing.add(chunks.iter())?);
        let is_long = writing.length() >= LONG;
        for (chunk, at) in chunks.iter().zip(places) {
            let record = Record { log, number: state.written, at, holds: holds(chunk) };
            state.written += 1;
            state.push(record);
        }
        if is_long || state.written >= RECORDS / 2 {
            state.writing = None;
        }
        Ok(())
    }
}

impl State {
    fn push(&mut self, record: Record) {
        self.waiting.spans += record.holds.spans;
        self.waiting.bytes += record.holds.bytes;
        self.records.push_back(record);
    }

    fn pop(&mut self) {
        if let Some(record) = self.records.pop_front() {
            self.waiting.spans -= record.holds.spans;
            self.waiting.bytes -= record.holds.bytes;
        }
    }
}

fn holds(chunk: &Chunk) -> Waiting {
    Waiting { spans: chunk.len() as u64, bytes: chunk.bytes().len() as u64 }
}

/// How far everything was sent. What cannot be read says nothing: then all comes again.
fn acknowledged(disk: &dyn Disk) -> io::Result<Position> {
    let input = match disk.open(ACKNOWLEDGED) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Position(0)),
        opened => opened?,
    };
    let length = usize::try_from(input.length()?).unwrap_or_default().min(64);
    let text = crate::store::disk::read(&*input, 0, length)?;
    let number = str::from_utf8(&text).ok().and_then(|text| text.trim().parse().ok());
    Ok(Position(number.unwrap_or_default()))
}

impl Spool for DiskSpool {
    fn append(&self, chunks: &[Chunk]) -> Result<usize, SpoolError> {
        let mut state = self.lock();
        let mut bytes = state.waiting.bytes;
        let room = MOST.saturating_sub(state.records.len());
        let fits = |chunk: &&Chunk| {
            bytes = bytes.saturating_add(chunk.bytes().len() as u64);
            bytes <= self.most && chunk.bytes().len() <= log::LONGEST
        };
        let count = chunks.iter().take(room).take_while(fits).count();
        let some = chunks.get(..count).unwrap_or_default();
        if !some.is_empty()
            && let Err(error) = self.write(&mut state, some)
        {
            // Nobody knows how far that log is whole: it is ended.
            state.writing = None;
            return Err(failed(&error));
        }
        Ok(count)
    }

    fn read(&self, most: usize) -> Result<Spooled, SpoolError> {
        let mut state = self.lock();
        let mut spooled = Spooled::default();
        let (mut bytes, mut input) = (0_usize, None);
        let mut index = 0;
        while let Some(record) = state.records.get(index).copied() {
            let length = usize::try_from(record.holds.bytes).unwrap_or(usize::MAX);
            bytes = bytes.saturating_add(length);
            if !spooled.chunks.is_empty() && bytes > most {
                break;
            }
            let name = file(record.log);
            let opened = match input.take() {
                Some((log, opened)) if log == record.log => opened,
                _ => self.disk.open(&name).map_err(|error| failed(&error))?,
            };
            match log::chunk_at(&*opened, record.log, record.at).map_err(|error| failed(&error))? {
                Some(chunk) => spooled.chunks.push(chunk),
                None => {
                    let lost =
                        format!("{} spans that were to be sent are lost", record.holds.spans);
                    self.damages.note(&name, record.at, &lost);
                }
            }
            spooled.end = record.end();
            input = Some((record.log, opened));
            index += 1;
        }
        if spooled.chunks.is_empty() {
            // Nobody will acknowledge what is all damaged.
            (0..index).for_each(|_| state.pop());
        }
        Ok(spooled)
    }

    fn acknowledge(&self, end: Position) -> Result<(), SpoolError> {
        let mut state = self.lock();
        while state.records.front().is_some_and(|record| record.end() <= end) {
            state.pop();
        }
        let note = || {
            let mut note = self.disk.create(ACKNOWLEDGED_NEW)?;
            note.append(format!("{}\n", end.0).as_bytes())?;
            note.sync()?;
            self.disk.rename(ACKNOWLEDGED_NEW, ACKNOWLEDGED)?;
            self.disk.sync_names()
        };
        note().and_then(|()| self.tidy(&mut state)).map_err(|error| failed(&error))
    }

    fn waiting(&self) -> Waiting {
        self.lock().waiting
    }

    fn is_durable(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
