//! One question to a backend, as vectors write it down, and what it answers.

use core::time::Duration;
use std::borrow::Cow;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use crate::proto_json::{EXPORTED, TRACES, from_protobuf, to_protobuf};
use crate::vectors::from_hex;

/// Where questions go: the doors of a backend, each `http://127.0.0.1:PORT`, by the name that
/// vectors have for it. The first is where those go that name none.
pub type Doors = [(&'static str, String)];

/// An agent that looks at status codes itself; a proxy meant for the outside must not see loopback.
#[must_use]
pub fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(20)))
        .proxy(None)
        .build()
        .new_agent()
}

/// The door that an entry asks at.
pub(super) fn door<'a>(doors: &'a Doors, entry: &Value) -> Result<&'a str> {
    let found = match entry.get("at").and_then(Value::as_str) {
        Some(name) => doors.iter().find(|(door, _)| *door == name),
        None => doors.first(),
    };
    found.map(|(_, url)| url.as_str()).context("there is no such door")
}

/// Asks as `entry` says, and returns `status`, `type`, and what was answered: `json`, or `text` if it is
/// none. `not_utf8` is there where the answer was not, and has replacement characters.
///
/// # Errors
/// If the entry can't be understood or the backend does not answer.
pub fn ask(agent: &ureq::Agent, doors: &Doors, entry: &Value) -> Result<Map<String, Value>> {
    let line = entry.get("ask").and_then(Value::as_str).context("an answer without `ask`")?;
    let (method, path) = line.split_once(' ').context("`ask` is METHOD PATH")?;
    let url = door(doors, entry).with_context(|| line.to_owned())?;
    let mut request = ureq::http::Request::builder().method(method).uri(format!("{url}{path}"));
    let send = entry.get("send");
    let (default_type, body) = match send {
        Some(send) => body(send).with_context(|| line.to_owned())?,
        None => (None, Vec::new()),
    };
    let given = |key: &str| send.and_then(|send| send.get(key)).and_then(Value::as_str);
    if let Some(media_type) = given("type").or(default_type).filter(|media| !media.is_empty()) {
        request = request.header("content-type", media_type);
    }
    if let Some(encoding) = given("encoding") {
        request = request.header("content-encoding", encoding);
    }
    // Only what has a body may have one.
    let mut response = if send.is_some() || method == "POST" || method == "PUT" {
        agent.run(request.body(body)?)
    } else {
        agent.run(request.body(())?)
    }
    .with_context(|| format!("no answer to {line}"))?;
    let media_type = response.headers().get("content-type");
    let media_type = media_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let bytes = response.body_mut().with_config().limit(1 << 26).read_to_vec()?;
    let mut answer = Map::new();
    answer.insert("status".to_owned(), response.status().as_u16().into());
    answer.insert("type".to_owned(), media_type.into());
    // What an OTLP door says as protobuf is read as what it says as JSON.
    let is_protobuf = answer["type"] == "application/x-protobuf";
    if is_protobuf && let Ok(json) = from_protobuf(EXPORTED, &bytes) {
        answer.insert("json".to_owned(), json);
        return Ok(answer);
    }
    // Jaeger's version 3 hands on what is not UTF-8, and what it says is then no JSON to the letter.
    let text = String::from_utf8_lossy(&bytes);
    // Zipkin counts some characters of other planes as longer than they are, and sends what is left as zeros.
    match serde_json::from_str::<Value>(text.trim_end_matches('\0')) {
        Ok(json) => answer.insert("json".to_owned(), json),
        Err(_) => answer.insert("text".to_owned(), readable(&text).into()),
    };
    if matches!(text, Cow::Owned(_)) {
        answer.insert("not_utf8".to_owned(), true.into());
    }
    Ok(answer)
}

/// What is sent, and its usual type.
fn body(send: &Value) -> Result<(Option<&'static str>, Vec<u8>)> {
    const JSON: Option<&str> = Some("application/json");
    const PROTOBUF: Option<&str> = Some("application/x-protobuf");
    if let Some(json) = send.get("json") {
        return Ok((JSON, json.to_string().into_bytes()));
    }
    if let Some(text) = send.get("text").and_then(Value::as_str) {
        return Ok((JSON, text.as_bytes().to_vec()));
    }
    if let Some(request) = send.get("otlp") {
        return Ok((PROTOBUF, to_protobuf(TRACES, request)?));
    }
    if let Some(digits) = send.get("hex").and_then(Value::as_str) {
        return Ok((PROTOBUF, from_hex(digits)?));
    }
    bail!("`send` has neither json, text, otlp nor hex")
}

/// Text as it is; a page of somebody's user interface by what it begins with.
fn readable(text: &str) -> &str {
    const PAGE: &str = "<!doctype html>";
    let start: String = text.chars().take(500).collect();
    if start.to_ascii_lowercase().contains(PAGE) { PAGE } else { text }
}
