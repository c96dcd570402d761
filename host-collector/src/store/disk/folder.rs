//! A folder of the file system.

use super::{Disk, Held, Input, Locked, Output};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Who holds a folder has this file locked; in it stands the number of the process.
const LOCK: &str = "lock";

/// A folder of the file system.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at `path`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn make(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        Self::at(path)
    }

    /// The folder at `path`, which must be there.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn at(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self(path.to_owned()))
        } else {
            Err(io::Error::new(io::ErrorKind::NotADirectory, "is a file, not a folder"))
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Disk for Folder {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        Ok(Box::new(Written(File::create(self.path(name))?)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Input>> {
        let file = File::open(self.path(name))?;
        let length = file.metadata()?.len();
        Ok(Arc::new(Opened { file, length }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            // One that is removed meanwhile is not there.
            if let Ok(about) = entry.metadata()
                && about.is_file()
            {
                files.push((name, about.len()));
            }
        }
        files.sort();
        Ok(files)
    }

    #[cfg(unix)]
    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }

    // There a folder cannot be opened as a file; the file system's journal has its order.
    #[cfg(not(unix))]
    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn Held>, Locked> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(self.path(LOCK)).map_err(Locked::Failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = (&file).take(32).read_to_string(&mut text);
                return Err(Locked::By(read.ok().and_then(|_| text.trim().parse().ok())));
            }
            Err(TryLockError::Error(error)) => return Err(Locked::Failed(error)),
        }
        file.set_len(0).map_err(Locked::Failed)?;
        writeln!(file, "{}", std::process::id()).map_err(Locked::Failed)?;
        Ok(Box::new(Taken { _file: file }))
    }
}

#[derive(Debug)]
struct Taken {
    /// Closing it gives the lock back.
    _file: File,
}

impl Held for Taken {}

#[derive(Debug)]
struct Written(File);

impl Output for Written {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[derive(Debug)]
struct Opened {
    file: File,
    /// As it was when it was opened: nothing is added to a file that is read.
    length: u64,
}

impl Input for Opened {
    fn length(&self) -> io::Result<u64> {
        Ok(self.length)
    }

    #[cfg(unix)]
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, into, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        use std::os::windows::fs::FileExt as _;
        let (mut into, mut offset) = (into, offset);
        while !into.is_empty() {
            let count = self.file.seek_read(into, offset)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            into = into.split_at_mut(count).1;
            offset += count as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::read;

    #[test]
    fn what_is_written_is_read_and_the_second_to_lock_hears_who_has_it() {
        let path = std::env::temp_dir().join(format!("spandrel-folder-{}", std::process::id()));
        let folder = Folder::make(&path).unwrap();
        let mut output = folder.create("a").unwrap();
        output.append(b"hello ").unwrap();
        output.append(b"world").unwrap();
        output.sync().unwrap();
        folder.rename("a", "b").unwrap();
        folder.sync_names().unwrap();
        let input = folder.open("b").unwrap();
        assert_eq!(read(&*input, 6, 5).unwrap(), b"world");
        assert_eq!(read(&*input, 6, usize::MAX).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(folder.list().unwrap(), [("b".to_owned(), 11)]);

        let held = folder.lock().unwrap();
        let Err(Locked::By(Some(pid))) = folder.lock() else { panic!("it was locked twice") };
        assert_eq!(pid, std::process::id());
        drop(held);
        drop(folder.lock().unwrap());
        fs::remove_dir_all(&path).unwrap();
    }
}
