//! Jaeger's `/api/v3`: what newer UIs ask.
//!
//! Names of parameters are those of the newest Jaeger, in camel case, and those of the older ones.

mod adjust;
mod search;

use super::jaeger::operations_of;
use super::{Answer, Context, Endpoint, Failure, Request, TEXT};
use crate::json::Writer;
use crate::storage::Reader;

/// What can be asked.
pub const ENDPOINTS: [Endpoint; 5] = [
    get("/api/v3/services", "names of services", services),
    get("/api/v3/operations", "operations of a service, with kinds", operations),
    get("/api/v3/traces", "search for traces, as OTLP JSON", search::traces),
    get("/api/v3/traces/{id}", "a trace, as OTLP JSON", search::trace),
    get("/api/v3/trace-summaries", "search for traces, a summary of each", search::summaries),
];

const fn get(pattern: &'static str, about: &'static str, handler: super::Handler) -> Endpoint {
    Endpoint { method: "GET", pattern, about, handler }
}

fn services(_: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let mut out = Writer::default();
        out.raw("{\"services\":");
        out.strings(reader.services()?);
        out.raw("}");
        Ok(out)
    };
    answered(body())
}

fn operations(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let body = || {
        let (kind, _) = search::either(request, "spanKind", "span_kind");
        let operations = operations_of(reader, request.first("service"), kind)?;
        let mut out = Writer::default();
        out.raw("{\"operations\":");
        out.list(operations, |out, operation| {
            out.raw("{\"name\":");
            out.string(&operation.name);
            // Its UI wants a kind.
            out.raw(",\"spanKind\":");
            out.string(operation.kind.tag().unwrap_or("internal"));
            out.raw("}");
        });
        out.raw("}");
        Ok(out)
    };
    answered(body())
}

/// What was written, or why it was not, as a gateway to gRPC says it.
fn answered(body: Result<Writer, Failure>) -> Answer {
    let failure = match body {
        Ok(out) => return Answer::json(out.into_bytes()),
        Err(failure) => failure,
    };
    let mut out = Writer::default();
    out.raw("{\"error\":{\"httpCode\":");
    out.unsigned(failure.status.into());
    out.raw(",\"message\":");
    out.string(&failure.message);
    out.raw("}}\n");
    Answer::new(failure.status, TEXT, out.into_bytes())
}
