//! The store without its threads: every step is a function, and whoever calls it waits for it.

use super::block::{self, Block};
use super::damage::Damages;
use super::deleted::{Deleted, Entry};
use super::disk::{Disk, Held};
use super::log::{self, Log, Replayed};
use super::names::{self, BlockName, Sorting};
use super::options::{self, Limits, OpenError, Options};
use super::read::{Unsealed, View};
use crate::model::{Chunk, TraceId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What there is to read and to do.
#[derive(Debug)]
pub(super) struct State {
    /// What is being added to.
    pub(super) active: Arc<Unsealed>,
    /// What waits to be sealed, the oldest first.
    pub(super) waiting: VecDeque<Arc<Unsealed>>,
    /// By their logs.
    pub(super) blocks: Vec<Arc<Block>>,
    /// Logs that are sealed and could not be removed yet.
    pub(super) unremoved: BTreeSet<u64>,
    /// Blocks that cannot be merged, since a table of them is damaged.
    pub(super) unmergeable: BTreeSet<BlockName>,
    /// Traces that nobody is shown any more.
    pub(super) deleted: Arc<Deleted>,
    /// Up to which number of these each block has none of them; 0 for those that are not here.
    pub(super) erased: BTreeMap<BlockName, u64>,
    /// Counts whatever changes blocks.
    pub(super) version: u64,
}

/// The store without its threads.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) options: Options,
    pub(super) limits: Limits,
    pub(super) damages: Damages,
    state: Mutex<State>,
    /// Held by whoever changes what is deleted.
    deleting: Mutex<()>,
    /// The log that is written has spans of a trace that was deleted, and ends soon.
    is_tainted: AtomicBool,
    _held: Box<dyn Held>,
}

impl State {
    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        let logs = self.waiting.iter().chain([&self.active]);
        let logs: u64 = logs.map(|log| log.bytes.load(Ordering::Relaxed)).sum();
        logs + self.blocks.iter().map(|block| block.bytes).sum::<u64>()
    }
}

