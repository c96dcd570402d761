//! `fastrace`: local spans below a root, with a reporter that counts.

use super::{Contender, SPANS, timed};
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::prelude::{LocalSpan, Span};
use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How the integer becomes a property, all of which are strings.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tags {
    /// It is printed.
    AsNeeded,
    /// It is left out for another constant string, to show what printing costs.
    Constant,
}

static REPORTED: AtomicU64 = AtomicU64::new(0);

struct Counts;

impl Reporter for Counts {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        REPORTED.fetch_add(spans.len() as u64, Ordering::Relaxed);
    }
}

pub(crate) struct Fastrace {
    tags: Tags,
}

impl Fastrace {
    pub(crate) fn new(tags: Tags) -> Self {
        static STARTED: Once = Once::new();
        // Its thread is to report when asked, and not beside another's turn.
        let config = Config::default().report_interval(Duration::from_secs(3600));
        STARTED.call_once(|| fastrace::set_reporter(Counts, config));
        Self { tags }
    }
}

impl Contender for Fastrace {
    fn name(&self) -> &'static str {
        match self.tags {
            Tags::AsNeeded => "fastrace",
            Tags::Constant => "fastrace, constant strings only",
        }
    }

    fn round(&mut self) -> f64 {
        let before = REPORTED.load(Ordering::Relaxed);
        let time_ns = match self.tags {
            Tags::AsNeeded => timed(|| {
                trace(|number| {
                    LocalSpan::enter_with_local_parent("read").with_properties(|| {
                        [("bus", number.to_string().into()), ("state", Cow::Borrowed("idle"))]
                    })
                });
            }),
            Tags::Constant => timed(|| {
                trace(|_| {
                    LocalSpan::enter_with_local_parent("read")
                        .with_properties(|| [("bus", "7"), ("state", "idle")])
                });
            }),
        };
        fastrace::flush();
        let reported = REPORTED.load(Ordering::Relaxed) - before;
        assert_eq!(reported, u64::from(SPANS) + 1, "fastrace lost spans");
        time_ns
    }
}

#[inline(always)]
fn trace(span: impl Fn(u32) -> LocalSpan) {
    let root = Span::root("root", SpanContext::random());
    let _active = root.set_local_parent();
    for number in 0..SPANS {
        drop(span(black_box(number)));
    }
}
