//! The symbols of a 32-bit little-endian ELF file, as ARM's and RISC-V's are.

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
