//! Writes what has Zipkin's shape.

use super::shape::{Endpoint, Span};
use crate::json::Writer;
use crate::model::Kind;

/// Writes spans as a list.
pub fn spans(out: &mut Writer, spans: &[Span<'_>]) {
    out.list(spans, span);
}

fn span(out: &mut Writer, span: &Span<'_>) {
    out.raw("{\"traceId\":\"");
    match span.trace_id.0 {
        [0, 0, 0, 0, 0, 0, 0, 0, low @ ..] => out.hex(&low),
        all => out.hex(&all),
    }
    if let Some(parent) = span.parent {
        out.raw("\",\"parentId\":\"");
        out.hex(&parent.0);
    }
    out.raw("\",\"id\":\"");
    out.hex(&span.id.0);
    out.raw("\"");
    let kind = match span.kind {
        Some(Kind::Client) => ",\"kind\":\"CLIENT\"",
        Some(Kind::Server) => ",\"kind\":\"SERVER\"",
        Some(Kind::Producer) => ",\"kind\":\"PRODUCER\"",
        Some(Kind::Consumer) => ",\"kind\":\"CONSUMER\"",
        Some(Kind::Unspecified | Kind::Internal) | None => "",
    };
    out.raw(kind);
    if !span.name.is_empty() {
        out.raw(",\"name\":");
        out.string(&span.name);
    }
    // 0 stands for nothing there.
    if span.start_us != 0 {
        out.raw(",\"timestamp\":");
        out.unsigned(span.start_us);
    }
    out.raw(",\"duration\":");
    out.unsigned(span.duration_us);
    endpoint(out, ",\"localEndpoint\":{", &span.local);
    endpoint(out, ",\"remoteEndpoint\":{", &span.remote);
    if !span.annotations.is_empty() {
        out.raw(",\"annotations\":");
        out.list(&span.annotations, |out, (time_us, value)| {
            out.raw("{\"timestamp\":");
            out.unsigned(*time_us);
            out.raw(",\"value\":");
            out.string(value);
            out.raw("}");
        });
    }
    for (index, (key, value)) in span.tags.iter().enumerate() {
        out.raw(if index == 0 { ",\"tags\":{" } else { "," });
        out.string(key);
        out.raw(":");
        out.string(value);
    }
    out.raw(if span.tags.is_empty() { "" } else { "}" });
    out.raw(if span.is_debug { ",\"debug\":true" } else { "" });
    out.raw(if span.is_shared { ",\"shared\":true}" } else { "}" });
}

/// Nothing where nothing is known.
fn endpoint(out: &mut Writer, open: &str, endpoint: &Endpoint) {
    if *endpoint == Endpoint::default() {
        return;
    }
    out.raw(open);
    let mut comma = "";
    if !endpoint.service.is_empty() {
        out.raw("\"serviceName\":");
        out.string(&endpoint.service);
        comma = ",";
    }
    if let Some(address) = endpoint.address {
        out.raw(comma);
        out.raw(if address.is_ipv4() { "\"ipv4\":" } else { "\"ipv6\":" });
        out.string(&address.to_string());
        comma = ",";
    }
    if endpoint.port != 0 {
        out.raw(comma);
        out.raw("\"port\":");
        out.unsigned(endpoint.port.into());
    }
    out.raw("}");
}
