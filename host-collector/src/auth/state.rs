//! The file of marks, written by a thread of its own: whoever receives frames never waits for a disk.

use super::marks::MarksFile;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Why there is no folder of the state.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The folder or a file in it cannot be had.
    #[error("cannot use {}: give another folder with --state", .path.display())]
    Io {
        /// What cannot be had.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Another program has it.
    #[error("another spandrel uses {}: stop it, or give another folder with --state", .0.display())]
    InUse(PathBuf),
    /// The file is none, or was cut.
    #[error(
        "line {line} of {path} makes no sense. If you remove the file, what was sent by devices that hear \
         nothing can be replayed once: better take it from a backup",
        path = .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
    },
}

/// Keeps what it is told where it is still there after a crash.
pub(super) trait Keep: core::fmt::Debug + Send {
    /// Has a text take the place of the one before; says the number of this wish.
    fn keep(&mut self, text: String) -> u64;

    /// The number of the latest wish that came true, from 1.
    fn kept(&self) -> u64;
}

/// What the thread and whoever wishes share.
#[derive(Debug)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Condvar,
    kept: AtomicU64,
}

#[derive(Debug, Default)]
struct Slot {
    next: Option<(u64, String)>,
    is_over: bool,
}

/// A folder with the file of marks in it, and the thread that writes it.
#[derive(Debug)]
pub(super) struct StateFolder {
    shared: Arc<Shared>,
    wishes: u64,
    thread: Option<JoinHandle<()>>,
    /// Locked for as long as it is open.
    _lock: File,
}

/// How long a disk that takes nothing is left alone.
const RETRY: Duration = Duration::from_secs(1);

impl StateFolder {
    /// Takes a folder, which is made if there is none; gives what is in it.
    pub(super) fn open(folder: &Path) -> Result<(Self, MarksFile), StateError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            |source| StateError::Io { path, source }
        };
        fs::create_dir_all(folder).map_err(failed(folder))?;
        let lock_path = folder.join("lock");
        let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateError::InUse(folder.to_owned())),
            Err(TryLockError::Error(source)) => return Err(failed(&lock_path)(source)),
        }
        let path = folder.join("marks");
        let file = match fs::read_to_string(&path) {
            Ok(text) => MarksFile::parse(&text)
                .map_err(|line| StateError::Damaged { path: path.clone(), line })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => MarksFile::default(),
            Err(source) => return Err(failed(&path)(source)),
        };
        // What cannot be written should be known now, not when the first device speaks.
        write(&path, &file.to_text()).map_err(failed(&path))?;
        let (slot, wake, kept) = (Mutex::default(), Condvar::new(), AtomicU64::new(0));
        let shared = Arc::new(Shared { slot, wake, kept });
        let theirs = shared.clone();
        let thread = thread::Builder::new()
            .name("spandrel-state".into())
            .spawn(move || theirs.write_all(&path))
            .map_err(failed(folder))?;
        Ok((Self { shared, wishes: 0, thread: Some(thread), _lock: lock }, file))
    }
}

impl Keep for StateFolder {
    fn keep(&mut self, text: String) -> u64 {
        self.wishes += 1;
        let mut slot = self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.next = Some((self.wishes, text));
        self.shared.wake.notify_one();
        self.wishes
    }

    fn kept(&self) -> u64 {
        self.shared.kept.load(Ordering::Acquire)
    }
}

/// What was wished for last is still written.
impl Drop for StateFolder {
    fn drop(&mut self) {
        self.shared.slot.lock().unwrap_or_else(PoisonError::into_inner).is_over = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn write_all(&self, path: &Path) {
        let mut is_told = false;
        while let Some((wish, text)) = self.next() {
            match write(path, &text) {
                Ok(()) => {
                    is_told = false;
                    self.kept.store(wish, Ordering::Release);
                }
                Err(error) => {
                    if !is_told {
                        log::warn!(
                            "cannot write {}: of devices that hear nothing no more is taken: {error}",
                            path.display()
                        );
                    }
                    is_told = true;
                    if self.put_back(wish, text) {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for what is to be written; none where it is over.
    fn next(&self) -> Option<(u64, String)> {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(next) = slot.next.take() {
                return Some(next);
            }
            if slot.is_over {
                return None;
            }
            slot = self.wake.wait(slot).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Has it tried again later, if it is still the latest; true where it is over.
    fn put_back(&self, wish: u64, text: String) -> bool {
        let mut slot = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.next.get_or_insert((wish, text));
        if !slot.is_over {
            let waited = self.wake.wait_timeout(slot, RETRY);
            slot = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        slot.is_over
    }
}

/// Puts a text into a file such that after a crash it is the one before or this one.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    // The name is only there once the folder is on the disk; not every system can be told so.
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("spandrel-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn text(down: u64) -> String {
        MarksFile { down, ..MarksFile::default() }.to_text()
    }

    #[test]
    fn what_was_kept_is_there_the_next_time() {
        let folder = folder("kept");
        let (mut state, file) = StateFolder::open(&folder).unwrap();
        assert_eq!(file, MarksFile::default());
        let wish = (1..20).map(|down| state.keep(text(down))).last().unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while state.kept() < wish {
            assert!(Instant::now() < until, "it is not written");
            thread::yield_now();
        }
        state.keep(text(99));
        drop(state);
        let (state, file) = StateFolder::open(&folder).unwrap();
        assert_eq!(file.down, 99);
        drop(state);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn one_program_has_a_folder() {
        let folder = folder("lock");
        let first = StateFolder::open(&folder).unwrap();
        assert!(matches!(StateFolder::open(&folder), Err(StateError::InUse(_))));
        drop(first);
        StateFolder::open(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_damaged_file_is_not_taken_for_an_empty_one() {
        let folder = folder("damaged");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("marks"), "spandrel marks 1\ndown 1\n").unwrap();
        let said = StateFolder::open(&folder).unwrap_err().to_string();
        assert!(said.contains("line 3") && said.contains("marks"), "{said}");
        fs::remove_dir_all(&folder).unwrap();
        let said = StateFolder::open(Path::new("/proc/none/such")).unwrap_err().to_string();
        assert!(said.contains("--state"), "{said}");
    }
}
