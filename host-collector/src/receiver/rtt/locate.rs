//! [`Locate`]: how to know where the control block of a target is.

use super::Place;
use super::elf::{self, ElfError};
use std::io;
use std::ops::Range;
use std::path::PathBuf;

/// Where a Cortex-M has its RAM, and as much of it as most have.
pub(super) const USUAL_RAM: Range<u32> = 0x2000_0000..0x2004_0000;

/// What the user knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Locate {
    /// The program that runs.
    Elf(PathBuf),
    /// Nothing more is to be looked for.
    Known(Place),
}

/// Why the control block cannot be looked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// The ELF file cannot be read.
    #[error("cannot read {}: give the program that runs with --rtt-elf", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The ELF file does not say what it should.
    #[error("cannot use {}: give the program that runs with --rtt-elf", .path.display())]
    Elf {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: ElfError,
    },
}

impl Locate {
    /// Where it is now: the file may be another each time.
    ///
    /// # Errors
    /// The file is of no use.
    pub fn place(&self) -> Result<Place, LocateError> {
        let path = match self {
            Self::Elf(path) => path,
            Self::Known(place) => return Ok(place.clone()),
        };
        let file = std::fs::read(path)
            .map_err(|source| LocateError::File { path: path.clone(), source })?;
        let address = elf::control_block(&file)
            .map_err(|source| LocateError::Elf { path: path.clone(), source })?;
        Ok(Place::At(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_of_no_use_is_told() {
        let missing = Locate::Elf("/no/such/file".into()).place().unwrap_err();
        assert!(matches!(missing, LocateError::File { .. }), "{missing}");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let other = Locate::Elf(path.into()).place().unwrap_err();
        assert!(matches!(other, LocateError::Elf { .. }), "{other}");
    }
}
