//! Where an exporter sends, and how.

use super::http::{Files, Url};
use core::time::Duration;
use http::HeaderMap;

/// A server, and what it is to be sent with each request.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The server.
    pub url: Url,
    /// Headers. Those that are secret are marked so, and are not shown.
    pub headers: HeaderMap,
    /// The level of compression, if there is any.
    pub gzip: Option<u32>,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Files for TLS.
    pub files: Files,
}
