//! Deleting a trace.

use super::super::{Answer, Context, Request};
use super::{answered, no_trace, trace_id};
use crate::json::Writer;
use crate::storage::Reader;

pub(super) fn trace(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Answer {
    let body = || {
        let id = trace_id(request)?;
        let trace = context.trace(reader, id)?.ok_or_else(|| no_trace(id))?;
        for place in &context.erasers {
            place.delete(id)?;
        }
        context.shelf.forget(id);
        let mut json = Writer::default();
        json.raw("{\"spans\":");
        json.raw(&trace.len().to_string());
        json.raw("}");
        Ok(json)
    };
    answered(body())
}
