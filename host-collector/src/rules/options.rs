//! What the configuration says of rules.

use super::redaction::{Action, Hasher};
use super::{Conditions, Redaction, Rules, SourceLimit};
use clap::Args;
use std::fs;
use std::io;
use std::path::PathBuf;

/// A key that is shorter could be guessed.
const SHORTEST_KEY: usize = 16;

/// Rules for what comes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Rules")]
#[group(skip)]
pub struct Options {
    /// Drop spans of which all of this holds: `service=NAME`, `operation=NAME`, or `TAG=VALUE` of the span or
    /// its process; `*` stands for any text. Give it once for each.
    #[arg(long, value_name = "CONDITION[ and CONDITION]...")]
    pub drop: Vec<Conditions>,
    /// Redact the values of attributes with this key, also in logs and links, and within lists: replace
    /// them, hash them so that equal ones stay equal, or remove the attribute. The first that fits counts.
    /// Give it once for each.
    #[arg(long, value_name = "KEY[=replace[:TEXT]|=hash|=remove]")]
    pub redact: Vec<Redaction>,
    /// For hashes: a file of at least 16 bytes that only this collector has, such as
    /// `head -c 32 /dev/urandom` makes.
    #[arg(long, value_name = "FILE")]
    pub hash_key_file: Option<PathBuf>,
    /// Take so many bytes a second from one source, which is an address, a port, or a client of a broker.
    /// It may save up for ten seconds. Beyond it datagrams are dropped and counted, connections wait, and
    /// clients of HTTP and gRPC are told to.
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub source_limit: Option<u64>,
}

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RulesError {
    /// Hashes without a key.
    #[error(
        "hashes need a key, or whoever sees one could guess the value: make one with  \
         head -c 32 /dev/urandom > FILE  and give it by --hash-key-file FILE"
    )]
    NoKey,
    /// The key cannot be used.
    #[error("cannot use the key in {} ({why}): give another file by --hash-key-file", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: io::Error,
    },
}

impl Options {
    /// The rules.
    ///
    /// # Errors
    /// A key is missing, or cannot be read.
    pub fn rules(&self) -> Result<Rules, RulesError> {
        let hashes = self.redact.iter().any(|redaction| redaction.action == Action::Hash);
        let hasher = match &self.hash_key_file {
            None if hashes => return Err(RulesError::NoKey),
            None => None,
            Some(path) => {
                let failed = |why| RulesError::Key { path: path.clone(), why };
                let key = fs::read(path).map_err(failed)?;
                if key.len() < SHORTEST_KEY {
                    return Err(failed(io::Error::other("it is shorter than 16 bytes")));
                }
                Hasher::new(&key)
            }
        };
        Ok(Rules { drop: self.drop.clone(), redact: self.redact.clone(), hasher })
    }

    /// What one source may send.
    #[must_use]
    pub fn limit(&self) -> Option<SourceLimit> {
        self.source_limit.map(SourceLimit::new)
    }
}
