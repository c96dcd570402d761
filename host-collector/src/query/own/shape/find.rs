//! Finding spans within a trace: by what is in them, which a timeline does not have.

use super::super::super::{Answer, Context, Failure, Request};
use super::super::write::list;
use super::super::{answered, no_trace};
use super::rows::{Row, Rows};
use crate::json::Writer;
use crate::model::{Attributes, ResourceView};
use crate::storage::Reader;

/// Rows of a trace of which a name, a tag, a log or an id has the text in it.
pub(in super::super) fn find(
    request: &Request<'_>,
    reader: &dyn Reader,
    context: &Context,
) -> Answer {
    answered(rows(request, reader, context).map(|rows| {
        let mut json = Writer::default();
        json.raw("{\"rows\":");
        list(&mut json, rows, |json, row| json.raw(&row.to_string()));
        json.raw("}");
        json
    }))
}

fn rows(
    request: &Request<'_>,
    reader: &dyn Reader,
    context: &Context,
) -> Result<Vec<usize>, Failure> {
    let trace = super::super::trace_id(request)?;
    let text = request.first("text").trim().to_lowercase();
    if text.is_empty() {
        return Err(Failure::bad("say what to find: ?text="));
    }
    let chunk = context.trace(reader, trace)?.ok_or_else(|| no_trace(trace))?;
    super::same(request.first("revision"), &super::revision(&chunk))?;
    let rows = Rows::new(&chunk);
    // Of a process all spans have what it has.
    let processes: Vec<bool> =
        rows.processes.iter().map(|process| in_process(*process, &text)).collect();
    let has = |row: &Row<'_>| processes.get(row.process) == Some(&true) || in_span(row, &text);
    let found = rows.rows.iter().enumerate().filter(|(_, row)| has(row));
    Ok(found.map(|(at, _)| at).collect())
}

fn in_process(process: ResourceView<'_>, text: &str) -> bool {
    is_in(process.service_name(), text) || in_tags(process.attributes(), text)
}

fn in_span(row: &Row<'_>, text: &str) -> bool {
    let span = row.span;
    is_in(span.name(), text)
        || is_in(span.status_message(), text)
        || span.span_id().to_string().contains(text)
        || in_tags(span.attributes(), text)
        || span.events().any(|event| is_in(event.name(), text) || in_tags(event.attributes(), text))
}

/// As `key=value`, so that both can be asked for at once.
fn in_tags(tags: Attributes<'_>, text: &str) -> bool {
    tags.iter().any(|tag| is_in(&format!("{}={}", tag.key(), tag.value().to_text()), text))
}

fn is_in(whole: &str, text: &str) -> bool {
    whole.to_lowercase().contains(text)
}
