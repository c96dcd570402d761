//! Counts in the text format of Prometheus, as `/metrics` shows them.
//!
//! Whoever counts is a [`Source`] and writes its families into a [`Page`] when it is asked; nothing is
//! registered by name, and what is not asked for costs nothing but its counters. Labels are bounded by
//! whoever writes them: a label is never what a client or a device said.

mod count;
mod page;

use core::fmt::{self, Debug, Formatter};
use std::sync::{Arc, Mutex, PoisonError};

pub use count::{Counter, Gauge, Histogram};
pub use page::{CONTENT_TYPE, Kind, Page};

/// Something that counts.
pub trait Source: Send + Sync {
    /// Writes what it counted.
    fn write(&self, page: &mut Page);
}

impl<F: Fn(&mut Page) + Send + Sync> Source for F {
    fn write(&self, page: &mut Page) {
        self(page);
    }
}

/// All that counts in this program.
#[derive(Clone, Default)]
pub struct Metrics {
    sources: Arc<Mutex<Vec<Arc<dyn Source>>>>,
}

impl Metrics {
    /// Shows `source`, too.
    pub fn add(&self, source: Arc<dyn Source>) {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    /// What all of them say now.
    #[must_use]
    pub fn page(&self) -> String {
        // Sources are asked without the lock: one of them may take its time.
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut page = Page::default();
        for source in sources {
            source.write(&mut page);
        }
        page.into_text()
    }
}

impl Debug for Metrics {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_shown_as_it_is_then() {
        let metrics = Metrics::default();
        let counter = Arc::new(Counter::default());
        let counted = counter.clone();
        metrics.add(Arc::new(move |page: &mut Page| {
            page.family("spandrel_things_total", Kind::Counter, "Things.")
                .sample(&[("what", "a")], counted.get());
        }));
        counter.add(3);
        let expected = "# HELP spandrel_things_total Things.\n# TYPE spandrel_things_total counter\n\
                        spandrel_things_total{what=\"a\"} 3\n";
        assert_eq!(metrics.page(), expected);
    }
}