impl Core {
    /// Takes the folder, and sorts out what is in it.
    pub(super) fn open(
        disk: Arc<dyn Disk>,
        options: Options,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let failed = |what: &str, why| OpenError::of(&*disk, what, why);
        let held = options::take(&*disk)?;
        let damages = Damages::default();
        let files = disk.list().map_err(|why| failed("its files", why))?;
        let deleted = Arc::new(Deleted::load(&*disk, &damages)?);
        let (sorting, mut blocks) = open_blocks(&disk, &files, &damages)?;
        for file in &sorting.leftovers {
            disk.remove(file).map_err(|why| failed(file, why))?;
        }
        let mut waiting = VecDeque::new();
        for number in &sorting.logs {
            let name = names::log(*number);
            let unsealed = replay(&disk, *number, &damages)
                .map_err(|why| OpenError::of_log(&*disk, &name, why))?;
            let bytes = files.iter().find(|file| file.0 == name).map_or(0, |file| file.1);
            unsealed.bytes.store(bytes, Ordering::Relaxed);
            waiting.push_back(Arc::new(unsealed));
        }
        disk.sync_names().map_err(|why| failed("its names", why))?;
        blocks.sort_by_key(|block| block.name);
        let last = blocks.iter().map(|block| block.name.last).chain(sorting.logs).max();
        let state = State {
            active: Arc::new(Unsealed::new(last.map_or(1, |last| last + 1))),
            waiting,
            blocks: blocks.into_iter().map(Arc::new).collect(),
            unremoved: BTreeSet::new(),
            unmergeable: BTreeSet::new(),
            deleted,
            erased: BTreeMap::new(),
            version: 0,
        };
        let (state, deleting, is_tainted) =
            (Mutex::new(state), Mutex::default(), AtomicBool::default());
        Ok(Self { disk, options, limits, damages, state, deleting, is_tainted, _held: held })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What can be read now.
    pub(super) fn view(&self) -> View {
        let state = self.lock();
        let waiting = state.waiting.iter().cloned();
        View {
            unsealed: waiting.chain([state.active.clone()]).collect(),
            blocks: state.blocks.clone(),
            deleted: state.deleted.clone(),
        }
    }

    /// Writes chunks, makes them readable, and returns when they are on the disk.
    ///
    /// `log` is what is being written; none after an error, and before anything came.
    pub(super) fn append(&self, log: &mut Option<Log>, chunks: &[Chunk]) -> io::Result<()> {
        let active = self.lock().active.clone();
        if self.limits.has_log {
            let written = self.write(log, &active, chunks);
            if written.is_err() {
                // Nobody knows how far that log is whole: it is ended, and another begun.
                *log = None;
                self.rotate();
                return written;
            }
        }
        {
            let mut table = active.table.write().unwrap_or_else(PoisonError::into_inner);
            chunks.iter().for_each(|chunk| table.take(chunk));
        }
        let is_long = log.as_ref().is_some_and(|log| log.length() >= self.limits.log_bytes);
        let is_large = {
            let table = active.table();
            table.rows.len() >= self.limits.rows || table.weight() >= self.limits.weight
        };
        if is_long || is_large || self.is_tainted.swap(false, Ordering::Relaxed) {
            *log = None;
            self.rotate();
        }
        Ok(())
    }

    /// Deletes a trace: it is not shown any more, also after a crash. Says whether there is room to know
    /// of it; there is none only until others are erased.
    pub(super) fn delete(&self, id: TraceId, now_s: u64) -> io::Result<bool> {
        let _deleting = self.deleting.lock().unwrap_or_else(PoisonError::into_inner);
        let (deleted, active) = {
            let state = self.lock();
            let is_erased = |number: u64| {
                let upto = |block: &Arc<Block>| state.erased.get(&block.name).copied();
                state.blocks.iter().all(|block| upto(block).unwrap_or_default() >= number)
            };
            if state.deleted.next_forgotten().is_some_and(|number| !is_erased(number)) {
                return Ok(false);
            }
            (state.deleted.with(id, now_s), state.active.clone())
        };
        let Some(deleted) = deleted else { return Ok(true) };
        deleted.save(&*self.disk)?;
        self.lock().deleted = Arc::new(deleted);
        if !active.table().traces_like(id).is_empty() {
            self.is_tainted.store(true, Ordering::Relaxed);
        }
        Ok(true)
    }

    /// Forgets that traces were deleted: what is not erased of them is shown again.
    pub(super) fn forget(&self, is_meant: impl Fn(&Entry) -> bool) -> io::Result<()> {
        let _deleting = self.deleting.lock().unwrap_or_else(PoisonError::into_inner);
        let deleted = self.lock().deleted.clone();
        let Some(fewer) = deleted.without(is_meant) else { return Ok(()) };
        fewer.save(&*self.disk)?;
        self.lock().deleted = Arc::new(fewer);
        Ok(())
    }

    fn write(&self, log: &mut Option<Log>, active: &Unsealed, chunks: &[Chunk]) -> io::Result<()> {
        let writing = match log {
            Some(writing) => writing,
            None => log.insert(Log::begin(&*self.disk, &names::log(active.log), active.log)?),
        };
        writing.add(chunks.iter())?;
        active.bytes.store(writing.length(), Ordering::Relaxed);
        Ok(())
    }

    /// Ends the active log, which waits to be sealed, and begins another.
    fn rotate(&self) {
        let mut state = self.lock();
        let next = Arc::new(Unsealed::new(state.active.log + 1));
        let ended = core::mem::replace(&mut state.active, next);
        state.waiting.push_back(ended);
    }
}

/// Opens all blocks that count; one that is damaged counts as not there.
pub(super) fn open_blocks(
    disk: &Arc<dyn Disk>,
    files: &[(String, u64)],
    damages: &Damages,
) -> Result<(Sorting, Vec<Block>), OpenError> {
    let mut opened = Vec::new();
    let mut names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    for (file, bytes) in files {
        let Some(name) = BlockName::parse(file) else { continue };
        match Block::open(&**disk, name, damages.clone()) {
            Ok(block) => opened.push(block),
            Err(block::OpenError::Damaged) => {
                let lost = format!("its end is damaged, so all {bytes} bytes are left out");
                damages.note(file, *bytes, &lost);
                names.retain(|name| name != file);
            }
            Err(block::OpenError::Version(version)) => {
                return Err(OpenError::Version { store: disk.name(), file: file.clone(), version });
            }
            Err(block::OpenError::Io(why)) => {
                return Err(OpenError::of(&**disk, file, why));
            }
        }
    }
    let sorting = names::sort(names.into_iter());
    opened.retain(|block| sorting.blocks.contains(&block.name));
    Ok((sorting, opened))
}

/// What a log that was not sealed had.
pub(super) fn replay(
    disk: &Arc<dyn Disk>,
    number: u64,
    damages: &Damages,
) -> Result<Unsealed, log::ReadError> {
    let unsealed = Unsealed::new(number);
    {
        let mut table = unsealed.table.write().unwrap_or_else(PoisonError::into_inner);
        let Replayed { damaged, .. } =
            log::replay(&**disk, &names::log(number), number, |_, chunk| table.take(&chunk))?;
        if damaged > 0 {
            let lost = format!("{damaged} bytes of spans that came before a crash are lost");
            damages.note(&names::log(number), 0, &lost);
        }
    }
    Ok(unsealed)
}
