//! What doors count.

use super::door::DOORS;
use crate::metrics::{Counter, Histogram, Kind, Page};
use std::time::Duration;

/// Upper bounds of the classes of durations, in milliseconds.
const CLASSES_MS: [u64; 8] = [1, 5, 10, 50, 100, 500, 2_500, 10_000];

/// Counts since the start.
#[derive(Debug)]
pub(super) struct Stats {
    pub(super) accepted: Counter,
    /// Connections that went so that another one could come.
    pub(super) evicted: Counter,
    /// Connections that were not let in since all others were busy.
    pub(super) turned_away: Counter,
    /// Connections that ended since their client did not do its part in time.
    pub(super) overdue: Counter,
    pub(super) doors: [DoorStats; DOORS.len()],
    pub(super) otlp_http: Received,
    pub(super) otlp_grpc: Received,
    pub(super) zipkin_http: Received,
    pub(super) zipkin_grpc: Received,
}

/// Of one door.
#[derive(Debug)]
pub(super) struct DoorStats {
    /// By the first digit of the status, from 1.
    answers: [Counter; 5],
    took: Histogram<{ CLASSES_MS.len() }>,
}

/// Of one way in which spans come.
#[derive(Debug, Default)]
pub(super) struct Received {
    spans: Counter,
    rejected: Counter,
    bytes: Counter,
    refused: [Counter; REASONS.len()],
}

/// Why whole requests were refused.
const REASONS: [&str; 7] =
    ["type", "too_long", "too_fast", "no_room", "cut_off", "malformed", "refused"];

impl Default for Stats {
    fn default() -> Self {
        Self {
            accepted: Counter::default(),
            evicted: Counter::default(),
            turned_away: Counter::default(),
            overdue: Counter::default(),
            doors: core::array::from_fn(|_| DoorStats {
                answers: Default::default(),
                took: Histogram::new(CLASSES_MS.map(Duration::from_millis)),
            }),
            otlp_http: Received::default(),
            otlp_grpc: Received::default(),
            zipkin_http: Received::default(),
            zipkin_grpc: Received::default(),
        }
    }
}

impl DoorStats {
    pub(super) fn answered(&self, status: u16, took: Duration) {
        let class = usize::from(status / 100).checked_sub(1);
        if let Some(count) = class.and_then(|class| self.answers.get(class)) {
            count.add(1);
        }
        self.took.note(took);
    }
}

impl Received {
    pub(super) fn taken(&self, spans: usize, rejected: usize, bytes: usize) {
        self.spans.add(spans as u64);
        self.rejected.add(rejected as u64);
        self.bytes.add(bytes as u64);
    }

    pub(super) fn refused(&self, reason: &str) {
        let place = REASONS.iter().position(|known| *known == reason);
        if let Some(count) = place.and_then(|place| self.refused.get(place)) {
            count.add(1);
        }
    }

    fn write(&self, page: &mut Page, name: &'static str) {
        let labels = [("receiver", name)];
        page.family(
            "spandrel_receiver_spans_total",
            Kind::Counter,
            "Spans that were taken, and acknowledged once they were stored.",
        )
        .sample(&labels, self.spans.get());
        page.family(
            "spandrel_receiver_rejected_spans_total",
            Kind::Counter,
            "Spans that were left out of what was taken, since they cannot be shown.",
        )
        .sample(&labels, self.rejected.get());
        page.family(
            "spandrel_receiver_bytes_total",
            Kind::Counter,
            "Bytes of requests whose spans were taken, once decompressed.",
        )
        .sample(&labels, self.bytes.get());
        let refused = page.family(
            "spandrel_receiver_refused_requests_total",
            Kind::Counter,
            "Requests that were refused whole.",
        );
        for (reason, count) in REASONS.iter().zip(&self.refused) {
            refused.sample(&[("receiver", name), ("reason", reason)], count.get());
        }
    }
}

impl Stats {
    /// Writes all but what is counted elsewhere.
    pub(super) fn write(&self, page: &mut Page) {
        page.family(
            "spandrel_http_accepted_connections_total",
            Kind::Counter,
            "Connections that came.",
        )
        .sample(&[], self.accepted.get());
        page.family(
            "spandrel_http_ended_connections_total",
            Kind::Counter,
            "Connections that this side ended: for others, since all were busy, or since their client was \
             late.",
        )
        .sample(&[("reason", "evicted")], self.evicted.get())
        .sample(&[("reason", "turned_away")], self.turned_away.get())
        .sample(&[("reason", "overdue")], self.overdue.get());
        for (door, stats) in DOORS.iter().zip(&self.doors) {
            let answers = page.family(
                "spandrel_http_requests_total",
                Kind::Counter,
                "Requests that were answered, by the class of the status.",
            );
            for (class, count) in ["1xx", "2xx", "3xx", "4xx", "5xx"].iter().zip(&stats.answers) {
                if count.get() != 0 {
                    answers.sample(&[("door", door.name), ("status", class)], count.get());
                }
            }
            page.histogram(
                "spandrel_http_request_duration_seconds",
                "From the headers of a request to those of its answer.",
                &[("door", door.name)],
                &stats.took,
            );
        }
        self.otlp_http.write(page, "otlp_http");
        self.otlp_grpc.write(page, "otlp_grpc");
        self.zipkin_http.write(page, "zipkin_http");
        self.zipkin_grpc.write(page, "zipkin_grpc");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown_by_door_and_reason() {
        let stats = Stats::default();
        stats.doors[0].answered(204, Duration::from_millis(3));
        stats.otlp_grpc.taken(5, 1, 300);
        stats.otlp_http.refused("malformed");
        let mut page = Page::default();
        stats.write(&mut page);
        let text = page.into_text();
        for line in [
            "spandrel_http_requests_total{door=\"http\",status=\"2xx\"} 1",
            "spandrel_http_request_duration_seconds_bucket{door=\"http\",le=\"0.005\"} 1",
            "spandrel_receiver_spans_total{receiver=\"otlp_grpc\"} 5",
            "spandrel_receiver_rejected_spans_total{receiver=\"otlp_grpc\"} 1",
            "spandrel_receiver_refused_requests_total{receiver=\"otlp_http\",reason=\"malformed\"} 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in {text}");
        }
    }
}
