//! The log: chunks as they came, each behind a head that tells whether it is whole.
//!
//! ```text
//! file: | magic "spanlog\n" | version 4 | 0 4 | record | record | ...
//! record: | mark 4 | length 4 | checksum 8 | the chunk's bytes |
//! ```
//!
//! The checksum is XXH3-64 of the first eight bytes and the chunk's, seeded by the log's number and
//! the record's place: what another log left on the same sectors is none of this one's. A reader
//! that meets something else looks for the next record that is whole.

use super::codec::hash::checksum;
use super::codec::wire::narrow;
use super::disk::{Disk, Input, Output, read};
use crate::model::Chunk;
use std::io;

const MAGIC: [u8; 8] = *b"spanlog\n";
/// The version of the format that is written, and the only one so far.
const VERSION: u32 = 1;
const HEAD: usize = 16;
const MARK: [u8; 4] = [0xf5, b's', b'p', 0x9e];

/// No record is longer: what is handed over at once has a bound of its own below it.
pub(super) const LONGEST: usize = 256 << 20;

/// Bytes that are looked through at a time for the next record.
const WINDOW: usize = 64 << 10;

fn seed(number: u64, offset: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ offset
}

fn sum_of(number: u64, offset: u64, length: &[u8], content: &[u8]) -> u64 {
    checksum(content, checksum(length, seed(number, offset)))
}

/// A log that is written.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) number: u64,
    file: Box<dyn Output>,
    at: u64,
    held: Vec<u8>,
}

impl Log {
    /// Begins a log of that name, which is on the disk when this returns.
    pub(super) fn begin(disk: &dyn Disk, name: &str, number: u64) -> io::Result<Self> {
        let mut file = disk.create(name)?;
        let mut head = MAGIC.to_vec();
        head.extend(VERSION.to_le_bytes());
        head.extend([0; 4]);
        file.append(&head)?;
        disk.sync_names()?;
        Ok(Self { number, file, at: head.len() as u64, held: Vec::new() })
    }

    /// Adds chunks, and syncs once for all of them. Says where the record of each begins.
    ///
    /// Where it fails the log must not be written any more: nobody knows how far it is whole.
    pub(super) fn add<'a>(
        &mut self,
        chunks: impl Iterator<Item = &'a Chunk>,
    ) -> io::Result<Vec<u64>> {
        self.held.clear();
        let mut places = Vec::new();
        for chunk in chunks {
            let bytes = chunk.bytes();
            let offset = self.at + self.held.len() as u64;
            places.push(offset);
            let length = narrow(bytes.len()).to_le_bytes();
            self.held.extend(MARK);
            self.held.extend(length);
            self.held.extend(sum_of(self.number, offset, &length, bytes).to_le_bytes());
            self.held.extend_from_slice(bytes);
        }
        self.file.append(&self.held)?;
        self.file.sync()?;
        self.at += self.held.len() as u64;
        // One large chunk should not keep its room for ever.
        self.held.shrink_to(1 << 20);
        Ok(places)
    }

    /// How long it is.
    pub(super) fn length(&self) -> u64 {
        self.at
    }
}

/// What a log had.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Replayed {
    /// Bytes that are no records and have some behind them: they were damaged.
    pub(super) damaged: u64,
    /// Bytes that are no records at the end: what was being written when the process ended.
    pub(super) torn: u64,
}

/// Why a log cannot be read.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    /// It is of that version of the format.
    Version(u32),
}

/// Gives every whole chunk of a log to `take`, with the place of its record, in their order.
pub(super) fn replay(
    disk: &dyn Disk,
    name: &str,
    number: u64,
    mut take: impl FnMut(u64, Chunk),
) -> Result<Replayed, ReadError> {
    let input = disk.open(name).map_err(ReadError::Io)?;
    let input = &*input;
    let length = input.length().map_err(ReadError::Io)?;
    let mut replayed = Replayed::default();
    let mut at = begins(input, length)?;
    let mut unknown = 0;
    while at < length {
        if let Some(content) = record(input, number, at, length).map_err(ReadError::Io)? {
            replayed.damaged += core::mem::take(&mut unknown);
            let place = at;
            at += (HEAD + content.len()) as u64;
            // It was checked before it was written; what is no chunk now was made so by somebody.
            match Chunk::check(content) {
                Ok(checked) => take(place, checked.chunk),
                Err(_) => replayed.damaged += 1,
            }
        } else {
            let next = next_mark(input, at + 1, length).map_err(ReadError::Io)?;
            unknown += next - at;
            at = next;
        }
    }
    replayed.torn = unknown;
    Ok(replayed)
}

