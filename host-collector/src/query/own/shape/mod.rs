//! The shape of a trace: its tree, its times and its names, as pages of columns.

mod columns;
mod find;
mod rows;
mod shelf;
mod times;

pub use columns::flag;
pub(super) use find::find;
pub use rows::{Row, Rows};
pub use shelf::Shelf;
pub use times::Stretch;

use super::super::{Answer, Context, Failure, Request};
use super::write::{bare, key_of, list, pair, process, quoted};
use super::{no_trace, refused, trace_id};
use crate::json::Writer;
use crate::model::{Chunk, SpanView, TraceId};
use crate::storage::Reader;
use columns::{Columns, Whole};
use std::collections::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// What a page is, for HTTP.
pub const CONTENT_TYPE: &str = "application/vnd.spandrel.trace";
/// How many rows a page has at most.
pub const PAGE: usize = 1 << 14;
/// The version of the format.
const VERSION: u32 = 1;

pub(super) fn page(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    match one(request, reader, context) {
        Ok(page) => Answer::new(200, CONTENT_TYPE, page),
        Err(failure) => refused(&failure),
    }
}

fn one(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Result<Vec<u8>, Failure> {
    let trace = trace_id(request)?;
    let page: usize = match request.first("page") {
        "" => 0,
        text => text.parse().map_err(|_| Failure::bad("page is a number, from 0"))?,
    };
    let revision = request.first("revision");
    if let Some(page) = context.shelf.take(trace, revision, page) {
        return Ok(page);
    }
    let chunk = context.trace(reader, trace)?.ok_or_else(|| no_trace(trace))?;
    let current = self::revision(&chunk);
    same(revision, &current)?;
    let mut pages = pages(trace, &current, &chunk);
    let count = pages.len();
    let wanted = pages.get_mut(page).map(core::mem::take).ok_or_else(|| {
        Failure::missing(format!("the trace has {count} pages, the first of which is 0"))
    })?;
    if count > 1 {
        context.shelf.keep(trace, current, pages);
    }
    Ok(wanted)
}

/// What tells a trace from what it was before more of it came.
fn revision(chunk: &Chunk) -> String {
    format!("{:016x}", xxh3_64(chunk.bytes()))
}

/// Whether whoever asks means the trace as it is now; nothing that is said is any.
fn same(asked: &str, current: &str) -> Result<(), Failure> {
    if asked.is_empty() || asked == current {
        return Ok(());
    }
    let message = "the trace has grown since: ask for its first page again".into();
    Err(Failure { status: 409, message })
}

/// All pages of a trace, which has at least one.
#[must_use]
pub fn pages(trace: TraceId, revision: &str, chunk: &Chunk) -> Vec<Vec<u8>> {
    let rows = Rows::new(chunk);
    let spans = || rows.rows.iter().map(|row| row.span);
    let base_ns = spans().map(SpanView::start_ns).min().unwrap_or(0);
    let end_ns = spans().map(SpanView::end_ns).max().unwrap_or(0);
    let mut places = HashMap::with_capacity(rows.rows.len());
    for (place, span) in spans().enumerate() {
        places.entry(span.span_id()).or_insert(place);
    }
    let links = spans().flat_map(|span| span.links().map(move |link| (span, link)));
    let elsewhere = links.filter_map(|(span, link)| {
        let (trace, id) = (link.trace_id(), link.span_id());
        let is_here = columns::is_same(trace, span.trace_id()) && places.contains_key(&id);
        (!is_here).then(|| ((trace, id), [trace.to_string(), id.to_string()]))
    });
    let elsewhere: HashMap<_, _> = elsewhere.collect();
    let path = rows.critical_path();
    let whole = Whole { rows: &rows, path: &path, elsewhere: &elsewhere, places: &places, base_ns };
    let count = rows.rows.len().div_ceil(PAGE).max(1);
    let page = |page: usize| {
        let first = page * PAGE;
        let range = first..rows.rows.len().min(first + PAGE);
        let columns = Columns::of(&whole, range.clone());
        let mut json = Writer::default();
        json.raw("{\"version\":");
        json.raw(&VERSION.to_string());
        pair(&mut json, "trace", trace);
        pair(&mut json, "revision", revision);
        bare(&mut json, "spans", rows.rows.len());
        bare(&mut json, "first", first);
        bare(&mut json, "rows", range.len());
        bare(&mut json, "pages", count);
        pair(&mut json, "base_ns", base_ns);
        pair(&mut json, "extent_ns", end_ns.saturating_sub(base_ns));
        key_of(&mut json, "strings");
        list(&mut json, &columns.strings.list, |json, text| json.string(text));
        key_of(&mut json, "processes");
        let processes = columns.processes.list.iter().filter_map(|at| rows.processes.get(*at));
        list(&mut json, processes, |json, one| process(json, *one));
        key_of(&mut json, "columns");
        let named = columns.named();
        list(&mut json, &named, |json, (name, bytes)| {
            json.raw("[");
            quoted(json, name);
            json.raw(",");
            json.raw(&bytes.len().to_string());
            json.raw("]");
        });
        json.raw("}");
        let head = json.into_bytes();
        let length = u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes();
        let columns = named.iter().map(|(_, bytes)| *bytes);
        [&length[..], &head].into_iter().chain(columns).flatten().copied().collect()
    };
    (0..count).map(page).collect()
}
