//! A file on its way out: it knows where it is, and writes in large pieces.

use crate::store::disk::Output;
use std::io;

/// Bytes that are gathered before they are written.
const PIECE: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Out {
    file: Box<dyn Output>,
    held: Vec<u8>,
    at: u64,
}

impl Out {
    pub(super) fn new(file: Box<dyn Output>) -> Self {
        Self { file, held: Vec::new(), at: 0 }
    }

    /// How far the file has come.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.held.extend_from_slice(bytes);
        self.at += bytes.len() as u64;
        if self.held.len() >= PIECE {
            self.file.append(&self.held)?;
            self.held.clear();
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.file.append(&self.held)?;
        self.file.sync()?;
        Ok(self.at)
    }
}
