//! One attempt: a request goes out, and what comes back is judged by OTLP's rules.

use super::super::otlp;
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;

/// An answer of more than this is cut off; only its first lines are of interest.
const MAX_ANSWER: u64 = 64 * 1024;

/// How an attempt went.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The server took it, but for `rejected` spans.
    Delivered {
        /// Spans that it refused for good.
        rejected: u64,
        /// What it has to say.
        message: String,
    },
    /// It may go better later.
    Retry {
        /// What went wrong.
        why: String,
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// It will never go better.
    Refused {
        /// What the server does not like.
        why: String,
    },
}

/// An agent that connects directly: traces go where the user said and through no proxy.
pub(super) fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent(concat!("spandrel/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// Posts `body` to `url`. Takes no longer than `timeout`.
pub(super) fn post(agent: &Agent, url: &str, body: &[u8], timeout: Duration) -> Outcome {
    let request = agent
        .post(url)
        .config()
        .timeout_global(Some(timeout))
        .build()
        .header("content-type", "application/x-protobuf");
    let mut response = match request.send(body) {
        Ok(response) => response,
        Err(error) => return Outcome::Retry { why: error.to_string(), after: None },
    };
    let status = response.status();
    let after = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let answer = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
    // Accepted is accepted, whatever became of the rest of the answer.
    let answer = answer.unwrap_or_default();
    judge(status, after, &answer)
}

fn judge(status: StatusCode, after: Option<Duration>, answer: &[u8]) -> Outcome {
    if status.is_success() {
        let (rejected, message) = otlp::partial_success(answer);
        return Outcome::Delivered { rejected, message };
    }
    let why = match status.as_u16() {
        404 | 405 => format!("{status}: is this the OTLP/HTTP port (usually 4318)?"),
        _ => match excerpt(answer) {
            None => status.to_string(),
            Some(text) => format!("{status}: {text}"),
        },
    };
    match status.as_u16() {
        429 | 502 | 503 | 504 => Outcome::Retry { why, after },
        _ => Outcome::Refused { why },
    }
}

/// The start of an answer, if it is text.
fn excerpt(answer: &[u8]) -> Option<String> {
    let text = str::from_utf8(answer).ok()?.trim();
    let text: String = text.chars().take(200).collect();
    (!text.is_empty() && !text.contains(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statuses_of_the_specification_are_retried() {
        for code in [200_u16, 202, 400, 401, 404, 413, 429, 500, 502, 503, 504] {
            let outcome = judge(StatusCode::from_u16(code).unwrap(), None, b"");
            let retried = matches!(outcome, Outcome::Retry { .. });
            assert_eq!(retried, [429, 502, 503, 504].contains(&code), "{code}");
            assert_eq!(matches!(outcome, Outcome::Delivered { .. }), code < 300, "{code}");
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let outcome = judge(StatusCode::BAD_REQUEST, None, b"no such tenant\n");
        let why = "400 Bad Request: no such tenant".to_owned();
        assert_eq!(outcome, Outcome::Refused { why });
    }
}
