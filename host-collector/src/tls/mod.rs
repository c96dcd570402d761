//! TLS for whoever speaks it: whom to trust, what to show, and the cryptography behind it.
//!
//! The cryptography is Graviola, which needs no C compiler and no library of the system, but a processor
//! with the instructions that it is written in: where they are missing, that is said before anything is
//! opened.

mod pem;

#[cfg(test)]
pub(crate) mod testing;

pub use pem::{Identity, PemError};

use rustls::crypto::CryptoProvider;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::CertificateDer;
use std::path::Path;
use std::sync::Arc;

/// Why there can be no TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The processor lacks instructions.
    #[error(
        "this processor cannot do TLS: it lacks the instructions for {NEEDED}; use http:// to a proxy on \
         this machine that speaks TLS"
    )]
    Processor,
    /// A file is no certificate or key.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// The system has nobody whom to trust.
    #[error(
        "this system has no trusted certificates{0}: install its package of them (ca-certificates), set \
         SSL_CERT_FILE, or name a file of your own"
    )]
    NoRoots(String),
    /// The certificate, the key or the roots do not do.
    #[error("this certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// Nobody could be let in by these certificates.
    #[error("clients cannot be checked by these certificates: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// Whom a client believes.
#[derive(Clone, Copy, Debug)]
pub enum Roots<'a> {
    /// Whom the system trusts, or the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    System,
    /// Those in this file, and nobody else.
    File(&'a Path),
}

#[cfg(target_arch = "x86_64")]
const NEEDED: &str = "AES, PCLMULQDQ, BMI1, ADX and AVX2";
#[cfg(target_arch = "aarch64")]
const NEEDED: &str = "AES, PMULL and SHA-2";

/// What Graviola takes for granted; it panics where that is missing.
#[cfg(target_arch = "x86_64")]
fn is_processor_able() -> bool {
    std::arch::is_x86_feature_detected!("aes")
        && std::arch::is_x86_feature_detected!("pclmulqdq")
        && std::arch::is_x86_feature_detected!("bmi1")
        && std::arch::is_x86_feature_detected!("adx")
        && std::arch::is_x86_feature_detected!("avx")
        && std::arch::is_x86_feature_detected!("avx2")
}

/// What Graviola takes for granted; it panics where that is missing.
#[cfg(target_arch = "aarch64")]
fn is_processor_able() -> bool {
    std::arch::is_aarch64_feature_detected!("neon")
        && std::arch::is_aarch64_feature_detected!("aes")
        && std::arch::is_aarch64_feature_detected!("pmull")
        && std::arch::is_aarch64_feature_detected!("sha2")
}

/// The cryptography.
///
/// # Errors
/// [`TlsError::Processor`] where the processor cannot do it.
pub fn provider() -> Result<Arc<CryptoProvider>, TlsError> {
    if is_processor_able() {
        Ok(Arc::new(rustls_graviola::default_provider()))
    } else {
        Err(TlsError::Processor)
    }
}

/// TLS 1.2 and 1.3 as a client, which shows `identity` where it is asked for one.
///
/// # Errors
/// Where nobody would be trusted, or what was given is of no use.
pub fn client(
    roots: Roots<'_>,
    identity: Option<Identity>,
    protocols: &[&[u8]],
) -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(provider()?)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(trusted(roots)?);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(Identity { chain, key }) => config.with_client_auth_cert(chain, key)?,
    };
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

/// TLS 1.2 and 1.3 as a server. With `clients`, only those get in whom one of the certificates in that
/// file vouches for.
///
/// # Errors
/// Where what was given is of no use.
pub fn server(
    identity: Identity,
    clients: Option<&Path>,
    protocols: &[&[u8]],
) -> Result<ServerConfig, TlsError> {
    let provider = provider()?;
    let config = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let config = match clients {
        None => config.with_no_client_auth(),
        Some(path) => {
            let roots = Arc::new(store(pem::certificates(path)?)?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider).build()?;
            config.with_client_cert_verifier(verifier)
        }
    };
    let mut config = config.with_single_cert(identity.chain, identity.key)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn trusted(roots: Roots<'_>) -> Result<RootCertStore, TlsError> {
    match roots {
        Roots::File(path) => store(pem::certificates(path)?),
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            let mut roots = RootCertStore::empty();
            // A system has old certificates that nobody can read any more; the others do.
            let (good, _) = roots.add_parsable_certificates(found.certs);
            if good == 0 {
                let why = found.errors.first().map(|error| format!(" ({error})"));
                return Err(TlsError::NoRoots(why.unwrap_or_default()));
            }
            Ok(roots)
        }
    }
}

fn store(certificates: Vec<CertificateDer<'static>>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate)?;
    }
    Ok(roots)
}

#[cfg(test)]
mod tests;
