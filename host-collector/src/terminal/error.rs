//! Why a question has no answer; each says what to do.

use crate::serve::ServeError;
use crate::store::OpenError;
use std::io;
use std::path::PathBuf;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nobody is there, and what is asked is in no store.
    #[error(
        "no collector answers at {at} ({why}): start one with `spandrel serve`, or say with --at where it is"
    )]
    NoCollector {
        /// Who was asked.
        at: String,
        /// The reason.
        why: String,
    },
    /// Somebody is there and says no.
    #[error("{} says: {what}{}", who(at), hint(*.status))]
    Refused {
        /// Who was asked.
        at: String,
        /// HTTP's status.
        status: u16,
        /// What it says.
        what: String,
    },
    /// The answer broke off.
    #[error("the answer of {at} broke off ({why}): try again")]
    Broken {
        /// Who was asked.
        at: String,
        /// The reason.
        why: String,
    },
    /// The answer is none.
    #[error(
        "what answers at {at} is no collector of this version ({why}): say with --at where it is"
    )]
    Nonsense {
        /// Who was asked.
        at: String,
        /// What is wrong.
        why: String,
    },
    /// TLS cannot be.
    #[error(transparent)]
    Tls(#[from] crate::tls::TlsError),
    /// The file of a token cannot be read.
    #[error("cannot read the token in {}: {source}", .path.display())]
    TokenFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// There is no token.
    #[error(
        "there is no token in the file of --token-file, or in SPANDREL_TOKEN: it is one of those that the collector's --token-file has"
    )]
    Token,
    /// The folder of the store is not known.
    #[error(transparent)]
    Folder(#[from] ServeError),
    /// The store cannot be looked into.
    #[error("no collector runs, and {0}")]
    Store(#[from] OpenError),
    /// Standard output, or the system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A collector is asked by its address, a store by its folder.
fn who(at: &str) -> String {
    let is_collector = at.starts_with("http://") || at.starts_with("https://");
    if is_collector { format!("the collector at {at}") } else { format!("the store in {at}") }
}

fn hint(status: u16) -> &'static str {
    match status {
        401 => "; show a token with --token-file FILE or SPANDREL_TOKEN",
        _ => "",
    }
}

impl Error {
    /// Whether all that is wrong is that nobody reads any more.
    pub(super) fn is_unread(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
