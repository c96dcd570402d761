//! Spans as they come: which of them somebody wants, and what is told of each.

use super::super::{Context, Failure, Request};
use super::search;
use super::write::{SPAN_WARNINGS, attributes, bare, key_of, list, pair, text};
use crate::json::Writer;
use crate::model::{Attributes, Chunk, ResourceView, SpanView};
use crate::storage::{PEER_KEYS, Search, Tag};

/// Which spans are wanted.
#[derive(Clone, Debug)]
pub struct Filter(Search);

impl Filter {
    /// What the parameters of a search say of a single span.
    ///
    /// # Errors
    ///
    /// [`Failure`] where one of them makes no sense.
    pub fn read(request: &Request<'_>, context: &Context) -> Result<Self, Failure> {
        search::read(request, context).map(Self)
    }

    fn wants(&self, resource: ResourceView<'_>, span: SpanView<'_>) -> bool {
        let search = &self.0;
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted == found)
        };
        is(&search.operation, span.name())
            && is(&search.service, resource.service_name())
            && search.kind.is_none_or(|kind| kind == span.kind())
            && search.failed.is_none_or(|failed| failed == (span.status_code() == 2))
            && search.duration.contains(span.duration_ns())
            && search.peer.as_ref().is_none_or(|peer| has_peer(span, peer))
            && search.tags.iter().all(|tag| has_tag(tag, resource, span))
    }
}

fn has_peer(span: SpanView<'_>, peer: &str) -> bool {
    let attributes = span.attributes();
    let first = PEER_KEYS.iter().find_map(|key| attributes.get(key));
    first.is_some_and(|found| found.to_text() == peer)
}

fn has_tag(tag: &Tag, resource: ResourceView<'_>, span: SpanView<'_>) -> bool {
    let is_in = |attributes: Attributes<'_>| {
        attributes
            .iter()
            .filter(|one| one.key() == tag.key)
            .any(|one| tag.value.as_deref().is_none_or(|wanted| one.value().to_text() == wanted))
    };
    let as_jaeger = match &*tag.key {
        "error" if span.status_code() == 2 => Some("true"),
        "span.kind" => span.kind().tag(),
        "otel.status_description" => Some(span.status_message()).filter(|text| !text.is_empty()),
        _ => None,
    };
    as_jaeger.is_some_and(|found| tag.value.as_deref().is_none_or(|wanted| wanted == found))
        || is_in(span.attributes())
        || is_in(resource.attributes())
        || span.events().any(|event| is_in(event.attributes()))
}

/// The event of a stream that tells of those that are wanted; none if there is none.
#[must_use]
pub fn spans(chunk: &Chunk, filter: &Filter) -> Option<Vec<u8>> {
    let wanted = chunk.spans().filter(|(resource, _, span)| filter.wants(*resource, *span));
    let mut wanted = wanted.peekable();
    wanted.peek()?;
    let mut json = Writer::default();
    json.raw("event: spans\ndata: ");
    list(&mut json, wanted, |json, (resource, _, span)| one(json, resource, span));
    json.raw("\n\n");
    Some(json.into_bytes())
}

/// The event that tells how many were missed.
#[must_use]
pub fn skipped(spans: u64) -> Vec<u8> {
    format!("event: skipped\ndata: {{\"spans\":{spans}}}\n\n").into_bytes()
}

fn one(json: &mut Writer, resource: ResourceView<'_>, span: SpanView<'_>) {
    let tags = span.attributes();
    let is_made = tags.get(crate::session::made::MADE).is_some();
    let warnings = tags.get(SPAN_WARNINGS).map_or(0, |list| list.items().count());
    json.raw("{\"trace\":\"");
    json.raw(&span.trace_id().to_string());
    json.raw("\"");
    pair(json, "id", span.span_id());
    pair(json, "parent", span.parent_span_id().map_or_else(String::new, |id| id.to_string()));
    text(json, "service", resource.service_name());
    text(json, "device", resource.attributes().text("device.id").unwrap_or_default());
    text(json, "name", span.name());
    text(json, "kind", span.kind().tag().unwrap_or_default());
    pair(json, "start_ns", span.start_ns());
    pair(json, "duration_ns", span.duration_ns());
    bare(json, "failed", span.status_code() == 2);
    bare(json, "made", is_made);
    key_of(json, "attributes");
    attributes(json, tags);
    bare(json, "warnings", warnings);
    json.raw("}");
}

#[cfg(test)]
mod tests {
    use super::super::tests::chunk;
    use super::*;
    use crate::query::pairs;

    fn heard(query: &str) -> Option<String> {
        let query = pairs(query);
        let request = Request { method: "GET", path: "", query: &query, body: b"" };
        let filter = Filter::read(&request, &Context::default()).unwrap();
        let chunk = chunk("panel", &[(1, 0, 0, 10, "read"), (2, 1, 1, 2, "a\nb")]);
        spans(&chunk, &filter).map(|event| String::from_utf8(event).unwrap())
    }

    #[test]
    fn an_event_is_of_one_line_and_has_those_that_are_wanted() {
        let all = heard("").unwrap();
        let data = all.strip_prefix("event: spans\ndata: ").unwrap().strip_suffix("\n\n").unwrap();
        assert!(!data.contains('\n'));
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        assert_eq!(data.as_array().unwrap().len(), 2);
        assert_eq!(
            (&data[1]["name"], &data[1]["parent"]),
            (&"a\nb".into(), &"0000000000000001".into())
        );
        for some in [
            "operation=read",
            "service=panel&min=5ms",
            "tag=service.name",
            "tag=service.name=panel&max=1ms",
        ] {
            assert!(heard(some).is_some(), "{some}");
        }
        for none in [
            "operation=write",
            "service=motor",
            "min=20ms",
            "failed=true",
            "kind=client",
            "tag=x",
            "peer=p",
        ] {
            assert_eq!(heard(none), None, "{none}");
        }
    }
}
