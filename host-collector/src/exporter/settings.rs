//! What may be said of an exporter beside its URL, by an option or by the environment.

use super::http::Files;
use core::time::Duration;
use http::{HeaderName, HeaderValue};
use std::path::PathBuf;

/// How OTLP is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Protobuf over HTTP/1.1.
    Http,
    /// JSON over HTTP/1.1.
    Json,
    /// gRPC.
    Grpc,
}

/// A list of settings; those that nobody said anything about are none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// How OTLP is carried.
    pub protocol: Option<Protocol>,
    /// Whether requests are compressed by gzip.
    pub is_compressed: Option<bool>,
    /// The level of compression.
    pub level: Option<u32>,
    /// How long an attempt may take.
    pub timeout: Option<Duration>,
    /// Headers of each request.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// A file of headers, a line each.
    pub headers_file: Option<PathBuf>,
    /// A file with a bearer token.
    pub token_file: Option<PathBuf>,
    /// Certificates of those who are believed.
    pub authority: Option<PathBuf>,
    /// The certificate that is shown.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
}

/// What is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

/// Compression at which a gzip costs least for what it saves.
const DEFAULT_LEVEL: u32 = 1;

impl Settings {
    /// Takes one `KEY=VALUE`.
    ///
    /// # Errors
    /// Where there is no such key, or it takes no such value.
    pub(super) fn set(&mut self, word: &str) -> Result<(), SettingError> {
        let wrong = |what: String| Err(SettingError(what));
        let Some((key, value)) = word.split_once('=') else {
            return wrong(format!("{word} is no KEY=VALUE, which is what may follow the URL"));
        };
        let path = || Some(PathBuf::from(value));
        match key {
            "protocol" => self.protocol = Some(protocol(value)?),
            "compression" => self.is_compressed = Some(compression(value)?),
            "level" => match value.parse() {
                Ok(level @ 1..=9) => (self.level, self.is_compressed) = (Some(level), Some(true)),
                _ => return wrong(format!("level is 1 (fast) to 9 (small), not {value}")),
            },
            "timeout" => match value.strip_suffix('s').unwrap_or(value).parse() {
                Ok(seconds @ 1..=3600) => self.timeout = Some(Duration::from_secs(seconds)),
                _ => return wrong(format!("timeout is 1 to 3600 seconds, not {value}")),
            },
            "header" => match value.split_once(':') {
                Some((name, value)) => self.headers.push(header(name, value)?),
                None => return wrong(format!("header is NAME:VALUE, not {value}")),
            },
            "headers-file" => self.headers_file = path(),
            "token-file" => self.token_file = path(),
            "ca" => self.authority = path(),
            "cert" => self.certificate = path(),
            "key" => self.key = path(),
            _ => {
                return wrong(format!(
                    "there is no {key}: there are protocol, compression, level, timeout, header, \
                     headers-file, token-file, ca, cert and key"
                ));
            }
        }
        Ok(())
    }

    /// These, and of `others` what these say nothing about.
    pub(super) fn over(self, others: &Self) -> Self {
        let is_new =
            |(name, _): &&(HeaderName, _)| !self.headers.iter().any(|(own, _)| own == name);
        let mut headers: Vec<_> = others.headers.iter().filter(is_new).cloned().collect();
        headers.extend(self.headers.iter().cloned());
        // A level of its own belongs to a compression of its own.
        let level = if self.is_compressed.is_some() { self.level } else { others.level };
        Self {
            protocol: self.protocol.or(others.protocol),
            is_compressed: self.is_compressed.or(others.is_compressed),
            level,
            timeout: self.timeout.or(others.timeout),
            headers,
            headers_file: self.headers_file.or_else(|| others.headers_file.clone()),
            token_file: self.token_file.or_else(|| others.token_file.clone()),
            authority: self.authority.or_else(|| others.authority.clone()),
            certificate: self.certificate.or_else(|| others.certificate.clone()),
            key: self.key.or_else(|| others.key.clone()),
        }
    }

    /// The level of compression, if there is to be any.
    pub(super) fn gzip(&self) -> Option<u32> {
        self.is_compressed.unwrap_or(false).then(|| self.level.unwrap_or(DEFAULT_LEVEL))
    }

