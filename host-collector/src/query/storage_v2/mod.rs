//! `jaeger.storage.v2`: what a Jaeger asks a store that is not its own, so that an unmodified one sits on
//! ours.
//!
//! Messages are those of Jaeger's `trace_storage.proto` and `dependency_storage.proto`. Traces go as they
//! are stored: whoever asks does to them what it does to its own.

mod decode;
mod split;
mod traces;

use super::jaeger::operations_of;
use super::{Context, Failure, Method};
use crate::protobuf::Writer;
use crate::storage::{Operation, Reader};
use bytes::Bytes;

/// What can be called.
pub const METHODS: [Method; 7] = [
    method("/jaeger.storage.v2.TraceReader/GetTraces", "traces by their ids", traces::get),
    method("/jaeger.storage.v2.TraceReader/GetServices", "names of services", services),
    method("/jaeger.storage.v2.TraceReader/GetOperations", "operations of a service", operations),
    method("/jaeger.storage.v2.TraceReader/FindTraces", "search for traces", traces::find),
    method("/jaeger.storage.v2.TraceReader/FindTraceIDs", "the same, only ids", traces::find_ids),
    method(
        "/jaeger.storage.v2.TraceReader/FindTraceSummaries",
        "the same, a summary of each",
        traces::find_summaries,
    ),
    method(
        "/jaeger.storage.v2.DependencyReader/GetDependencies",
        "which services call which",
        dependencies,
    ),
];

const fn method(path: &'static str, about: &'static str, handler: super::CallHandler) -> Method {
    Method { path, about, handler }
}

/// Messages, or why there are none.
type Outcome = Result<Vec<Bytes>, Failure>;

/// The one message of a call that answers by one.
fn single(out: Writer) -> Vec<Bytes> {
    vec![out.into_bytes().into()]
}

fn services(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    decode::nothing(message)?;
    let mut out = Writer::default();
    for name in reader.services()? {
        out.bytes_always(1, name.as_bytes());
    }
    Ok(single(out))
}

fn operations(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let (service, kind) = decode::operations(message)?;
    let mut out = Writer::default();
    for Operation { name, kind } in operations_of(reader, service, kind)? {
        out.message(1, |out| {
            out.bytes(1, name.as_bytes());
            out.bytes(2, kind.tag().unwrap_or_default().as_bytes());
        });
    }
    Ok(single(out))
}

fn dependencies(message: &[u8], reader: &dyn Reader, _: &Context) -> Outcome {
    let window = decode::window(message)?;
    let mut out = Writer::default();
    for call in reader.dependencies(window)? {
        out.message(1, |out| {
            out.bytes(1, call.parent.as_bytes());
            out.bytes(2, call.child.as_bytes());
            out.varint(3, call.calls);
        });
    }
    Ok(single(out))
}
