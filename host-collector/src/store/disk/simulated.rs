//! A disk for tests that forgets, reorders and tears whatever was not synced.
//!
//! It has what is *there* (what a running process sees) and what is *kept* (what a crash leaves).
//! A crash may happen at any step: the step fails, and so does every one after it. Then
//! [`Simulated::after_crash`] makes the disk that the next process finds: of bytes that were not
//! synced any 512-byte sector may be there, be zero or be missing, in any order, and of names
//! that were not synced any prefix of the changes.

use super::{Disk, Held, Input, Locked, Memory, Output};
use proptest::prelude::Rng as _;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

const SECTOR: usize = 512;

#[derive(Clone, Debug, Default)]
struct File {
    bytes: Vec<u8>,
    synced: usize,
}

#[derive(Clone, Debug)]
enum Change {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

#[derive(Debug, Default)]
struct State {
    files: Vec<File>,
    names: BTreeMap<String, usize>,
    kept: BTreeMap<String, usize>,
    changes: Vec<Change>,
    steps: u64,
    crash_at: Option<u64>,
    room: Option<usize>,
    is_read_only: bool,
}

/// The disk. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Simulated(Arc<Mutex<State>>);

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    match change {
        Change::Create(name, file) => {
            names.insert(name.clone(), *file);
        }
        Change::Rename(from, to) => {
            if let Some(file) = names.remove(from) {
                names.insert(to.clone(), file);
            }
        }
        Change::Remove(name) => {
            names.remove(name);
        }
    }
}

impl State {
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        match self.crash_at {
            Some(at) if self.steps >= at => Err(io::Error::other("the machine is gone")),
            _ => Ok(()),
        }
    }

    fn change(&mut self, change: Change) -> io::Result<()> {
        self.step()?;
        if self.is_read_only {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        apply(&mut self.names, &change);
        self.changes.push(change);
        Ok(())
    }
}

impl Simulated {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Fails from the `step`th operation on.
    pub(crate) fn crash_at(&self, step: u64) {
        self.state().crash_at = Some(step);
    }

    /// How many operations there were.
    pub(crate) fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Takes that many bytes more; none: as many as come.
    pub(crate) fn room(&self, bytes: Option<usize>) {
        self.state().room = bytes;
    }

    pub(crate) fn read_only(&self) {
        self.state().is_read_only = true;
    }

    /// Changes bytes of a file.
    pub(crate) fn damage(&self, name: &str, with: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        with(&mut state.files[file].bytes);
    }

    /// What the next process finds.
    pub(crate) fn after_crash(&self, seed: u64) -> Self {
        let state = self.state();
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut kept = state.kept.clone();
        let some = below(&mut random, state.changes.len() + 1);
        state.changes[..some].iter().for_each(|change| apply(&mut kept, change));
        let files = state.files.iter().map(|file| torn(file, &mut random)).collect();
        let names = kept.clone();
        let state = State { files, names, kept, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }
}

fn below(random: &mut TestRng, most: usize) -> usize {
    usize::try_from(random.next_u64() % most as u64).unwrap()
}

fn torn(file: &File, random: &mut TestRng) -> File {
    let mut bytes = file.bytes.clone();
    let most = bytes.len() - file.synced;
    let kept = match below(random, 3) {
        0 => 0,
        1 => most,
        _ => below(random, most + 1),
    };
    bytes.truncate(file.synced + kept);
    if below(random, 2) == 0 {
        let mut at = file.synced;
        while at < bytes.len() {
            let end = ((at / SECTOR + 1) * SECTOR).min(bytes.len());
            match below(random, 4) {
                0 => bytes[at..end].fill(0),
                1 => random.fill_bytes(&mut bytes[at..end]),
                _ => {}
            }
            at = end;
        }
    }
    let synced = bytes.len();
    File { bytes, synced }
}

impl Disk for Simulated {
    fn name(&self) -> String {
        "simulated".to_owned()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let mut state = self.state();
        let file = state.files.len();
        if state.room == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.change(Change::Create(name.to_owned(), file))?;
        state.files.push(File::default());
        Ok(Box::new(Written { disk: self.clone(), file }))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Input>> {
        let state = self.state();
        let file = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        // Nothing is added to a file that is read.
        let memory = Memory::default();
        memory.create(name)?.append(&state.files[file].bytes)?;
        memory.open(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.state().change(Change::Rename(from.to_owned(), to.to_owned()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().change(Change::Remove(name.to_owned()))
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let state = self.state();
        let length = |file: &usize| state.files[*file].bytes.len() as u64;
        Ok(state.names.iter().map(|(name, file)| (name.clone(), length(file))).collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.state();
        state.step()?;
        state.kept = state.names.clone();
        state.changes.clear();
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn Held>, Locked> {
        if self.state().is_read_only {
            return Err(Locked::Failed(io::ErrorKind::PermissionDenied.into()));
        }
        Memory::default().lock()
    }
}

#[derive(Debug)]
struct Written {
    disk: Simulated,
    file: usize,
}

impl Output for Written {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let crash = state.step();
        let fits = match (&crash, state.room) {
            (Err(_), _) => bytes.len() / 2,
            (Ok(()), Some(room)) => room.min(bytes.len()),
            (Ok(()), None) => bytes.len(),
        };
        state.room = state.room.map(|room| room - fits.min(room));
        state.files[self.file].bytes.extend_from_slice(&bytes[..fits]);
        crash?;
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step()?;
        let length = state.files[self.file].bytes.len();
        state.files[self.file].synced = length;
        Ok(())
    }
}
