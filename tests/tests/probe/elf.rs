//! What is in a 32-bit little-endian ELF file, as ARM's and RISC-V's are.
#![allow(
    dead_code,
    clippy::std_instead_of_alloc,
    clippy::allow_attributes,
    reason = "each test looks at something else, on a host"
)]

use std::collections::BTreeMap;

const SYMBOL_TABLE: usize = 2;
/// Bytes of a symbol's entry.
const SYMBOL: usize = 16;

/// The names in the symbol table; none where it is not such a file, or has no table.
pub(crate) fn symbols(file: &[u8]) -> Option<Vec<String>> {
    file.starts_with(b"\x7fELF\x01\x01").then_some(())?;
    let sections = word(file, 0x20)?;
    let (entry, count) = (half(file, 0x2e)?, half(file, 0x30)?);
    // Type, offset, length, and the index of the section with the names.
    let section = |index: usize| {
        let at = sections + index * entry;
        Some((
            word(file, at + 4)?,
            word(file, at + 16)?,
            word(file, at + 20)?,
            word(file, at + 24)?,
        ))
    };
    let table = (0..count).filter_map(section).find(|(kind, ..)| *kind == SYMBOL_TABLE)?;
    let (_, offset, len, names) = table;
    let (_, names, ..) = section(names)?;
    let symbols = file.get(offset..offset + len)?.chunks_exact(SYMBOL);
    symbols.map(|symbol| text(file, names + word(symbol, 0)?)).collect()
}

/// The sections that are loaded, by name, with what is in them.
pub(crate) fn loaded(file: &[u8]) -> Option<BTreeMap<String, Vec<u8>>> {
    const LOADED: usize = 2;
    const EMPTY: usize = 8;

    file.starts_with(b"\x7fELF\x01\x01").then_some(())?;
    let sections = word(file, 0x20)?;
    let (entry, count) = (half(file, 0x2e)?, half(file, 0x30)?);
    let field = |index: usize, at: usize| word(file, sections + index * entry + at);
    let names = field(half(file, 0x32)?, 16)?;
    let mut loaded = BTreeMap::new();
    for index in 0..count {
        if field(index, 8)? & LOADED != 0 && field(index, 4)? != EMPTY {
            let (offset, len) = (field(index, 16)?, field(index, 20)?);
            let name = text(file, names + field(index, 0)?)?;
            loaded.insert(name, file.get(offset..offset + len)?.to_vec());
        }
    }
    Some(loaded)
}

/// The text from here to the next zero.
fn text(file: &[u8], at: usize) -> Option<String> {
    let bytes = file.get(at..)?.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

fn half(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk().map(|half| usize::from(u16::from_le_bytes(*half)))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    let word = u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
    usize::try_from(word).ok()
}
