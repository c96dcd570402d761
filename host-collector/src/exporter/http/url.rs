//! Where to send: a URL that is checked when it is given, not when the first span is ready.

use core::fmt;
use http::Uri;
use http::uri::Authority;

/// An `http` or `https` URL of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    is_tls: bool,
    authority: Authority,
    /// Path and query; never empty.
    path: String,
}

/// Why a text is no [`Url`].
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// It is not `http://host...` or `https://host...`.
    #[error("not an http:// or https:// URL: give one like http://127.0.0.1:4318")]
    NotHttp,
    /// A name and a password, which belong elsewhere.
    #[error("a user name cannot be part of it: give a header or a token-file instead")]
    User,
}

impl Url {
    /// Reads a URL.
    ///
    /// # Errors
    /// Where it is none that an exporter can send to.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let uri: Uri = text.parse().map_err(|_| UrlError::NotHttp)?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(UrlError::NotHttp),
        };
        let authority = uri.authority().ok_or(UrlError::NotHttp)?;
        if authority.as_str().contains('@') {
            return Err(UrlError::User);
        }
        // `host:` and `host:99999` are an authority to the parser.
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        let is_empty = matches!(authority.host(), "" | "[]");
        if is_empty || !port.is_empty() && authority.port_u16().is_none() {
            return Err(UrlError::NotHttp);
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { is_tls, authority: authority.clone(), path })
    }

    /// The same server, with `path` behind its path.
    #[must_use]
    pub fn below(mut self, path: &str) -> Self {
        let (before, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let before = before.trim_end_matches('/');
        let mark = if query.is_empty() { "" } else { "?" };
        self.path = format!("{before}{path}{mark}{query}");
        self
    }

    /// The same server, with `path` behind its path, unless it is there already.
    #[must_use]
    pub fn below_once(mut self, path: &str) -> Self {
        let (before, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let before = before.trim_end_matches('/');
        if let Some(before) = before.strip_suffix(path) {
            let mark = if query.is_empty() { "" } else { "?" };
            self.path = format!("{before}/{mark}{query}");
        }
        self.below(path)
    }

    /// The same server, with this path and no query.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// The host without brackets, and the port.
    #[must_use]
    pub fn host_and_port(&self) -> (&str, u16) {
        let host = self.authority.host();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let port = self.authority.port_u16().unwrap_or(if self.is_tls { 443 } else { 80 });
        (bare.unwrap_or(host), port)
    }

    /// Host and port as they were given, for the header.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// Path and query, which begin with a slash.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls { "https" } else { "http" };
        // A query may hold a key.
        let path = self.path.split('?').next().unwrap_or_default();
        write!(f, "{scheme}://{}{path}", self.authority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn below(url: &str) -> String {
        let url = Url::parse(url).unwrap().below_once("/v1/traces");
        format!("{} {}", url.authority(), url.path())
    }

    #[test]
    fn the_path_is_added_once() {
        for url in ["http://h:1/v1/traces", "http://h:1", "http://h:1/", "http://h:1/v1/traces/"] {
            assert_eq!(below(url), "h:1 /v1/traces", "{url}");
        }
        assert_eq!(below("https://[::1]:4318/in"), "[::1]:4318 /in/v1/traces");
        assert_eq!(below("https://h/in?key=1"), "h /in/v1/traces?key=1");
        assert_eq!(below("https://h/v1/traces?key=1"), "h /v1/traces?key=1");
        let twice = Url::parse("http://h/v1/traces").unwrap().below("/v1/traces");
        assert_eq!(twice.path(), "/v1/traces/v1/traces");
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        for wrong in [
            "127.0.0.1:4318",
            "localhost",
            "ftp://x",
            "",
            "http://",
            "http://h:99999",
            "http://h:",
            "/v1",
            "http://[]",
        ] {
            assert_eq!(Url::parse(wrong), Err(UrlError::NotHttp), "{wrong}");
        }
        assert_eq!(Url::parse("http://a:b@c"), Err(UrlError::User));
    }

    #[test]
    fn the_port_is_the_one_given_or_that_of_the_scheme() {
        let at = |url| {
            Url::parse(url).map(|url| (url.host_and_port().0.to_owned(), url.host_and_port().1))
        };
        assert_eq!(at("http://host"), Ok(("host".into(), 80)));
        assert_eq!(at("https://host/"), Ok(("host".into(), 443)));
        assert_eq!(at("https://[::1]:4318"), Ok(("::1".into(), 4318)));
    }

    #[test]
    fn a_query_is_sent_and_not_shown() {
        let url = Url::parse("https://host/in?key=secret").unwrap();
        assert_eq!((url.path(), &*url.to_string()), ("/in?key=secret", "https://host/in"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_url_or_none(text in ".{0,40}", tail in "[a-z:/?#@\\[\\]0-9.]{0,30}") {
            let _ = Url::parse(&text);
            if let Ok(url) = Url::parse(&format!("http://{tail}")) {
                prop_assert!(!url.host_and_port().0.is_empty() && url.path().starts_with('/'));
            }
        }
    }
}
