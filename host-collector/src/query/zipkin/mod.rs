//! Zipkin's `/api/v2`: what its user interface and its users ask, also below `/zipkin`.
//!
//! Names are compared and shown in lower case, as by a Zipkin.

mod calls;
mod search;

use super::{Answer, Context, Endpoint, Failure, Request, TEXT};
use crate::json::Writer;
use crate::storage::{ReadError, Reader};

/// What can be asked.
pub const ENDPOINTS: [Endpoint; 21] = [
    get("/api/v2/services", "names of services, in lower case", services),
    get("/zipkin/api/v2/services", "the same", services),
    get("/api/v2/spans", "names of spans of a service", spans),
    get("/zipkin/api/v2/spans", "the same", spans),
    get("/api/v2/remoteServices", "services that a service calls", remote_services),
    get("/zipkin/api/v2/remoteServices", "the same", remote_services),
    get("/api/v2/traces", "search for traces, as Zipkin's JSON", search::traces),
    get("/zipkin/api/v2/traces", "the same", search::traces),
    get("/api/v2/trace/{id}", "a trace, as Zipkin's JSON", search::trace),
    get("/zipkin/api/v2/trace/{id}", "the same", search::trace),
    get("/api/v2/traceMany", "several traces", search::many),
    get("/zipkin/api/v2/traceMany", "the same", search::many),
    get("/api/v2/dependencies", "which services call which", calls::dependencies),
    get("/zipkin/api/v2/dependencies", "the same", calls::dependencies),
    get("/api/v2/autocompleteKeys", "tags whose values are suggested", keys),
    get("/zipkin/api/v2/autocompleteKeys", "the same", keys),
    get("/api/v2/autocompleteValues", "values of such a tag", values),
    get("/zipkin/api/v2/autocompleteValues", "the same", values),
    get("/config.json", "what Zipkin's user interface is told", config),
    get("/zipkin/config.json", "the same", config),
    get("/health", "that it works, as a Zipkin says it", health),
];

const fn get(pattern: &'static str, about: &'static str, handler: super::Handler) -> Endpoint {
    Endpoint { method: "GET", pattern, about, handler }
}

/// What was written, or why it was not, which is plain text.
fn answered(body: Result<Writer, Failure>) -> Answer {
    match body {
        Ok(out) => Answer::json(out.into_bytes()),
        Err(failure) => {
            Answer::new(failure.status, TEXT, failure.message.into_owned().into_bytes())
        }
    }
}

fn names(mut names: Vec<String>) -> Writer {
    names.sort();
    names.dedup();
    let mut out = Writer::default();
    out.strings(names);
    out
}

/// A parameter that has to be there.
fn needed<'a>(request: &Request<'a>, name: &str) -> Result<&'a str, Failure> {
    request.given(name).ok_or_else(|| {
        Failure::bad(format!("Mandatory parameter/header/attribute is missing: {name}"))
    })
}

/// Services as they are stored, whose name is this in lower case.
fn named(reader: &dyn Reader, name: &str) -> Result<Vec<String>, ReadError> {
    let name = name.to_lowercase();
    let mut services = reader.services()?;
    services.retain(|service| service.to_lowercase() == name);
    Ok(services)
}

fn services(_: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let services = reader.services()?;
        Ok(names(services.into_iter().map(|name| name.to_lowercase()).collect()))
    };
    answered(body())
}

fn spans(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let mut all = Vec::new();
        for service in named(reader, needed(request, "serviceName")?)? {
            let operations = reader.operations(&service, None)?;
            all.extend(operations.into_iter().map(|operation| operation.name.to_lowercase()));
        }
        Ok(names(all))
    };
    answered(body())
}

fn remote_services(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let mut all = Vec::new();
        for service in named(reader, needed(request, "serviceName")?)? {
            let peers = reader.peers(&service)?;
            // An address is the other side's, and not its name.
            let peers = peers.into_iter().filter(|peer| peer.parse::<std::net::IpAddr>().is_err());
            all.extend(peers.map(|peer| peer.to_lowercase()));
        }
        Ok(names(all))
    };
    answered(body())
}

fn keys(_: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let mut out = Writer::default();
    out.strings(&context.autocomplete_keys);
    answered(Ok(out))
}

fn values(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let key = needed(request, "key")?;
        if key.is_empty() {
            return Err(Failure::bad("key was empty"));
        }
        let is_suggested = context.autocomplete_keys.iter().any(|known| known == key);
        Ok(names(if is_suggested { reader.values(key)? } else { Vec::new() }))
    };
    answered(body())
}

fn config(_: &Request<'_>, _: &dyn Reader, _: &Context) -> Answer {
    let body = "{\"environment\":\"\",\"queryLimit\":10,\"defaultLookback\":900000,\
                \"searchEnabled\":true,\"dependency\":{\"enabled\":true,\"lowErrorRate\":0.5,\
                \"highErrorRate\":0.75},\"logsUrl\":null,\"supportUrl\":null,\
                \"archivePostUrl\":null,\"archiveUrl\":null}";
    Answer::json(body.as_bytes().to_vec())
}

fn health(_: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    // The store is asked something that is no trouble to it.
    let error = reader.services().err();
    let status = if error.is_none() { "UP" } else { "DOWN" };
    let mut out = Writer::default();
    for open in
        ["{\"status\":", ",\"zipkin\":{\"status\":", ",\"details\":{\"spandrel\":{\"status\":"]
    {
        out.raw(open);
        out.string(status);
    }
    if let Some(error) = &error {
        out.raw(",\"details\":{\"error\":");
        out.string(&error.to_string());
        out.raw("}");
    }
    out.raw("}}}}");
    Answer { status: if error.is_none() { 200 } else { 503 }, ..Answer::json(out.into_bytes()) }
}
