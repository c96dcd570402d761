//! The sizes of an image's sections, from its ELF file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// What an image takes of the memories, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// Everything that is loaded: vectors, code, constants, call sites, initial values of `.data`.
    pub(super) flash: u64,
    /// `.data`, `.bss` and whatever else is written, without stack.
    pub(super) ram: u64,
}

const NOBITS: u32 = 8;
const WRITE: u32 = 1;
const ALLOC: u32 = 2;

/// Reads the section headers of a 32-bit little-endian ELF file.
pub(super) fn size(path: &Path) -> Result<Size> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&bytes).with_context(|| format!("{} is not an ELF image for ARM", path.display()))
}

fn parse(bytes: &[u8]) -> Result<Size> {
    ensure!(bytes.starts_with(b"\x7fELF\x01\x01"), "no 32-bit little-endian ELF header");
    let headers = word(bytes, 0x20)? as usize;
    let (entry, count) = (usize::from(half(bytes, 0x2e)?), usize::from(half(bytes, 0x30)?));
    let mut size = Size::default();
    for index in 0..count {
        let at = headers + index * entry;
        let (kind, flags) = (word(bytes, at + 4)?, word(bytes, at + 8)?);
        let len = u64::from(word(bytes, at + 20)?);
        if flags & ALLOC != 0 {
            size.flash += if kind == NOBITS { 0 } else { len };
            size.ram += if flags & WRITE == 0 { 0 } else { len };
        }
    }
    Ok(size)
}

fn half(bytes: &[u8], at: usize) -> Result<u16> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u16::from_le_bytes(*field)).context("the file ends early")
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u32::from_le_bytes(*field)).context("the file ends early")
}
