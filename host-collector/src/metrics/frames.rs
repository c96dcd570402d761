//! What came from devices and what became of it, for Prometheus.

use super::{Kind, Page, Source};
use crate::stats::Stats;
use std::sync::{Mutex, PoisonError};

/// The counts of the pipeline, as it told them last: it runs in a thread of its own, which waits for
/// nobody.
#[derive(Debug, Default)]
pub struct Frames(Mutex<Stats>);

impl Frames {
    /// Shows these counts from now on.
    pub fn tell(&self, stats: Stats) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }
}

impl Source for Frames {
    fn write(&self, page: &mut Page) {
        let stats = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = |name, help, value: u64| {
            page.family(name, Kind::Counter, help).sample(&[], value);
        };
        count("spandrel_frames_total", "Frames of devices that were read.", stats.frames);
        count("spandrel_device_spans_total", "Spans of devices.", stats.spans);
        count(
            "spandrel_device_incomplete_spans_total",
            "Of these, spans of which a record was lost.",
            stats.incomplete,
        );
        count(
            "spandrel_device_dropped_spans_total",
            "Spans of devices, or parts of them, that were dropped: without a hello, a trace, or room.",
            stats.dropped,
        );
        count(
            "spandrel_device_made_spans_total",
            "Spans that were made in place of what was lost.",
            stats.made,
        );
        count(
            "spandrel_device_contradicting_spans_total",
            "Spans whose times contradict what caused what, by more than the clocks allow.",
            stats.contradictions,
        );
        count("spandrel_records_total", "Records that came, each once.", stats.records);
        count(
            "spandrel_lost_records_total",
            "Records that were lost on the way.",
            stats.records_lost,
        );
        count(
            "spandrel_dropped_records_total",
            "Records that came and were dropped: for want of room, of a hello, or of their span.",
            stats.records_dropped,
        );
        count(
            "spandrel_sessions_total",
            "Boots of devices that said who they are.",
            stats.sessions,
        );
        count(
            "spandrel_forgotten_sessions_total",
            "Sessions that were forgotten to make room.",
            stats.forgotten,
        );
        count(
            "spandrel_clashing_sessions_total",
            "Sessions that share what should be their own.",
            stats.clashes,
        );
        let dropped = page.family(
            "spandrel_dropped_frames_total",
            Kind::Counter,
            "Datagrams that there was no room for.",
        );
        dropped.sample(&[("by", "kernel")], stats.dropped_by_kernel);
        dropped.sample(&[("by", "collector")], stats.crowded_out);
        let refused = page.family(
            "spandrel_refused_frames_total",
            Kind::Counter,
            "Datagrams that were no frames, or frames of which nothing is used.",
        );
        for (reason, count) in [
            ("malformed", stats.malformed),
            ("unknown_version", stats.unknown_version),
            ("unknown_kind", stats.unknown_kind),
            ("sealed", stats.sealed),
            ("not_sealed", stats.unkeyed),
            ("unlisted", stats.unlisted),
            ("forged", stats.forged),
            ("other_key", stats.mis_keyed),
            ("replayed", stats.replayed),
            ("unproven", stats.unproven),
            ("double", stats.doubles),
            ("nonsense", stats.nonsense),
        ] {
            refused.sample(&[("reason", reason)], count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_last_is_shown() {
        let frames = Frames::default();
        frames.tell(Stats { frames: 7, forged: 2, dropped_by_kernel: 3, ..Stats::default() });
        let mut page = Page::default();
        frames.write(&mut page);
        let text = page.into_text();
        for line in [
            "spandrel_frames_total 7",
            "spandrel_refused_frames_total{reason=\"forged\"} 2",
            "spandrel_dropped_frames_total{by=\"kernel\"} 3",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in {text}");
        }
    }

    #[test]
    fn names_are_as_prometheus_has_them() {
        let mut page = Page::default();
        Frames::default().write(&mut page);
        for line in page.into_text().lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
            assert!(line.starts_with("spandrel_") && line.ends_with("_total counter"), "{line}");
        }
    }
}
