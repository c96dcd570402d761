//! The command: a file in, a file out.

use super::input::read_telling;
use super::{Format, InputError, LARGEST};
use crate::model::Chunk;
use crate::receiver::HostClock;
use crate::terminal::{Bar, Meter};
use clap::Args;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// Options of `spandrel convert`.
#[derive(Args, Clone, Debug)]
pub struct Convert {
    /// What is read: Jaeger UI JSON, OTLP as JSON, lines of JSON or protobuf, Zipkin's JSON, or frames as a
    /// serial port brings them; also compressed by gzip. `-` is standard input.
    pub file: PathBuf,
    /// What is made of it.
    #[arg(long, value_name = "FORMAT")]
    pub to: Format,
    /// Where it is written, instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Why nothing was converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConvertError {
    /// A file cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It holds nothing that is known.
    #[error("{}", .path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: InputError,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// Converts a file.
///
/// # Errors
/// It cannot be read or written, or holds nothing that is known.
pub fn convert(options: &Convert) -> Result<(), ConvertError> {
    let (chunk, rejected) = load(&options.file)?;
    if rejected > 0 {
        log::warn!(rejected; "{rejected} spans were left out: their ids are none");
    }
    let written = Bar::new("converting").during(|meter| options.to.write_telling(&chunk, meter));
    let failed = |path: &Path, source| ConvertError::Write { path: path.to_owned(), source };
    match &options.out {
        Some(path) => fs::write(path, written).map_err(|source| failed(path, source)),
        None => {
            let mut to = io::stdout().lock();
            let result = to.write_all(&written).and_then(|()| to.flush());
            result.map_err(|source| failed(Path::new("standard output"), source))
        }
    }
}

/// The spans of a file, and how many were left out.
pub(crate) fn load(path: &Path) -> Result<(Chunk, usize), ConvertError> {
    let failed = |source| ConvertError::Read { path: path.to_owned(), source };
    let bytes = Bar::new("loading").during(|meter| bytes(path, meter)).map_err(failed)?;
    let failed = |source| ConvertError::Input { path: path.to_owned(), source };
    let now_ns = HostClock::new().now_ns();
    Bar::new("reading").during(|meter| read_telling(&bytes, now_ns, meter)).map_err(failed)
}

/// All of a file, but not more than can be converted.
fn bytes(path: &Path, meter: &Meter) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Nobody knows how much comes through a pipe.
    let (reader, length): (Box<dyn Read>, u64) = match path.to_str() {
        Some("-") => (Box::new(io::stdin().lock()), 0),
        _ => {
            let file = File::open(path)?;
            let about = file.metadata()?;
            (Box::new(file), if about.is_file() { about.len() } else { 0 })
        }
    };
    meter.reading(reader.take(LARGEST + 1), length).read_to_end(&mut bytes)?;
    Ok(bytes)
}
