//! What OpenTelemetry's variables say of an exporter, as its specification has them.
//!
//! A variable that is empty is as good as none. One for traces wins over one for all signals. A value that
//! makes no sense is ignored with a warning, but for an endpoint: without it nothing would be sent.

use super::http::{Url, UrlError};
use super::settings::{Protocol, SettingError, Settings, compression, header, protocol};
use core::time::Duration;
use percent_encoding::percent_decode_str;

/// Where OTLP goes below a base URL.
pub(super) const TRACES_PATH: &str = "/v1/traces";

/// What the variables say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Environment {
    /// Where to send, and the variable that says so.
    pub endpoint: Option<(Url, &'static str)>,
    /// How.
    pub settings: Settings,
    /// What was ignored, and why.
    pub warnings: Vec<String>,
}

/// A variable for an endpoint holds none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} in the environment: {source}")]
pub struct EnvironmentError {
    /// The variable.
    pub variable: &'static str,
    /// What is wrong.
    pub source: UrlError,
}

struct Reader<F> {
    get: F,
    warnings: Vec<String>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// The value for traces, or that for all, with the name of its variable.
    fn get(&self, [traces, all]: [&'static str; 2]) -> Option<(String, &'static str)> {
        let get = |name| Some(((self.get)(name)?, name));
        let found = [get(traces), get(all)].into_iter().flatten();
        found
            .map(|(value, name)| (value.trim().to_owned(), name))
            .find(|(value, _)| !value.is_empty())
    }

    fn read<T>(
        &mut self,
        names: [&'static str; 2],
        read: impl FnOnce(&str) -> Result<T, SettingError>,
    ) -> Option<T> {
        let (value, name) = self.get(names)?;
        match read(&value) {
            Ok(value) => Some(value),
            Err(error) => {
                self.warnings.push(format!("{name} in the environment is ignored: {error}"));
                None
            }
        }
    }
}

/// A variable for traces, and the one for all signals.
macro_rules! names {
    ($name:literal) => {
        [concat!("OTEL_EXPORTER_OTLP_TRACES_", $name), concat!("OTEL_EXPORTER_OTLP_", $name)]
    };
}

impl Environment {
    /// That of this process.
    ///
    /// # Errors
    /// Where an endpoint is none.
    pub fn here() -> Result<Self, EnvironmentError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// One whose variables `get` knows.
    ///
    /// # Errors
    /// Where an endpoint is none.
    pub fn read(get: impl Fn(&str) -> Option<String>) -> Result<Self, EnvironmentError> {
        let mut reader = Reader { get, warnings: Vec::new() };
        let mut settings = Settings {
            protocol: reader.read(names!("PROTOCOL"), protocol),
            is_compressed: reader.read(names!("COMPRESSION"), compression),
            timeout: reader.read(names!("TIMEOUT"), milliseconds),
            ..Settings::default()
        };
        let path = |names| reader.get(names).map(|(path, _)| path.into());
        settings.authority = path(names!("CERTIFICATE"));
        settings.certificate = path(names!("CLIENT_CERTIFICATE"));
        settings.key = path(names!("CLIENT_KEY"));
        if let Some((list, name)) = reader.get(names!("HEADERS")) {
            for entry in list.split(',').filter(|entry| !entry.trim().is_empty()) {
                match entry_of(entry) {
                    Ok(header) => settings.headers.push(header),
                    Err(error) => reader
                        .warnings
                        .push(format!("a header of {name} in the environment is ignored: {error}")),
                }
            }
        }
        let is_grpc = settings.protocol == Some(Protocol::Grpc);
        let is_plain = reader.read(names!("INSECURE"), boolean).unwrap_or(false);
        let endpoint = match reader.get(names!("ENDPOINT")) {
            None => None,
            Some((text, variable)) => {
                let text = match is_grpc && !text.contains("://") {
                    true if is_plain => format!("http://{text}"),
                    true => format!("https://{text}"),
                    false => text,
                };
                let url = Url::parse(&text);
                let url = url.map_err(|source| EnvironmentError { variable, source })?;
                // One for traces is meant as it is, one for all is where the signals are below.
                let [_, all] = names!("ENDPOINT");
                let url = if variable == all && !is_grpc { url.below(TRACES_PATH) } else { url };
                Some((url, variable))
            }
        };
        Ok(Self { endpoint, settings, warnings: reader.warnings })
    }
}

fn milliseconds(text: &str) -> Result<Duration, SettingError> {
    match text.parse() {
        Ok(time @ 1..=3_600_000) => Ok(Duration::from_millis(time)),
        _ => Err(SettingError(format!("it is a time in milliseconds, up to an hour, not {text}"))),
    }
}

fn boolean(text: &str) -> Result<bool, SettingError> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(SettingError(format!("it is true or false, not {text}"))),
    }
}

