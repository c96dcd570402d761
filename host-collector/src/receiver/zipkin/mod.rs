//! Zipkin's spans, version 2, as JSON and as protobuf, made into OTLP.
//!
//! A span that Zipkin would refuse is an error, and nothing of its list is taken, as Zipkin has it.
//!
//! | Zipkin | OTLP |
//! |---|---|
//! | service of the local endpoint | `service.name` of the resource |
//! | its address and port | attributes `net.host.ip`, `net.host.port` |
//! | remote endpoint | attributes `peer.service`, `net.peer.ip`, `net.peer.port` |
//! | annotations | events |
//! | tags | attributes, but `error` and `otel.status_code`, which are the status, and `w3c.tracestate` |
//! | `shared`, `debug` | attributes `zipkin.shared`, `zipkin.debug` |
//! | no time | the time of the earliest annotation |

mod json;
mod proto;
mod span;
#[cfg(test)]
mod tests;

pub use json::from_json;
pub use proto::from_protobuf;
pub use span::Fault;

use crate::protobuf::Writer;
use span::Span;
use std::collections::HashMap;

/// Why a list is no list of spans.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ZipkinError {
    /// It is no JSON of spans.
    #[error("no list of Zipkin's spans in JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no protobuf of spans.
    #[error("no list of Zipkin's spans in protobuf: {0}")]
    Protobuf(#[from] crate::protobuf::Malformed),
    /// A span in it is none.
    #[error("span {0} of the list: {1}")]
    Span(usize, Fault),
}

/// Spans by service, in the order in which services come first.
#[derive(Default)]
struct Groups {
    places: HashMap<String, usize>,
    groups: Vec<(String, Writer)>,
}

impl Groups {
    fn add(&mut self, span: &Span<'_>) {
        let service = &*span.local.service;
        let place = self.places.get(service).copied().unwrap_or_else(|| {
            self.places.insert(service.to_owned(), self.groups.len());
            self.groups.push((service.to_owned(), Writer::default()));
            self.groups.len() - 1
        });
        if let Some((_, out)) = self.groups.get_mut(place) {
            out.message(2, |out| span.write(out));
        }
    }

    /// An `ExportTraceServiceRequest`.
    fn into_request(self) -> Vec<u8> {
        let mut writer = Writer::default();
        for (service, spans) in self.groups {
            writer.message(1, |resource_spans| {
                if !service.is_empty() {
                    resource_spans
                        .message(1, |resource| span::text(resource, 1, "service.name", &service));
                }
                resource_spans.bytes(2, &spans.into_bytes());
            });
        }
        writer.into_bytes()
    }
}
