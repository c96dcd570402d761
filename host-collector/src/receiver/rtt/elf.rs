//! Where a program has its control block, by its ELF file.

use object::{Object as _, ObjectSymbol as _};

/// What every implementation of RTT calls its control block.
const SYMBOL: &str = "_SEGGER_RTT";

/// Why an ELF file does not say where the control block is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// It is another kind of file, or damaged.
    #[error("it is no ELF file")]
    Format(#[from] object::Error),
    /// The program has no RTT, or its symbols were stripped.
    #[error("it has no symbol {SYMBOL}: is it the program that runs, with its symbols?")]
    NoSymbol,
    /// The target is of 64 bits.
    #[error("its control block is at {0:#x}, which is more than 32 bits")]
    Address(u64),
}

/// The address of the control block.
///
/// # Errors
/// The file is no ELF file, or does not say.
pub fn control_block(file: &[u8]) -> Result<u32, ElfError> {
    let file = object::File::parse(file)?;
    let mut symbols = file.symbols();
    let symbol = symbols.find(|symbol| symbol.is_definition() && symbol.name() == Ok(SYMBOL));
    let address = symbol.ok_or(ElfError::NoSymbol)?.address();
    u32::try_from(address).map_err(|_| ElfError::Address(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The smallest file with one symbol: a header, a null section, names and symbols.
    fn elf(name: &str, address: u32) -> Vec<u8> {
        let half = |value: u16| value.to_le_bytes().to_vec();
        let word = |value: u32| value.to_le_bytes().to_vec();
        let names = [b"\0", name.as_bytes(), b"\0"].concat();
        let (names_at, names_len) = (0x34, names.len() as u32);
        let symbols_at = names_at + names_len;
        let sections_at = symbols_at + 32;
        let section = |kind: u32, at: u32, len: u32, link: u32, entry: u32| {
            [0, kind, 0, 0, at, len, link, 0, 1, entry].map(u32::to_le_bytes).concat()
        };
        [
            b"\x7fELF\x01\x01\x01".to_vec(),
            vec![0; 9],
            // An executable for Arm.
            [half(2), half(40), word(1), word(0), word(0), word(sections_at), word(0)].concat(),
            [half(0x34), half(32), half(0), half(40), half(3), half(1)].concat(),
            names,
            vec![0; 16],
            // A global object in the first section.
            [word(1), word(address), word(48), vec![0x11, 0], half(1)].concat(),
            section(0, 0, 0, 0, 0),
            section(3, names_at, names_len, 0, 0),
            section(2, symbols_at, 32, 1, 16),
        ]
        .concat()
    }

    #[test]
    fn the_symbol_is_found() {
        assert_eq!(control_block(&elf(SYMBOL, 0x2000_0010)).unwrap(), 0x2000_0010);
        let other = control_block(&elf("_SEGGER_RTT_", 0x2000_0010)).unwrap_err();
        assert!(matches!(other, ElfError::NoSymbol), "{other}");
    }

    #[test]
    fn what_is_no_program_is_told() {
        let error = control_block(b"\x7fELG not at all").unwrap_err();
        assert_eq!(error.to_string(), "it is no ELF file");
    }

    proptest! {
        #[test]
        fn a_damaged_file_is_no_panic(at in 0..400_usize, byte in any::<u8>(), len in 0..400_usize) {
            let mut file = elf(SYMBOL, 4);
            if let Some(place) = file.get_mut(at) {
                *place = byte;
            }
            file.truncate(len);
            let _ = control_block(&file);
        }
    }
}
