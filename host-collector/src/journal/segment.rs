//! A file of the journal.
//!
//! ```text
//! | magic "spanjrnl" 8 | version 4 | 0 4 | entry | entry | ...
//! entry: | length 4 | checksum 8 | bytes |
//! ```
//!
//! Numbers are little endian. The checksum is XXH3-64 of length and bytes, seeded by the place of the
//! entry in the file and the file's number. What stands behind an entry that is not whole is not read:
//! entries make sense only one behind the other.

use super::Found;
use crate::store::disk::{self, Disk, Output};
use std::io;
use xxhash_rust::xxh3::xxh3_64_with_seed;

const MAGIC: &[u8; 8] = b"spanjrnl";
const VERSION: u32 = 1;
const HEAD: u64 = 16;
const ENTRY_HEAD: usize = 12;

/// What a file of the journal is called.
pub(super) fn name(number: u64) -> String {
    format!("journal-{number:010}")
}

/// The numbers of the files that are there, in their order.
pub(super) fn numbers(disk: &dyn Disk) -> io::Result<Vec<u64>> {
    let names = disk.list()?.into_iter();
    let number = |(name, _): (String, u64)| name.strip_prefix("journal-")?.parse().ok();
    let mut numbers: Vec<u64> = names.filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// How many bytes an entry takes.
pub(super) fn length_of(entry: &[u8]) -> usize {
    ENTRY_HEAD + entry.len()
}

fn checksum(number: u64, at: u64, length: [u8; 4], bytes: &[u8]) -> u64 {
    let seed = number.rotate_left(32) ^ at ^ u64::from(u32::from_le_bytes(length)) << 20;
    xxh3_64_with_seed(bytes, seed)
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    file: Box<dyn Output>,
    at: u64,
}

impl Segment {
    /// Begins a file, whose name is on the disk when this returns.
    pub(super) fn begin(disk: &dyn Disk, number: u64) -> io::Result<Self> {
        let mut file = disk.create(&name(number))?;
        file.append(&[&MAGIC[..], &VERSION.to_le_bytes(), &[0; 4]].concat())?;
        disk.sync_names()?;
        Ok(Self { number, file, at: HEAD })
    }

    /// Adds entries and syncs once for all of them. Where it fails the file must not be written any
    /// more: nobody knows how far it is whole.
    pub(super) fn add(&mut self, entries: &[Vec<u8>]) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(entries.iter().map(|entry| length_of(entry)).sum());
        for entry in entries {
            let Ok(length) = u32::try_from(entry.len()) else {
                return Err(io::ErrorKind::FileTooLarge.into());
            };
            let length = length.to_le_bytes();
            let at = self.at + bytes.len() as u64;
            bytes.extend(length);
            bytes.extend(checksum(self.number, at, length, entry).to_le_bytes());
            bytes.extend(entry);
        }
        self.file.append(&bytes)?;
        self.file.sync()?;
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// Gives the whole entries of a file to `take`, in their order.
pub(super) fn read(
    disk: &dyn Disk,
    number: u64,
    found: &mut Found,
    mut take: impl FnMut(&[u8]),
) -> io::Result<()> {
    let input = disk.open(&name(number))?;
    let input = &*input;
    let length = input.length()?;
    let mut at = HEAD;
    // One that has no head yet has no entries either.
    if length >= HEAD {
        let head = disk::read(input, 0, 16)?;
        let Some(version) = head.strip_prefix(MAGIC).and_then(|rest| rest.first_chunk::<4>())
        else {
            found.unread_bytes += length;
            return Ok(());
        };
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            let told = format!(
                "it is of version {version} of the format, and this program reads version {VERSION}: go \
                 on with it by the version of spandrel that wrote it, or remove the file"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
    }
    while let Some(entry) = entry(input, number, at, length)? {
        take(&entry);
        found.entries += 1;
        at += length_of(&entry) as u64;
    }
    found.unread_bytes += length.saturating_sub(at);
    Ok(())
}

fn entry(input: &dyn disk::Input, number: u64, at: u64, end: u64) -> io::Result<Option<Vec<u8>>> {
    let room = end.saturating_sub(at);
    if room < ENTRY_HEAD as u64 {
        return Ok(None);
    }
    let head = disk::read(input, at, ENTRY_HEAD)?;
    let Some((length, sum)) = head.split_first_chunk::<4>() else { return Ok(None) };
    let size = u32::from_le_bytes(*length);
    if u64::from(size) > room - ENTRY_HEAD as u64 {
        return Ok(None);
    }
    let bytes = disk::read(input, at + ENTRY_HEAD as u64, size as usize)?;
    let is_whole = checksum(number, at, *length, &bytes).to_le_bytes() == sum;
    Ok(is_whole.then_some(bytes))
}
