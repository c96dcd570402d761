//! One gRPC call, as vectors write it down, and what is answered.

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::ask::{Doors, door};
use crate::peers::GrpcClient;
use crate::proto_json::{self as messages, Message, from_protobuf, to_protobuf};
use crate::vectors::{from_hex, to_hex};

/// The calls that are known, each with its request and its answer.
static CALLS: [(&str, &Message, &Message); 8] = [
    (
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        &messages::TRACES,
        &messages::EXPORTED,
    ),
    ("/jaeger.storage.v2.TraceReader/GetTraces", &messages::TRACES_BY_ID, &messages::TRACES),
    ("/jaeger.storage.v2.TraceReader/GetServices", &messages::NOTHING, &messages::SERVICES),
    (
        "/jaeger.storage.v2.TraceReader/GetOperations",
        &messages::OPERATIONS_QUERY,
        &messages::OPERATIONS,
    ),
    ("/jaeger.storage.v2.TraceReader/FindTraces", &messages::TRACES_QUERY, &messages::TRACES),
    ("/jaeger.storage.v2.TraceReader/FindTraceIDs", &messages::TRACES_QUERY, &messages::TRACE_IDS),
    (
        "/jaeger.storage.v2.DependencyReader/GetDependencies",
        &messages::DEPENDENCIES_QUERY,
        &messages::DEPENDENCIES,
    ),
    (
        "/jaeger.api_v2.SamplingManager/GetSamplingStrategy",
        &messages::SAMPLING_QUERY,
        &messages::STRATEGY,
    ),
];

/// The message that an entry sends.
///
/// # Errors
/// If it can't be understood.
pub fn message(entry: &Value) -> Result<Vec<u8>> {
    let name = entry.get("call").and_then(Value::as_str).context("an answer without `call`")?;
    match (entry.get("hex").and_then(Value::as_str), entry.get("request")) {
        (Some(digits), _) => from_hex(digits),
        (None, Some(request)) => {
            let known = CALLS.iter().find(|(known, ..)| *known == name);
            let (_, fields, _) = known.with_context(|| format!("{name} is not known"))?;
            to_protobuf(fields, request).with_context(|| format!("the request of {name}"))
        }
        (None, None) => Ok(Vec::new()),
    }
}

/// Calls as `entry` says, and returns `code`, `message`, `details` and the `responses` in JSON.
///
/// # Errors
/// If the entry can't be understood, or an answer can't.
pub fn call(doors: &Doors, entry: &Value) -> Result<Map<String, Value>> {
    let name = entry.get("call").and_then(Value::as_str).context("an answer without `call`")?;
    let url = door(doors, entry).with_context(|| name.to_owned())?;
    let known = CALLS.iter().find(|(known, ..)| *known == name);
    let request = message(entry)?;
    let answer = GrpcClient::ensure_built()?.ask(&json!({
        "at": url.trim_start_matches("http://"),
        "call": name,
        "request": to_hex(&request),
        "gzip": entry.get("gzip").is_some(),
    }))?;
    let mut answer = answer.as_object().context("the gRPC client answered no object")?.clone();
    let responses = answer.get("responses").and_then(Value::as_array).cloned().unwrap_or_default();
    let read = |response: Value| {
        let bytes = from_hex(response.as_str().unwrap_or_default())?;
        let (_, _, fields) = known.with_context(|| format!("{name} is not known, yet answered"))?;
        from_protobuf(fields, &bytes).with_context(|| format!("the answer to {name}"))
    };
    let responses = responses.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    answer.insert("responses".to_owned(), responses.into());
    Ok(answer)
}