/// Where the records begin. A head that is damaged says nothing of them.
fn begins(input: &dyn Input, length: u64) -> Result<u64, ReadError> {
    if length < HEAD as u64 {
        return Ok(0);
    }
    let head = read(input, 0, HEAD).map_err(ReadError::Io)?;
    let (magic, rest) = head.split_first_chunk::<8>().unzip();
    let version = rest.and_then(|rest| rest.first_chunk::<4>()).copied().map(u32::from_le_bytes);
    match version {
        Some(version) if magic == Some(&MAGIC) && version > VERSION => {
            Err(ReadError::Version(version))
        }
        _ => Ok(HEAD as u64),
    }
}

/// The chunk of the record at `at`, if there is one that is whole.
pub(super) fn chunk_at(input: &dyn Input, number: u64, at: u64) -> io::Result<Option<Chunk>> {
    let length = input.length()?;
    if at > length {
        return Ok(None);
    }
    let content = record(input, number, at, length)?;
    Ok(content.and_then(|content| Chunk::check(content).ok()).map(|checked| checked.chunk))
}

/// The content of the record at `at`, if there is one.
fn record(input: &dyn Input, number: u64, at: u64, length: u64) -> io::Result<Option<Vec<u8>>> {
    if length - at < HEAD as u64 {
        return Ok(None);
    }
    let head = read(input, at, HEAD)?;
    let Some((mark, rest)) = head.split_first_chunk::<4>() else { return Ok(None) };
    let Some((count, sum)) = rest.split_first_chunk::<4>() else { return Ok(None) };
    let size = u32::from_le_bytes(*count) as usize;
    if *mark != MARK || size > LONGEST || size as u64 > length - at - HEAD as u64 {
        return Ok(None);
    }
    let content = read(input, at + HEAD as u64, size)?;
    let is_whole = sum == sum_of(number, at, count, &content).to_le_bytes();
    Ok(is_whole.then_some(content))
}

/// The next place where a record may begin, or the end.
fn next_mark(input: &dyn Input, from: u64, length: u64) -> io::Result<u64> {
    let mut at = from;
    while at < length {
        let size = usize::try_from(length - at).unwrap_or(WINDOW).min(WINDOW);
        let bytes = read(input, at, size)?;
        if let Some(place) = bytes.windows(MARK.len()).position(|some| some == MARK) {
            return Ok(at + place as u64);
        }
        if size < WINDOW {
            break;
        }
        // A mark may lie across the border.
        at += (size - (MARK.len() - 1)) as u64;
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::{Memory, whole};
    use crate::store::rows::tests::{chunk, sketches};
    use proptest::collection::vec;
    use proptest::prelude::*;

    const NAME: &str = "log";

    fn written(disk: &Memory, chunks: &[Chunk]) {
        let mut log = Log::begin(disk, NAME, 7).unwrap();
        let (one, two) = chunks.split_at(chunks.len() / 2);
        log.add(one.iter()).unwrap();
        log.add(two.iter()).unwrap();
        assert_eq!(log.length(), disk.list().unwrap()[0].1);
    }

    fn read_all(disk: &Memory) -> (Vec<Chunk>, Replayed) {
        let mut chunks = Vec::new();
        let replayed = replay(disk, NAME, 7, |_, chunk| chunks.push(chunk)).unwrap();
        (chunks, replayed)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn damage_costs_the_record_that_it_is_in(
            some in vec(vec(sketches(), 0..4), 1..6),
            at: prop::sample::Index,
            flip in 1_u8..,
        ) {
            let disk = Memory::default();
            let chunks: Vec<_> = some.iter().map(|sketches| chunk(sketches)).collect();
            written(&disk, &chunks);
            prop_assert_eq!(read_all(&disk), (chunks.clone(), Replayed::default()));

            let mut bytes = whole(&disk, NAME);
            let at = HEAD + at.index(bytes.len() - HEAD);
            bytes[at] ^= flip;
            disk.create(NAME).unwrap().append(&bytes).unwrap();
            let (left, replayed) = read_all(&disk);
            prop_assert_eq!(left.len(), chunks.len() - 1);
            prop_assert!(left.iter().all(|chunk| chunks.contains(chunk)));
            prop_assert!((replayed.damaged > 0) != (replayed.torn > 0));

            bytes.truncate(at);
            disk.create(NAME).unwrap().append(&bytes).unwrap();
            let (left, replayed) = read_all(&disk);
            prop_assert_eq!(&left[..], &chunks[..left.len()]);
            prop_assert_eq!(replayed.damaged, 0);
        }

        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let disk = Memory::default();
            let bytes = [&MARK[..], &bytes].concat();
            disk.create(NAME).unwrap().append(&bytes).unwrap();
            prop_assert_eq!(read_all(&disk).0.len(), 0);
        }
    }

    #[test]
    fn a_newer_version_is_told() {
        let disk = Memory::default();
        let head = [&MAGIC[..], &2_u32.to_le_bytes(), &[0; 4]].concat();
        disk.create(NAME).unwrap().append(&head).unwrap();
        assert!(matches!(replay(&disk, NAME, 7, |_, _| {}), Err(ReadError::Version(2))));
    }
}
