//! Owned spans out of a chunk, for what shows and keeps them as such.

use super::chunk::{
    Attributes, Chunk, EventView, LinkView, ResourceSpansView, ResourceView, SPAN_WARNINGS,
    SpanView, StatusView, ValueView,
};
use super::{
    Attribute, Batch, Event, Link, PROCESS_WARNINGS, Resource, SERVICE_NAME, Source, Span, Status,
    Value,
};
use std::sync::Arc;

impl Batch {
    /// The spans of a chunk of this source, those of each resource in a batch of their own.
    ///
    /// It is the way back from [`Batch::to_chunk`]. What the owned model has no place for, such as scopes
    /// and lists as values, is left out or becomes text.
    #[must_use]
    pub fn of_chunk(source: Source, chunk: &Chunk) -> Vec<Self> {
        chunk.resources().map(|group| Self::of_group(source, group)).collect()
    }

    fn of_group(source: Source, group: ResourceSpansView<'_>) -> Self {
        let spans = group.scopes().flat_map(|scope| scope.spans()).map(span).collect();
        Self { source, resource: Arc::new(resource(group.resource())), spans }
    }
}

fn resource(view: ResourceView<'_>) -> Resource {
    let (attributes, warnings) = attributes(view.attributes(), PROCESS_WARNINGS);
    let mut attributes = attributes;
    // It is written first, and a tag of the same key stays one.
    if let Some(place) = attributes.iter().position(|tag| &*tag.key == SERVICE_NAME) {
        attributes.remove(place);
    }
    Resource { service_name: view.service_name().into(), attributes, warnings }
}

fn span(view: SpanView<'_>) -> Span {
    let (attributes, warnings) = attributes(view.attributes(), SPAN_WARNINGS);
    Span {
        trace_id: view.trace_id(),
        span_id: view.span_id(),
        parent_span_id: view.parent_span_id(),
        name: view.name().into(),
        kind: view.kind(),
        start_ns: view.start_ns(),
        end_ns: view.end_ns(),
        attributes,
        dropped_attributes: view.dropped_attributes(),
        events: view.events().map(event).collect(),
        dropped_events: view.dropped_events(),
        links: view.links().map(link).collect(),
        dropped_links: view.dropped_links(),
        status: match view.status() {
            StatusView::Unset => Status::Unset,
            StatusView::Ok => Status::Ok,
            StatusView::Error(description) => Status::Error(description.into()),
        },
        flags: view.flags(),
        warnings,
    }
}

fn event(view: EventView<'_>) -> Event {
    Event {
        time_ns: view.time_ns(),
        name: view.name().into(),
        attributes: plain(view.attributes()),
        dropped_attributes: view.dropped_attributes(),
    }
}

fn link(view: LinkView<'_>) -> Link {
    Link {
        trace_id: view.trace_id(),
        span_id: view.span_id(),
        attributes: plain(view.attributes()),
    }
}

fn plain(list: Attributes<'_>) -> Vec<Attribute> {
    list.iter().map(|one| Attribute::new(one.key(), value(one.value()))).collect()
}

/// Attributes, and apart from them the texts in the list under the key of warnings.
fn attributes(list: Attributes<'_>, warnings_key: &str) -> (Vec<Attribute>, Vec<Arc<str>>) {
    let (mut attributes, mut warnings) = (Vec::new(), Vec::new());
    for one in list.iter() {
        match one.value() {
            texts @ ValueView::Array(_) if one.key() == warnings_key => {
                warnings.extend(texts.items().map(|text| Arc::from(text.to_text())));
            }
            other => attributes.push(Attribute::new(one.key(), value(other))),
        }
    }
    (attributes, warnings)
}

fn value(view: ValueView<'_>) -> Value {
    match view {
        ValueView::Bool(value) => Value::Bool(value),
        ValueView::Int(value) => Value::Int(value),
        ValueView::Double(value) => Value::Double(value),
        ValueView::Bytes(bytes) => bytes.into(),
        ValueView::Str(text) => text.into(),
        ValueView::Empty | ValueView::Array(_) | ValueView::KeyValues(_) => {
            Value::Str(view.to_text().into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TraceId, testing};
    use proptest::prelude::*;

    proptest! {
        /// For all that a session makes: a name, an id, and an end after the start.
        #[test]
        fn a_batch_is_the_same_behind_a_chunk(
            resource in testing::resource(),
            spans in prop::collection::vec(testing::span(TraceId([7; 16])), 1..5),
        ) {
            let mut batch = Batch { source: testing::source(3), resource, spans };
            for (number, span) in (1..).zip(&mut batch.spans) {
                span.name = format!("read {number}").into();
                (span.start_ns, span.end_ns) = (number, number + 1 + span.end_ns / 2);
                for link in &mut span.links {
                    link.trace_id = TraceId([9; 16]);
                }
            }
            let (chunk, rejected) = batch.to_chunk();
            prop_assert_eq!((chunk.len(), rejected), (batch.spans.len(), 0));
            prop_assert_eq!(Batch::of_chunk(batch.source, &chunk), [batch]);
        }
    }

    #[test]
    fn a_span_without_a_trace_is_left_out() {
        let span = |trace| {
            Span::new(TraceId([trace; 16]), crate::model::SpanId([1; 8]), "a".into(), [1, 2])
        };
        let resource = Arc::new(Resource::new("board", Vec::new()));
        let batch = Batch { source: testing::source(3), resource, spans: vec![span(0), span(1)] };
        let (chunk, rejected) = batch.to_chunk();
        assert_eq!((chunk.len(), rejected), (1, 1));
    }
}
