//! Where to send: a URL that is checked when it is given, not when the first span is ready.

use core::fmt;
use std::str::FromStr;
use ureq::http::Uri;

const PATH: &str = "/v1/traces";

/// The address of an OTLP/HTTP receiver, `/v1/traces` included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(String);

/// Why a URL is no [`Endpoint`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// The scheme needs TLS.
    #[error("https is not supported yet: give the http:// address of a receiver on this network")]
    Https,
    /// It is not `http://host...`.
    #[error("not an http:// URL: give one like http://127.0.0.1:4318")]
    NotHttp,
    /// It has a part that OTLP does not know.
    #[error("a query or a user name cannot be part of it: give only http://host:port/path")]
    Extra,
}

impl Endpoint {
    /// The whole URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Takes the base URL, as `OTEL_EXPORTER_OTLP_ENDPOINT` does, or the whole one.
    fn from_str(url: &str) -> Result<Self, EndpointError> {
        let uri: Uri = url.parse().map_err(|_| EndpointError::NotHttp)?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(EndpointError::Https),
            _ => return Err(EndpointError::NotHttp),
        }
        let authority = uri.authority().ok_or(EndpointError::NotHttp)?;
        if uri.query().is_some() || authority.as_str().contains('@') {
            return Err(EndpointError::Extra);
        }
        let path = uri.path().trim_end_matches('/');
        let path = path.strip_suffix(PATH).unwrap_or(path);
        Ok(Self(format!("http://{authority}{path}{PATH}")))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<String, EndpointError> {
        url.parse::<Endpoint>().map(|endpoint| endpoint.to_string())
    }

    #[test]
    fn the_path_is_added_once() {
        let whole = "http://127.0.0.1:4318/v1/traces";
        for url in [
            whole,
            "http://127.0.0.1:4318",
            "http://127.0.0.1:4318/",
            "http://127.0.0.1:4318/v1/traces/",
        ] {
            assert_eq!(parsed(url).as_deref(), Ok(whole), "{url}");
        }
        assert_eq!(parsed("http://[::1]:4318/in").as_deref(), Ok("http://[::1]:4318/in/v1/traces"));
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        assert_eq!(parsed("https://example.com"), Err(EndpointError::Https));
        assert_eq!(parsed("127.0.0.1:4318"), Err(EndpointError::NotHttp));
        assert_eq!(parsed("localhost"), Err(EndpointError::NotHttp));
        assert_eq!(parsed("ftp://x"), Err(EndpointError::NotHttp));
        assert_eq!(parsed(""), Err(EndpointError::NotHttp));
        assert_eq!(parsed("http://a:b@c"), Err(EndpointError::Extra));
        assert_eq!(parsed("http://c?d=e"), Err(EndpointError::Extra));
    }
}
