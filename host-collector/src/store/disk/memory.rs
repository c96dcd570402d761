//! Files in memory: a store that keeps nothing beyond its process, and is built like any other.

use super::{Disk, Held, Input, Locked, Output};
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Bytes = Arc<Mutex<Vec<u8>>>;

/// A folder in memory. Clones are the same folder.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Mutex<BTreeMap<String, Bytes>>>);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk for Memory {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn Output>> {
        let bytes = Bytes::default();
        lock(&self.0).insert(name.to_owned(), bytes.clone());
        Ok(Box::new(File(bytes)))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn Input>> {
        match lock(&self.0).get(name) {
            Some(bytes) => Ok(Arc::new(File(bytes.clone()))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = lock(&self.0);
        let bytes = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        lock(&self.0).remove(name).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let files = lock(&self.0);
        Ok(files.iter().map(|(name, bytes)| (name.clone(), lock(bytes).len() as u64)).collect())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> Result<Box<dyn Held>, Locked> {
        Ok(Box::new(Free))
    }
}

#[derive(Debug)]
struct Free;

impl Held for Free {}

#[derive(Debug)]
struct File(Bytes);

impl Output for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        lock(&self.0).extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        // It is as long as it will be: what a growing list has beside is given back.
        lock(&self.0).shrink_to_fit();
        Ok(())
    }
}

impl Input for File {
    fn length(&self) -> io::Result<u64> {
        Ok(lock(&self.0).len() as u64)
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let bytes = lock(&self.0);
        let from = usize::try_from(offset).ok();
        let part = from.and_then(|from| bytes.get(from..from.checked_add(into.len())?));
        into.copy_from_slice(part.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}
