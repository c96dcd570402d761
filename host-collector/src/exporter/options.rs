//! The options that say where spans go.

use super::http::{Url, UrlError};
use super::settings::{SettingError, Settings};
use clap::{Args, value_parser};
use std::str::FromStr;

/// Where spans go.
#[derive(Args, Clone, Debug, Default)]
#[group(id = "export")]
#[command(next_help_heading = "Export")]
pub struct Options {
    /// Send every span there by OTLP, such as <http://127.0.0.1:4318>, or with protocol=grpc
    /// <http://127.0.0.1:4317>. Give it once for each. Behind the URL may stand, all in one argument,
    /// protocol, compression, level, timeout, header, headers-file, token-file, ca, cert and key; what
    /// is not said is as `OTEL_EXPORTER_OTLP_*` says.
    #[arg(long, value_name = "URL [KEY=VALUE]...")]
    pub export_otlp: Vec<Destination>,
    /// Send every span there as Zipkin's clients do, such as <http://127.0.0.1:9411>. Give it once for
    /// each. Behind the URL may stand the same as with --export-otlp, but for protocol.
    #[arg(long, value_name = "URL [KEY=VALUE]...")]
    pub export_zipkin: Vec<Destination>,
    /// So much is kept on the disk for each server that is away, below the folder of the store; 0 keeps
    /// none there.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = value_parser!(u64).range(..1 << 40))]
    pub export_spool: u64,
}

/// A URL, and what was said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The URL as it was given.
    pub url: Url,
    /// What was said.
    pub settings: Settings,
}

/// Why a text is no [`Destination`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DestinationError {
    /// It does not begin with a URL.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// What follows is no setting.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

impl FromStr for Destination {
    type Err = DestinationError;

    fn from_str(text: &str) -> Result<Self, DestinationError> {
        let mut words = text.split_whitespace();
        let url = Url::parse(words.next().unwrap_or_default())?;
        let mut settings = Settings::default();
        for word in words {
            settings.set(word)?;
        }
        Ok(Self { url, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exporter::settings::Protocol;

    #[test]
    fn a_url_may_be_followed_by_what_is_special_about_it() {
        let plain: Destination = "http://127.0.0.1:4318".parse().unwrap();
        assert_eq!(plain.settings, Settings::default());
        let more: Destination = " https://h  protocol=grpc compression=gzip ".parse().unwrap();
        assert_eq!(more.url.host_and_port(), ("h", 443));
        assert_eq!((more.settings.protocol, more.settings.gzip()), (Some(Protocol::Grpc), Some(1)));
        for wrong in ["", "nonsense", "http://h grpc", "http://h color=red"] {
            assert!(wrong.parse::<Destination>().is_err(), "{wrong}");
        }
    }
}