/// A header as W3C baggage has an entry.
fn entry_of(entry: &str) -> Result<(http::HeaderName, http::HeaderValue), SettingError> {
    // It may be a secret that lacks its name.
    let Some((name, value)) = entry.split_once('=') else {
        return Err(SettingError("it is no NAME=VALUE".to_owned()));
    };
    let Ok(value) = percent_decode_str(value.trim()).decode_utf8() else {
        return Err(SettingError(format!("the value of {} is no UTF-8", name.trim())));
    };
    header(name, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Environment {
        try_read(variables).unwrap()
    }

    fn try_read(variables: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        Environment::read(|name| {
            let name = name.strip_prefix("OTEL_EXPORTER_OTLP_").unwrap();
            variables.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn endpoint(variables: &[(&str, &str)]) -> String {
        let (url, _) = read(variables).endpoint.unwrap();
        let scheme = if url.is_tls() { "https" } else { "http" };
        format!("{scheme}://{}{}", url.authority(), url.path())
    }

    #[test]
    fn a_base_url_gets_the_path_of_traces_and_one_for_traces_does_not() {
        let base = |url| endpoint(&[("ENDPOINT", url)]);
        assert_eq!(base("http://h:4318"), "http://h:4318/v1/traces");
        assert_eq!(base("https://h/otlp/"), "https://h/otlp/v1/traces");
        assert_eq!(base("http://h/v1/traces"), "http://h/v1/traces/v1/traces");
        assert_eq!(endpoint(&[("TRACES_ENDPOINT", "http://h:4318")]), "http://h:4318/");
        let both = [("TRACES_ENDPOINT", "http://t/in"), ("ENDPOINT", "http://a")];
        assert_eq!(endpoint(&both), "http://t/in");
        let empty = [("TRACES_ENDPOINT", ""), ("ENDPOINT", "http://a")];
        assert_eq!(endpoint(&empty), "http://a/v1/traces");
        assert_eq!(read(&[]), Environment::default());
    }

    #[test]
    fn an_endpoint_of_grpc_has_no_path_and_perhaps_no_scheme() {
        let grpc = |url, more: &[(&'static str, &'static str)]| {
            endpoint(&[&[("PROTOCOL", "grpc"), ("ENDPOINT", url)], more].concat())
        };
        assert_eq!(grpc("http://h:4317", &[]), "http://h:4317/");
        assert_eq!(grpc("h:4317", &[]), "https://h:4317/");
        assert_eq!(grpc("h:4317", &[("INSECURE", "True")]), "http://h:4317/");
        let both = [("TRACES_INSECURE", "false"), ("INSECURE", "true")];
        assert_eq!(grpc("h:4317", &both), "https://h:4317/");
    }

    #[test]
    fn headers_are_decoded_and_hidden() {
        let list = "authorization=Bearer%20a%3Db%2Cc, X-Scope = site ,";
        let found = read(&[("HEADERS", list)]);
        let headers: http::HeaderMap = found.settings.headers.iter().cloned().collect();
        assert_eq!(headers["authorization"], "Bearer a=b,c");
        assert_eq!(headers["x-scope"], "site");
        assert!(!format!("{found:?}").contains("Bearer"), "{found:?}");
        let traces = read(&[("HEADERS", "a=1"), ("TRACES_HEADERS", "b=2")]);
        assert_eq!(traces.settings.headers.len(), 1);
        assert_eq!(traces.settings.headers[0].0, "b");
    }

    #[test]
    fn what_makes_no_sense_is_ignored_with_a_warning_but_for_an_endpoint() {
        let odd = [
            ("PROTOCOL", "http"),
            ("COMPRESSION", "brotli"),
            ("TIMEOUT", "10s"),
            ("INSECURE", "1"),
            ("HEADERS", "secret,a=%ff,b=1"),
        ];
        let found = read(&odd);
        assert_eq!(found.warnings.len(), 6, "{:?}", found.warnings);
        assert!(found.warnings.iter().all(|warning| warning.contains("OTEL_EXPORTER_OTLP_")));
        assert!(!found.warnings.concat().contains("secret"));
        assert_eq!(found.settings.headers.len(), 1);
        let error = try_read(&[("TRACES_ENDPOINT", "h:4318")]).unwrap_err().to_string();
        assert!(
            error.starts_with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT in the environment"),
            "{error}"
        );
    }

    #[test]
    fn times_are_in_milliseconds_and_files_are_paths() {
        let found = read(&[
            ("TRACES_TIMEOUT", "2500"),
            ("TIMEOUT", "1"),
            ("COMPRESSION", "gzip"),
            ("CERTIFICATE", "ca.pem"),
            ("CLIENT_CERTIFICATE", "c.pem"),
            ("TRACES_CLIENT_KEY", "k.pem"),
        ]);
        assert_eq!(found.settings.timeout, Some(Duration::from_millis(2500)));
        assert_eq!(found.settings.gzip(), Some(1));
        let files = found.settings.files().unwrap();
        assert_eq!(files.authority, Some("ca.pem".into()));
        assert_eq!(files.identity, Some(("c.pem".into(), "k.pem".into())));
    }
}
