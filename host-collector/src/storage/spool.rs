//! A queue that outgrows memory: what an exporter's peer does not take for now.

use crate::model::Chunk;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What waits until it can be sent: first in, first out, bounded in bytes. It blocks.
///
/// It has one reader. What was read comes again until it is acknowledged, also after a crash, so that
/// nothing is lost and a little may be sent twice.
pub trait Spool: Send + Sync {
    /// Appends as many as there is room for, from the front; says how many. On return they are on the
    /// disk, if it [is durable](Self::is_durable).
    ///
    /// # Errors
    /// Where the disk does not take them; nothing was appended.
    fn append(&self, chunks: &[Chunk]) -> Result<usize, SpoolError>;

    /// The oldest that are not acknowledged: one in any case, more as long as all have `most` bytes at
    /// most. What is damaged is left out, counted, and named in the log.
    ///
    /// # Errors
    /// Where something cannot be read.
    fn read(&self, most: usize) -> Result<Spooled, SpoolError>;

    /// Forgets all up to where something that was read ends, whatever comes of the note of it.
    ///
    /// # Errors
    /// Where the disk does not take a note of it; they may come again after a crash.
    fn acknowledge(&self, end: Position) -> Result<(), SpoolError>;

    /// What was appended and not acknowledged. It does not block for long.
    fn waiting(&self) -> Waiting;

    /// Whether it outlives the process.
    fn is_durable(&self) -> bool;
}

/// A place between two chunks; what it counts is the spool's own business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position(pub u64);

/// What was read: none where nothing waits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spooled {
    /// In the order in which they were appended.
    pub chunks: Vec<Chunk>,
    /// Where they end.
    pub end: Position,
}

/// How much waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Spans.
    pub spans: u64,
    /// Bytes of their chunks.
    pub bytes: u64,
}

/// The disk fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the queue on the disk fails: {0}")]
pub struct SpoolError(pub String);

/// A spool in memory: what is in it when the process ends is lost.
#[derive(Debug)]
pub struct MemorySpool {
    most: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    chunks: VecDeque<Chunk>,
    first: u64,
    waiting: Waiting,
}

impl MemorySpool {
    /// Room for `most` bytes.
    #[must_use]
    pub fn new(most: u64) -> Self {
        Self { most, state: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spool for MemorySpool {
    fn append(&self, chunks: &[Chunk]) -> Result<usize, SpoolError> {
        let mut state = self.lock();
        let mut taken = 0;
        for chunk in chunks {
            let bytes = state.waiting.bytes + chunk.bytes().len() as u64;
            if bytes > self.most {
                break;
            }
            state.waiting = Waiting { spans: state.waiting.spans + chunk.len() as u64, bytes };
            state.chunks.push_back(chunk.clone());
            taken += 1;
        }
        Ok(taken)
    }

    fn read(&self, most: usize) -> Result<Spooled, SpoolError> {
        let state = self.lock();
        let (mut chunks, mut bytes) = (Vec::new(), 0_usize);
        for chunk in &state.chunks {
            bytes = bytes.saturating_add(chunk.bytes().len());
            if !chunks.is_empty() && bytes > most {
                break;
            }
            chunks.push(chunk.clone());
        }
        let end = Position(state.first + chunks.len() as u64);
        Ok(Spooled { chunks, end })
    }

    fn acknowledge(&self, end: Position) -> Result<(), SpoolError> {
        let mut state = self.lock();
        while state.first < end.0
            && let Some(chunk) = state.chunks.pop_front()
        {
            state.first += 1;
            state.waiting.spans -= chunk.len() as u64;
            state.waiting.bytes -= chunk.bytes().len() as u64;
        }
        Ok(())
    }

    fn waiting(&self) -> Waiting {
        self.lock().waiting
    }

    fn is_durable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ChunkWriter;
    use proptest::prelude::*;

    fn chunk(name: u32) -> Chunk {
        let mut writer = ChunkWriter::default();
        writer.resource_spans(b"", "", |scopes| {
            scopes.scope_spans(b"", "", |spans| {
                spans.span_with(|span| span.bytes(5, &vec![b'x'; 1 + name as usize % 7]));
            });
        });
        writer.finish()
    }

    #[test]
    fn what_does_not_fit_is_not_taken() {
        let one = chunk(0).bytes().len();
        let spool = MemorySpool::new(2 * one as u64);
        assert_eq!(spool.append(&[chunk(0), chunk(0), chunk(0)]), Ok(2));
        assert_eq!(spool.append(&[chunk(0)]), Ok(0));
        let first = spool.read(one).unwrap();
        assert_eq!(first.chunks, [chunk(0)]);
        assert_eq!(spool.read(0).unwrap(), first);
        spool.acknowledge(first.end).unwrap();
        assert_eq!(spool.append(&[chunk(0)]), Ok(1));
        assert_eq!(spool.waiting(), Waiting { spans: 2, bytes: 2 * one as u64 });
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out_once_it_is_acknowledged(steps in prop::collection::vec((any::<bool>(), 0..20_u32), 0..100)) {
            let spool = MemorySpool::new(1_000);
            let (mut put, mut got) = (Vec::new(), Vec::new());
            for (puts, number) in steps {
                if puts {
                    let chunks: Vec<_> = (0..number).map(chunk).collect();
                    let taken = spool.append(&chunks).unwrap();
                    put.extend_from_slice(&chunks[..taken]);
                } else {
                    let read = spool.read(number as usize * 10).unwrap();
                    prop_assert_eq!(spool.read(number as usize * 10).unwrap(), read.clone());
                    if number % 3 != 0 {
                        spool.acknowledge(read.end).unwrap();
                        got.extend(read.chunks);
                    }
                }
            }
            let rest = spool.read(usize::MAX).unwrap();
            let waiting = rest.chunks.iter().map(|chunk| chunk.bytes().len() as u64).sum::<u64>();
            prop_assert_eq!(spool.waiting().bytes, waiting);
            got.extend(rest.chunks);
            prop_assert_eq!(got, put);
        }
    }
}
