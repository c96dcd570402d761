//! The envelope around everything that Jaeger's `/api` answers.

use crate::exporter::jaeger::trace_id;
use crate::json::{Writer, indented};
use crate::model::TraceId;
use crate::query::{Answer, Failure, Request, TEXT};

/// What stands in the envelope.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// A list, as JSON.
    pub(super) data: Vec<u8>,
    /// How many there are; 0 where nobody counts.
    pub(super) total: usize,
    /// What could not be given: a trace, and why.
    pub(super) errors: Vec<(Option<TraceId>, String)>,
}

impl Document {
    /// A list whose items `write` writes.
    pub(super) fn of<T>(items: &[T], write: impl FnMut(&mut Writer, &T)) -> Self {
        let mut out = Writer::default();
        out.list(items, write);
        Self { data: out.into_bytes(), ..Self::default() }
    }

    /// The same, and how many they are.
    pub(super) fn all<T>(items: &[T], write: impl FnMut(&mut Writer, &T)) -> Self {
        Self { total: items.len(), ..Self::of(items, write) }
    }

    fn into_answer(self, request: &Request<'_>) -> Answer {
        let mut out = Writer::with_capacity(self.data.len() + 100);
        out.raw("{\"data\":");
        out.bytes(&self.data);
        out.raw(",\"total\":");
        out.unsigned(self.total as u64);
        out.raw(",\"limit\":0,\"offset\":0,\"errors\":");
        if self.errors.is_empty() {
            out.raw("null");
        } else {
            out.list(&self.errors, |out, (trace, message)| {
                out.raw("{\"msg\":");
                out.string(message);
                if let Some(trace) = trace {
                    out.raw(",\"traceID\":");
                    out.string(&trace_id(*trace));
                }
                out.raw("}");
            });
        }
        out.raw("}");
        shown(request, out)
    }
}

/// The envelope of what was done and has nothing to show.
pub(super) fn nothing(request: &Request<'_>) -> Answer {
    let mut out = Writer::default();
    out.raw("{\"data\":[],\"total\":0,\"limit\":0,\"offset\":0,\"errors\":[]}");
    shown(request, out)
}

fn shown(request: &Request<'_>, out: Writer) -> Answer {
    let body = out.into_bytes();
    let pretty = request.first("prettyPrint");
    let is_pretty = !pretty.is_empty() && pretty != "false";
    Answer::json(if is_pretty { indented(&body, "    ") } else { body })
}

/// What was listed, or why it was not.
pub(super) fn listed(request: &Request<'_>, document: Result<Document, Failure>) -> Answer {
    match document {
        Ok(document) => document.into_answer(request),
        Err(failure) => error(&failure),
    }
}

/// The envelope of an error: JSON that says that it is text, as Jaeger sends it.
pub(super) fn error(failure: &Failure) -> Answer {
    let mut out = Writer::default();
    out.raw("{\"data\":null,\"total\":0,\"limit\":0,\"offset\":0,\"errors\":[{\"code\":");
    out.unsigned(failure.status.into());
    out.raw(",\"msg\":");
    out.string(&failure.message);
    out.raw("}]}\n");
    Answer::new(failure.status, TEXT, out.into_bytes())
}
