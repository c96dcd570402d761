//! Certificates for tests, made anew in each, so that no key lies anywhere.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use graviola::hashing::Sha256;
use graviola::signing::ecdsa::{P256, SigningKey};
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyIdMethod, PublicKeyData, SerialNumber,
    SignatureAlgorithm,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

struct Key {
    key: SigningKey<P256>,
    public: Vec<u8>,
}

impl Key {
    fn new() -> Self {
        let key = SigningKey::<P256>::generate().unwrap();
        let mut buffer = [0; 200];
        let spki = key.to_spki_der(&mut buffer).unwrap();
        // The point is what is left behind everything that is the same for all keys of this curve.
        let public = spki[spki.len() - 65..].to_vec();
        Self { key, public }
    }

    fn pem(&self) -> String {
        let mut buffer = [0; 300];
        pem("PRIVATE KEY", self.key.to_pkcs8_der(&mut buffer).unwrap())
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let mut buffer = [0; 80];
        Ok(self.key.sign_asn1::<Sha256>(&[message], &mut buffer).unwrap().to_vec())
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// What its own cryptography would make up.
fn numbered(mut params: CertificateParams) -> CertificateParams {
    params.serial_number = Some(SerialNumber::from(1));
    params.key_identifier_method = KeyIdMethod::PreSpecified(vec![1; 20]);
    params
}

/// Somebody who vouches for others, in files in a folder that goes away with it.
pub(crate) struct Authority {
    issuer: Issuer<'static, Key>,
    folder: PathBuf,
}

impl Authority {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir();
        let folder = folder.join(format!("spandrel-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut params = numbered(CertificateParams::default());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = Key::new();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.join("ca.pem"), pem("CERTIFICATE", certificate.der())).unwrap();
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// The file that whoever trusts it is given.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// A certificate and a key for `names`, both in one file.
    pub(crate) fn vouch(&self, names: &[&str]) -> PathBuf {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let path = self.folder.join(format!("{}.pem", names.join("-").replace(':', "_")));
        let params = numbered(CertificateParams::new(names).unwrap());
        let key = Key::new();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(&path, pem("CERTIFICATE", certificate.der()) + &key.pem()).unwrap();
        path
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
