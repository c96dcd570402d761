//! Jaeger's `/api`: what its UI up to 2.x and Grafana ask.
//!
//! Parameters, errors and their texts are those of a Jaeger, and so is what is done to a trace before it
//! is shown, unless it is asked for raw.

mod adjust;
mod document;
mod search;
mod transform;

use super::{Answer, Context, Endpoint, Failure, Request, go};
use crate::json::Writer;
use crate::model::Kind;
use crate::storage::{Dependency, Operation, Reader, Window};
use document::{Document, error, listed};

pub(super) use search::durations;
pub use search::trace_id;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// What can be asked.
pub const ENDPOINTS: [Endpoint; 12] = [
    get("/api/services", "names of services", services),
    get("/api/services/{service}/operations", "names of operations of a service", operation_names),
    get("/api/operations", "operations of a service, with kinds", operations),
    get("/api/traces", "search for traces, as Jaeger UI JSON", search::traces),
    get("/api/traces/{id}", "a trace, as Jaeger UI JSON", search::trace),
    get("/api/dependencies", "which services call which", dependencies),
    get("/api/metrics/latencies", "none: there is no store of metrics", latencies),
    get("/api/metrics/calls", "none: there is no store of metrics", metrics),
    get("/api/metrics/errors", "none: there is no store of metrics", metrics),
    get("/api/metrics/minstep", "none: there is no store of metrics", min_step),
    Endpoint {
        method: "POST",
        pattern: "/api/archive/{id}",
        about: "keeps a trace, whatever becomes of the others",
        handler: archive,
    },
    Endpoint {
        method: "POST",
        pattern: "/api/transform",
        about: "OTLP in JSON as Jaeger UI JSON",
        handler: |request, _, _| listed(request, transform::transform(request)),
    },
];

const fn get(pattern: &'static str, about: &'static str, handler: super::Handler) -> Endpoint {
    Endpoint { method: "GET", pattern, about, handler }
}

fn services(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let document = || {
        let services = reader.services()?;
        Ok(Document::all(&services, |out, name| out.string(name)))
    };
    listed(request, document())
}

fn operation_names(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let document = || {
        let service = request.path.rsplit('/').nth(1).unwrap_or_default();
        let service = super::decoded(service).unwrap_or_default();
        let mut names: Vec<String> =
            reader.operations(&service, None)?.into_iter().map(|known| known.name).collect();
        names.dedup();
        Ok(Document::all(&names, |out, name| out.string(name)))
    };
    listed(request, document())
}

fn operations(request: &Request<'_>, reader: &dyn Reader, _: &Context) -> Answer {
    let document = || {
        let service = request.first("service");
        if service.is_empty() {
            return Err(Failure::bad(search::SERVICE_IS_REQUIRED));
        }
        let operations = operations_of(reader, service, request.first("spanKind"))?;
        Ok(Document::all(&operations, |out, operation| {
            out.raw("{\"name\":");
            out.string(&operation.name);
            out.raw(",\"spanKind\":");
            out.string(operation.kind.tag().unwrap_or_default());
            out.raw("}");
        }))
    };
    listed(request, document())
}

/// The operations of a service, of all kinds if none is named. Of a kind that there is not, none.
pub(super) fn operations_of(
    reader: &dyn Reader,
    service: &str,
    kind: &str,
) -> Result<Vec<Operation>, Failure> {
    let kind = match kind {
        "" => None,
        tag => match Kind::from_tag(tag) {
            None => return Ok(Vec::new()),
            known => known,
        },
    };
    Ok(reader.operations(service, kind)?)
}

fn dependencies(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let document = || {
        let (end_ms, lookback_ms) = end_and_lookback(request, context, DAY_MS)?;
        if lookback_ms < 0 {
            return Err(Failure::internal("end time must be greater than start time"));
        }
        let ns = |ms: i64| u64::try_from(ms).unwrap_or(0).saturating_mul(1_000_000);
        let window = Window { min: ns(end_ms.saturating_sub(lookback_ms)), max: ns(end_ms) };
        let service = request.first("service");
        let is_asked_for = |call: &Dependency| {
            service.is_empty() || call.parent == service || call.child == service
        };
        let mut calls = reader.dependencies(window)?;
        calls.retain(is_asked_for);
        Ok(Document::of(&calls, |out, call| {
            out.raw("{\"parent\":");
            out.string(&call.parent);
            out.raw(",\"child\":");
            out.string(&call.child);
            out.raw(",\"callCount\":");
            out.unsigned(call.calls);
            out.raw("}");
        }))
    };
    listed(request, document())
}

/// The parameters `endTs` and `lookback`, both in milliseconds.
fn end_and_lookback(
    request: &Request<'_>,
    context: &Context,
    default_ms: i64,
) -> Result<(i64, i64), Failure> {
    let now_ms = i64::try_from(context.now_ns / 1_000_000).unwrap_or(i64::MAX);
    let end_ms = search::integer(request, "endTs")?.unwrap_or(now_ms);
    Ok((end_ms, search::integer(request, "lookback")?.unwrap_or(default_ms)))
}

fn archive(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let kept = || {
        let id = trace_id(request.last_segment()).map_err(Failure::bad)?;
        search::integer(request, "start")?;
        search::integer(request, "end")?;
        search::flag(request, "raw")?;
        let Some(archive) = &context.archive else {
            return Err(Failure::internal("archive span storage was not configured"));
        };
        let trace = context.trace(reader, id)?;
        let trace = trace.ok_or_else(|| Failure::missing(search::NOT_FOUND))?;
        archive.keep(trace).map_err(|why| Failure::internal(why.to_string()))
    };
    match kept() {
        Err(failure) => error(&failure),
        Ok(()) => document::nothing(request),
    }
}

fn latencies(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    match go::float(request.first("quantile")) {
        Err(why) => error(&Failure::bad(search::cannot_parse("quantile", &why))),
        Ok(_) => metrics(request, reader, context),
    }
}

/// What a Jaeger without a store of metrics says, once it has understood what is asked.
fn metrics(request: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    let checked = || {
        if request.given("service").is_none() {
            let why = "please provide at least one service name";
            return Err(Failure::bad(search::cannot_parse("service", why)));
        }
        search::flag(request, "groupByOperation")?;
        let mut kinds = request.all("spanKind");
        let unknown = |kind: &&str| *kind != "unspecified" && Kind::from_tag(kind).is_none();
        if let Some(kind) = kinds.find(unknown) {
            let why = format!("unsupported span kind: '{kind}'");
            return Err(Failure::bad(search::cannot_parse("spanKind", &why)));
        }
        end_and_lookback(request, context, DAY_MS)?;
        search::integer(request, "step")?;
        search::integer(request, "ratePer")
    };
    match checked() {
        Err(failure) => error(&failure),
        Ok(_) => error(&no_metrics()),
    }
}

fn min_step(_: &Request<'_>, _: &dyn Reader, _: &Context) -> Answer {
    error(&no_metrics())
}

fn no_metrics() -> Failure {
    Failure { status: 501, message: "metrics querying is currently disabled".into() }
}

/// Writes a trace as it was stored.
fn raw(out: &mut Writer, chunk: &crate::model::Chunk) {
    use crate::exporter::jaeger::{Show, trace};
    trace(out, chunk, Show::AsJaeger);
}