    /// The files for TLS.
    ///
    /// # Errors
    /// Where there is a certificate without a key, or a key without a certificate.
    pub(super) fn files(&self) -> Result<Files, SettingError> {
        let identity = match (self.certificate.clone(), self.key.clone()) {
            (None, None) => None,
            (Some(certificate), Some(key)) => Some((certificate, key)),
            _ => return Err(SettingError("a certificate and its key go together".to_owned())),
        };
        Ok(Files { authority: self.authority.clone(), identity })
    }
}

/// A protocol by OpenTelemetry's name.
pub(super) fn protocol(name: &str) -> Result<Protocol, SettingError> {
    match name {
        "http/protobuf" => Ok(Protocol::Http),
        "http/json" => Ok(Protocol::Json),
        "grpc" => Ok(Protocol::Grpc),
        _ => Err(SettingError(format!("protocol is http/protobuf, http/json or grpc, not {name}"))),
    }
}

/// Whether a compression by OpenTelemetry's name is one.
pub(super) fn compression(name: &str) -> Result<bool, SettingError> {
    match name {
        "gzip" => Ok(true),
        "none" => Ok(false),
        _ => Err(SettingError(format!("compression is gzip or none, not {name}"))),
    }
}

/// A header whose value may be secret, so it is not shown, here neither.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), SettingError> {
    let (name, value) = (name.trim(), value.trim());
    let Ok(header) = name.parse::<HeaderName>() else {
        return Err(SettingError(format!("{name:?} is no name of a header")));
    };
    let Ok(mut value) = HeaderValue::from_str(value) else {
        return Err(SettingError(format!("the value of the header {name} is none for a header")));
    };
    value.set_sensitive(true);
    Ok((header, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(words: &str) -> Result<Settings, String> {
        let mut settings = Settings::default();
        for word in words.split_whitespace() {
            settings.set(word).map_err(|error| error.to_string())?;
        }
        Ok(settings)
    }

    #[test]
    fn each_key_takes_its_values() {
        let all = settings(
            "protocol=grpc compression=gzip level=6 timeout=3s header=X-Scope:site-1 ca=c cert=d key=e \
             headers-file=f token-file=g",
        );
        let all = all.unwrap();
        assert_eq!((all.protocol, all.gzip()), (Some(Protocol::Grpc), Some(6)));
        assert_eq!(all.timeout, Some(Duration::from_secs(3)));
        assert_eq!(all.headers[0].0, "x-scope");
        assert_eq!(all.headers[0].1, "site-1");
        let files = all.files().unwrap();
        assert_eq!(files.identity, Some(("d".into(), "e".into())));
        assert_eq!(files.authority, Some("c".into()));
    }

    #[test]
    fn what_cannot_be_says_what_can() {
        for (word, says) in [
            ("grpc", "is no KEY=VALUE"),
            ("protocol=http", "http/protobuf, http/json or grpc"),
            ("compression=zstd", "gzip or none"),
            ("level=0", "1 (fast) to 9 (small)"),
            ("timeout=0", "1 to 3600 seconds"),
            ("header=novalue", "NAME:VALUE"),
            ("header=a b:c", "NAME:VALUE"),
            ("header=ä:c", "no name of a header"),
            ("tokenfile=x", "token-file"),
        ] {
            let error = settings(word).unwrap_err();
            assert!(error.contains(says), "{word}: {error}");
        }
        assert!(settings("cert=a").unwrap().files().is_err());
        let secret = header("authorization", "Bearer secret\n1").unwrap_err().to_string();
        assert!(!secret.contains("secret"), "{secret}");
    }

    #[test]
    fn what_is_said_twice_is_as_the_stronger_has_it() {
        let weak = settings("compression=gzip level=6 timeout=3 header=a:1 header=b:1").unwrap();
        let strong = settings("compression=none header=b:2").unwrap().over(&weak);
        assert_eq!((strong.gzip(), strong.timeout), (None, Some(Duration::from_secs(3))));
        let headers: http::HeaderMap = strong.headers.into_iter().collect();
        assert_eq!(headers["a"].as_bytes(), b"1");
        assert_eq!(headers["b"].as_bytes(), b"2");
        let again = settings("compression=gzip").unwrap().over(&weak);
        assert_eq!(again.gzip(), Some(DEFAULT_LEVEL));
        assert_eq!(Settings::default().over(&weak).gzip(), Some(6));
    }
}
