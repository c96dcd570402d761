//! Which broker, and which topics: a URL that is checked when it is given.

use core::fmt;
use spandrel_transport::mqtt::{DEFAULT_PREFIX, PrefixError, Topics};
use std::str::FromStr;

const PORT: u16 = 1883;

/// `mqtt://[user@]HOST[:PORT][/prefix]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    user: Option<String>,
    /// As it stands in the URL; an IPv6 address is in brackets.
    host: String,
    port: u16,
    prefix: String,
}

/// Why a URL is no [`Endpoint`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndpointError {
    /// The scheme needs TLS.
    #[error(
        "mqtts is not supported: give the mqtt:// address of a broker on this network, or of a tunnel"
    )]
    Tls,
    /// It is not `mqtt://host...`.
    #[error("not an mqtt:// URL: give one like mqtt://user@broker.local:1883/spandrel")]
    NotMqtt,
    /// Whoever lists processes would read it.
    #[error(
        "a password cannot be part of it: give it in the environment, as SPANDREL_MQTT_PASSWORD"
    )]
    Password,
    /// The port is none.
    #[error("what follows the last colon is no port from 1 to 65535")]
    Port,
    /// What follows the host begins no topic.
    #[error("{0}")]
    Prefix(PrefixError),
}

impl Endpoint {
    /// Who the collector is to the broker.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The topics of its devices.
    #[must_use]
    pub fn topics(&self) -> Topics<'_> {
        Topics::new(&self.prefix).unwrap_or_default()
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        let Some(rest) = url.strip_prefix("mqtt://") else {
            let is_tls = url.starts_with("mqtts://");
            return Err(if is_tls { EndpointError::Tls } else { EndpointError::NotMqtt });
        };
        let (authority, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err(EndpointError::Password);
        }
        // The colons within brackets are those of an address.
        let in_brackets = place.rfind(']').map_or(0, |at| at + 1);
        let (host, port) = match place.split_at_checked(in_brackets) {
            Some((address, rest)) if rest.contains(':') => {
                let (name, port) = rest.rsplit_once(':').ok_or(EndpointError::Port)?;
                (format!("{address}{name}"), port.parse().map_err(|_| EndpointError::Port)?)
            }
            _ => (place.to_owned(), PORT),
        };
        if host.is_empty() || user == Some("") || host.contains(['?', '#', ' ']) {
            return Err(EndpointError::NotMqtt);
        }
        if port == 0 {
            return Err(EndpointError::Port);
        }
        let prefix = prefix.strip_suffix('/').unwrap_or(prefix);
        let prefix = if prefix.is_empty() { DEFAULT_PREFIX } else { prefix };
        Topics::new(prefix).map_err(EndpointError::Prefix)?;
        Ok(Self { user: user.map(str::to_owned), host, port, prefix: prefix.to_owned() })
    }
}

/// Without the user: as it stands in log lines.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mqtt://{}:{}/{}", self.host, self.port, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<(Option<String>, String), EndpointError> {
        let endpoint: Endpoint = url.parse()?;
        Ok((endpoint.user().map(str::to_owned), endpoint.to_string()))
    }

    #[test]
    fn what_is_left_out_is_as_usual() {
        let plain = |url: &str| Ok((None, url.to_owned()));
        assert_eq!(parsed("mqtt://broker"), plain("mqtt://broker:1883/spandrel"));
        assert_eq!(parsed("mqtt://broker:1/"), plain("mqtt://broker:1/spandrel"));
        assert_eq!(parsed("mqtt://10.0.0.1/site/a/"), plain("mqtt://10.0.0.1:1883/site/a"));
        assert_eq!(parsed("mqtt://[::1]:99"), plain("mqtt://[::1]:99/spandrel"));
        assert_eq!(parsed("mqtt://[::1]"), plain("mqtt://[::1]:1883/spandrel"));
        let with_user = parsed("mqtt://me@site@broker:1/x").unwrap();
        assert_eq!(with_user, (Some("me@site".into()), "mqtt://broker:1/x".into()));
    }

    #[test]
    fn what_cannot_work_is_refused_at_once() {
        assert_eq!(parsed("mqtts://broker"), Err(EndpointError::Tls));
        for url in ["", "broker", "http://broker", "mqtt://", "mqtt://@broker", "mqtt://a?b"] {
            assert_eq!(parsed(url), Err(EndpointError::NotMqtt), "{url}");
        }
        assert_eq!(parsed("mqtt://me:secret@broker"), Err(EndpointError::Password));
        for url in ["mqtt://broker:", "mqtt://broker:0", "mqtt://broker:65536", "mqtt://[::1]:x"] {
            assert_eq!(parsed(url), Err(EndpointError::Port), "{url}");
        }
        let error = parsed("mqtt://broker/a/#").unwrap_err();
        assert_eq!(error, EndpointError::Prefix(PrefixError::Character));
    }
}
