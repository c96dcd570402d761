//! What exporters show of themselves in `/metrics`.

use super::send::{Counts, Watch};
use crate::metrics::{Kind, Page, Source};

/// The counts of some exporters, each by the server that it sends to.
#[derive(Clone, Debug)]
pub struct ExportMetrics(pub(super) Vec<Watch>);

impl Source for ExportMetrics {
    fn write(&self, page: &mut Page) {
        for watch in &self.0 {
            let exporter = ("exporter", watch.name());
            let Counts {
                delivered,
                rejected,
                dropped,
                undelivered,
                requests,
                retries,
                queued,
                spooled,
            } = watch.counts();
            page.family(
                "spandrel_exporter_spans_total",
                Kind::Counter,
                "Spans that left, or did not, by what became of them.",
            )
            .sample(&[exporter, ("outcome", "delivered")], delivered)
            .sample(&[exporter, ("outcome", "rejected")], rejected)
            .sample(&[exporter, ("outcome", "dropped")], dropped)
            .sample(&[exporter, ("outcome", "undelivered")], undelivered);
            page.family(
                "spandrel_exporter_requests_total",
                Kind::Counter,
                "Requests that the server answered for good.",
            )
            .sample(&[exporter], requests);
            page.family(
                "spandrel_exporter_retries_total",
                Kind::Counter,
                "Attempts that failed and were repeated.",
            )
            .sample(&[exporter], retries);
            page.family(
                "spandrel_exporter_waiting_spans",
                Kind::Gauge,
                "Spans that wait to be sent.",
            )
            .sample(&[exporter, ("place", "memory")], queued.spans)
            .sample(&[exporter, ("place", "spool")], spooled.spans);
            page.family(
                "spandrel_exporter_waiting_bytes",
                Kind::Gauge,
                "Bytes of what waits to be sent.",
            )
            .sample(&[exporter, ("place", "memory")], queued.bytes)
            .sample(&[exporter, ("place", "spool")], spooled.bytes);
        }
    }
}
