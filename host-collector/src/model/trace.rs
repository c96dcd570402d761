//! Spans in groups: as they arrive ([`Batch`]) and as they belong together ([`Trace`]).

use super::{DeviceId, Resource, Session, Span, TraceId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A device in one of its boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// The device.
    pub device: DeviceId,
    /// The boot.
    pub session: Session,
}

/// Spans of one process, as they came (OTLP: `ResourceSpans`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The device and boot they came from.
    pub source: Source,
    /// The process, as it was known when they came.
    pub resource: Arc<Resource>,
    /// The spans, of any traces.
    pub spans: Vec<Span>,
}

impl Batch {
    /// About how many bytes it holds: its spans, and its process as if no other batch had it.
    #[must_use]
    pub fn weight(&self) -> usize {
        let spans = self.spans.iter().map(Span::weight).sum::<usize>();
        let spare = (self.spans.capacity() - self.spans.len()) * size_of::<Span>();
        size_of::<Self>() + self.resource.weight() + spans + spare
    }
}

/// The spans of one trace, in one batch for every process that took part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// Its id.
    pub id: TraceId,
    /// Its spans. All of them carry `id`.
    pub batches: Vec<Batch>,
}

impl Trace {
    /// How many spans it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.batches.iter().map(|batch| batch.spans.len()).sum()
    }

    /// Whether it has no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.batches.iter().all(|batch| batch.spans.is_empty())
    }

    /// Every span with its process, by start, then end (longest first), then id.
    ///
    /// The order does not depend on the order of arrival, so neither does what is made of it.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&Arc<Resource>, &Span)> {
        let mut spans: Vec<_> = self
            .batches
            .iter()
            .flat_map(|batch| batch.spans.iter().map(|span| (&batch.resource, span)))
            .collect();
        spans.sort_by(|(resource_a, a), (resource_b, b)| {
            (a.start_ns, b.end_ns, a.span_id)
                .cmp(&(b.start_ns, a.end_ns, b.span_id))
                .then_with(|| resource_a.service_name.cmp(&resource_b.service_name))
        });
        spans
    }

    /// When its first span starts and its last one ends, in nanoseconds since the Unix epoch.
    #[must_use]
    pub fn bounds_ns(&self) -> Option<(u64, u64)> {
        let spans = || self.batches.iter().flat_map(|batch| &batch.spans);
        let start = spans().map(|span| span.start_ns).min()?;
        let end = spans().map(|span| span.end_ns).max()?;
        Some((start, end))
    }
}
