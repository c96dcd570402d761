//! The text format of Prometheus, version 0.0.4.

use super::Histogram;
use core::fmt::{Display, Write as _};
use std::collections::BTreeMap;

/// What the page is.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows; its name ends in `_total`.
    Counter,
    /// It grows and shrinks.
    Gauge,
}

/// What is written so far. Families are in the order of their names, whoever writes them.
#[derive(Debug, Default)]
pub struct Page {
    families: BTreeMap<&'static str, Family>,
}

/// The numbers of one name.
#[derive(Debug)]
pub struct Family {
    name: &'static str,
    head: String,
    samples: String,
}

impl Page {
    /// The family `name`; several sources may write into one. Its unit, which is a base unit, is part of
    /// its name, as in `spandrel_store_bytes`.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &'static str) -> &mut Family {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        self.of_type(name, kind, help)
    }

    /// Durations in classes; the name ends in `_seconds`.
    pub fn histogram<const N: usize>(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &[(&str, &str)],
        histogram: &Histogram<N>,
    ) {
        let (classes, sum, count) = histogram.read();
        let family = self.of_type(name, "histogram", help);
        for (bound, count) in classes {
            let bound = bound.to_string();
            let labels: Vec<_> = labels.iter().copied().chain([("le", &*bound)]).collect();
            family.line("_bucket", &labels, count);
        }
        let labels_and_all: Vec<_> = labels.iter().copied().chain([("le", "+Inf")]).collect();
        family.line("_bucket", &labels_and_all, count);
        family.line("_sum", labels, sum);
        family.line("_count", labels, count);
    }

    fn of_type(&mut self, name: &'static str, kind: &str, help: &'static str) -> &mut Family {
        self.families.entry(name).or_insert_with(|| {
            let head = format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
            Family { name, head, samples: String::new() }
        })
    }

    /// The page.
    #[must_use]
    pub fn into_text(self) -> String {
        let families = self.families.into_values();
        families.fold(String::new(), |text, family| text + &family.head + &family.samples)
    }
}

impl Family {
    /// A number, with what tells it from others of its name.
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) -> &mut Self {
        self.line("", labels, value);
        self
    }

    fn line(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.samples.push_str(self.name);
        self.samples.push_str(suffix);
        for (index, (name, value)) in labels.iter().enumerate() {
            self.samples.push_str(if index == 0 { "{" } else { "," });
            self.samples.push_str(name);
            self.samples.push_str("=\"");
            for letter in value.chars() {
                match letter {
                    '\\' => self.samples.push_str("\\\\"),
                    '"' => self.samples.push_str("\\\""),
                    '\n' => self.samples.push_str("\\n"),
                    other => self.samples.push(other),
                }
            }
            self.samples.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        // Writing into a string does not fail.
        let _ = writeln!(self.samples, "{end} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_family_stands_together_whoever_writes_it() {
        let mut page = Page::default();
        page.family("spandrel_b", Kind::Gauge, "B.").sample(&[], 1);
        page.family("spandrel_a_total", Kind::Counter, "A.").sample(&[("x", "1"), ("y", "2")], 2);
        page.family("spandrel_b", Kind::Gauge, "B.").sample(&[("x", "1")], 0.5);
        let expected = "# HELP spandrel_a_total A.\n# TYPE spandrel_a_total counter\n\
                        spandrel_a_total{x=\"1\",y=\"2\"} 2\n\
                        # HELP spandrel_b B.\n# TYPE spandrel_b gauge\n\
                        spandrel_b 1\nspandrel_b{x=\"1\"} 0.5\n";
        assert_eq!(page.into_text(), expected);
    }

    #[test]
    fn what_a_label_says_cannot_end_it() {
        let mut page = Page::default();
        page.family("spandrel_a", Kind::Gauge, "A.").sample(&[("x", "\"} 1\n\\")], 2);
        assert!(page.into_text().ends_with("spandrel_a{x=\"\\\"} 1\\n\\\\\"} 2\n"));
    }

    #[test]
    fn a_histogram_ends_with_all_of_them() {
        let histogram = Histogram::new([Duration::from_millis(5)]);
        histogram.note(Duration::from_millis(4));
        histogram.note(Duration::from_secs(1));
        let mut page = Page::default();
        page.histogram("spandrel_a_seconds", "A.", &[("x", "1")], &histogram);
        let text = page.into_text();
        let (_, samples) = text.split_once("histogram\n").unwrap();
        let expected = "spandrel_a_seconds_bucket{x=\"1\",le=\"0.005\"} 1\n\
                        spandrel_a_seconds_bucket{x=\"1\",le=\"+Inf\"} 2\n\
                        spandrel_a_seconds_sum{x=\"1\"} 1.004\nspandrel_a_seconds_count{x=\"1\"} 2\n";
        assert_eq!(samples, expected);
    }
}
