//! [`Live`]: the counts while they grow, for `/metrics`.

use super::Stats;
use crate::metrics::{Kind, Page, Source};
use std::sync::{Arc, Mutex, PoisonError};

/// The counts of the last tick. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Live(Arc<Mutex<Stats>>);

impl Live {
    /// Shows these from now on.
    pub fn publish(&self, stats: Stats) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stats;
    }

    /// What was published last.
    #[must_use]
    pub fn stats(&self) -> Stats {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source for Live {
    fn write(&self, page: &mut Page) {
        let stats = self.stats();
        let mut counter = |name, help, samples: &[(&str, u64)]| {
            let family = page.family(name, Kind::Counter, help);
            for (label, count) in samples {
                let labels: &[_] = if label.is_empty() { &[] } else { &[("reason", *label)] };
                family.sample(labels, count);
            }
        };
        counter(
            "spandrel_datagrams_dropped_total",
            "Datagrams of devices that were dropped before they were read.",
            &[
                ("kernel", stats.dropped_by_kernel),
                ("limit", stats.over_limit),
                ("room", stats.crowded_out),
            ],
        );
        counter("spandrel_frames_total", "Frames of devices.", &[("", stats.frames)]);
        counter(
            "spandrel_frames_refused_total",
            "What came from devices and was no frame, or was not let in.",
            &[
                ("malformed", stats.malformed),
                ("unknown_version", stats.unknown_version),
                ("unknown_kind", stats.unknown_kind),
                ("sealed", stats.sealed),
                ("unkeyed", stats.unkeyed),
                ("unlisted", stats.unlisted),
                ("forged", stats.forged),
                ("other_key", stats.mis_keyed),
                ("replayed", stats.replayed),
                ("unproven", stats.unproven),
                ("double", stats.doubles),
                ("nonsense", stats.nonsense),
            ],
        );
        counter("spandrel_device_spans_total", "Spans of devices.", &[("", stats.spans)]);
        counter(
            "spandrel_device_spans_flawed_total",
            "Spans of devices of which something is not right.",
            &[
                ("incomplete", stats.incomplete),
                ("dropped", stats.dropped),
                ("made_here", stats.made),
                ("contradiction", stats.contradictions),
            ],
        );
        counter("spandrel_records_total", "Records of devices.", &[("", stats.records)]);
        counter(
            "spandrel_records_lost_total",
            "Records of devices that are in no span.",
            &[("on_the_way", stats.records_lost), ("dropped", stats.records_dropped)],
        );
        counter("spandrel_sessions_total", "Boots of devices.", &[("", stats.sessions)]);
        counter(
            "spandrel_sessions_flawed_total",
            "Boots of devices that were forgotten for want of room, or share an identity.",
            &[("forgotten", stats.forgotten), ("clash", stats.clashes)],
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;

    #[test]
    fn counts_are_shown_as_they_were_published_last() {
        let (live, metrics) = (Live::default(), Metrics::default());
        metrics.add(Arc::new(live.clone()));
        live.publish(Stats { frames: 1, ..Stats::default() });
        live.publish(Stats { frames: 7, dropped_by_kernel: 3, forged: 2, ..Stats::default() });
        let page = metrics.page();
        for line in [
            "spandrel_frames_total 7",
            "spandrel_datagrams_dropped_total{reason=\"kernel\"} 3",
            "spandrel_frames_refused_total{reason=\"forged\"} 2",
            "spandrel_records_total 0",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} in\n{page}");
        }
    }
}
