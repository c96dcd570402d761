//! The one seam to files: whatever the store does with a disk goes through [`Disk`].
//!
//! It knows one folder without folders in it. Files are written from the start to the end, then
//! only read. [`Folder`] is a real one, [`Memory`] holds files in memory.

mod folder;
mod memory;
#[cfg(test)]
pub(crate) mod simulated;

pub use folder::Folder;
pub use memory::Memory;

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

/// A folder of files.
pub trait Disk: Debug + Send + Sync {
    /// What to call it in messages.
    fn name(&self) -> String;

    /// Makes a file; one of that name is lost.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn Output>>;

    /// Opens a file to be read, at any place and by many at once.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn open(&self, name: &str) -> io::Result<Arc<dyn Input>>;

    /// Gives a file another name; one that had it is lost.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Whoever has it open may go on reading.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// The names and lengths of all files.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn list(&self) -> io::Result<Vec<(String, u64)>>;

    /// Makes sure that names that were made, changed and removed stay so.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync_names(&self) -> io::Result<()>;

    /// Takes the folder for this process, until what it gives is dropped.
    ///
    /// # Errors
    ///
    /// [`Locked`]: somebody has it, or what the system says.
    fn lock(&self) -> Result<Box<dyn Held>, Locked>;
}

/// A file that is being written.
pub trait Output: Debug + Send {
    /// Adds bytes at the end. Where it fails, some of them may be there.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes sure that what was added stays. Where it fails, nothing of it may be relied on.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is read.
pub trait Input: Debug + Send + Sync {
    /// How long it is.
    ///
    /// # Errors
    ///
    /// What the system says.
    fn length(&self) -> io::Result<u64>;

    /// Fills `into` with what stands at `offset`.
    ///
    /// # Errors
    ///
    /// What the system says; [`io::ErrorKind::UnexpectedEof`] where the file ends before.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<()>;
}

/// A folder that is taken; dropping it gives it back.
pub trait Held: Debug + Send + Sync {}

/// Why a folder cannot be taken.
#[derive(Debug)]
pub enum Locked {
    /// Somebody has it: the process, where it said which.
    By(Option<u32>),
    /// It cannot be told.
    Failed(io::Error),
}

/// All of a file.
#[cfg(test)]
pub(crate) fn whole(disk: &dyn Disk, name: &str) -> Vec<u8> {
    let input = disk.open(name).unwrap();
    let length = usize::try_from(input.length().unwrap()).unwrap();
    read(&*input, 0, length).unwrap()
}

/// Reads `length` bytes at `offset`, none before it is known that the file has them.
pub(crate) fn read(input: &dyn Input, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let ends = offset.checked_add(length as u64);
    if ends.is_none_or(|end| input.length().is_ok_and(|length| end > length)) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut bytes = vec![0; length];
    input.read_at(&mut bytes, offset)?;
    Ok(bytes)
}
