//! The sizes of an image's sections, and of what is in it, from its ELF file.

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

const SYMBOL_TABLE: u32 = 2;
/// Bytes of a symbol's entry.
const SYMBOL: usize = 16;

/// Bytes in an image of functions and statics of this module, wherever that is: by their names, so what
/// is inlined elsewhere does not count.
pub(super) fn module(path: &Path, module: &str) -> Result<u64> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    // So names are mangled: each part of a path behind its length.
    let part = format!("{}{module}", module.len());
    let sum = symbols(&bytes, |name, len| if name.contains(&part) { len } else { 0 });
    sum.with_context(|| format!("{} has no table of symbols", path.display()))
}

/// The sum of what `weigh` gives for the name and the length of each symbol.
fn symbols(bytes: &[u8], weigh: impl Fn(&str, u64) -> u64) -> Result<u64> {
    let headers = word(bytes, 0x20)? as usize;
    let (entry, count) = (usize::from(half(bytes, 0x2e)?), usize::from(half(bytes, 0x30)?));
    for at in (0..count).map(|index| headers + index * entry) {
        if word(bytes, at + 4)? != SYMBOL_TABLE {
            continue;
        }
        let [offset, len, names] = [at + 16, at + 20, at + 24].map(|at| word(bytes, at));
        let names = word(bytes, headers + names? as usize * entry + 16)? as usize;
        let table = bytes.get(offset? as usize..).and_then(|rest| rest.get(..len.ok()? as usize));
        let mut sum = 0;
        for symbol in table.context("the file ends early")?.chunks_exact(SYMBOL) {
            let name = bytes.get(names + word(symbol, 0)? as usize..).unwrap_or_default();
            let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
            sum += weigh(&String::from_utf8_lossy(name), word(symbol, 8)?.into());
        }
        return Ok(sum);
    }
    anyhow::bail!("no table of symbols")
}

fn half(bytes: &[u8], at: usize) -> Result<u16> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u16::from_le_bytes(*field)).context("the file ends early")
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    let field = bytes.get(at..).and_then(|rest| rest.first_chunk());
    field.map(|field| u32::from_le_bytes(*field)).context("the file ends early")
}
