//! Certificates and keys in files, as PEM.

use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A certificate with those that vouch for it, and its key: what one side shows the other.
#[derive(Debug)]
pub struct Identity {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

/// Why a file has no certificate or key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// It has none.
    #[error("{} has no {what} in PEM: it begins with a line of -----BEGIN {begin}-----", .path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
        /// What it should have.
        what: &'static str,
        /// How that begins.
        begin: &'static str,
    },
    /// It is damaged.
    #[error("{} is no PEM: {source}", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
}

impl Identity {
    /// Reads the certificates in `chain`, its own first, and the key in `key`; both may be one file.
    ///
    /// # Errors
    /// Where one of them cannot be read or has nothing of the kind.
    pub fn read(chain: &Path, key: &Path) -> Result<Self, PemError> {
        let found = certificates(chain)?;
        let key = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|source| match source {
            pem::Error::NoItemsFound => {
                let (what, begin) = ("private key", "PRIVATE KEY");
                PemError::Nothing { path: key.to_owned(), what, begin }
            }
            source => PemError::Damaged { path: key.to_owned(), source },
        })?;
        Ok(Self { chain: found, key })
    }
}

/// All certificates in a file, at least one.
pub(super) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let text = read(path)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let found = found.map_err(|source| PemError::Damaged { path: path.to_owned(), source })?;
    if found.is_empty() {
        let (what, begin) = ("certificate", "CERTIFICATE");
        return Err(PemError::Nothing { path: path.to_owned(), what, begin });
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>, PemError> {
    fs::read(path).map_err(|source| PemError::Read { path: path.to_owned(), source })
}
