//! What devices print on the line that their frames share, as they print it.

use crate::receiver::stream::Text;
use core::convert::Infallible;
use core::str::FromStr;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;

/// Where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextTo {
    /// Between the trees.
    Stdout,
    /// Between the log lines.
    Stderr,
    /// Nowhere.
    None,
    /// To the end of a file.
    File(PathBuf),
}

impl FromStr for TextTo {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text {
            "stdout" => Self::Stdout,
            "stderr" => Self::Stderr,
            "none" => Self::None,
            path => Self::File(path.into()),
        })
    }
}

impl TextTo {
    /// Opens the file, if it is one.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn open(&self) -> io::Result<TextOut> {
        Ok(TextOut(match self {
            Self::Stdout => Out::Stdout,
            Self::Stderr => Out::Stderr,
            Self::None => Out::Gone,
            Self::File(path) => Out::File(OpenOptions::new().create(true).append(true).open(path)?),
        }))
    }
}

/// Writes it, for one port.
#[derive(Debug)]
pub struct TextOut(Out);

#[derive(Debug)]
enum Out {
    Stdout,
    Stderr,
    File(File),
    /// Or nobody reads it any more.
    Gone,
}

impl Text for TextOut {
    fn write(&mut self, bytes: &[u8]) {
        let written = match &mut self.0 {
            Out::Stdout => write_all(io::stdout().lock(), bytes),
            Out::Stderr => write_all(io::stderr().lock(), bytes),
            Out::File(file) => write_all(file, bytes),
            Out::Gone => Ok(()),
        };
        if let Err(error) = written {
            if error.kind() != io::ErrorKind::BrokenPipe {
                log::warn!("cannot write what devices print: {error}; it is dropped from now on");
            }
            self.0 = Out::Gone;
        }
    }
}

/// What a device prompts ends in no line, and is to be seen.
fn write_all(mut out: impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)?;
    out.flush()
}
