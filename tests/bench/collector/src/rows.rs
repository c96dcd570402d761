//! The rows: to add one, write a function that gives pairs of key and value, and name it here.

use crate::{Setting, frames, load, store};
use anyhow::Result;

/// Pairs of key and value.
pub(crate) type Figures = Vec<(String, f64)>;

/// What is measured at once.
pub(crate) struct Row {
    /// What its keys begin with.
    pub(crate) name: &'static str,
    /// One run of it.
    pub(crate) measure: fn(&Setting) -> Result<Figures>,
}

pub(crate) const ROWS: &[Row] = &[
    Row { name: "chunk_to_jaeger_json", measure: frames::chunk_to_jaeger_json },
    Row { name: "frames_to_jaeger_json", measure: frames::to_jaeger_json },
    Row { name: "frames_to_otlp", measure: frames::to_otlp },
    Row { name: "idle", measure: load::idle },
    Row { name: "otlp_to_otlp", measure: load::otlp_to_otlp },
    Row { name: "start_ms", measure: load::start_ms },
    Row { name: "store", measure: store::measure },
    Row { name: "udp_to_otlp_http", measure: load::udp_to_otlp_http },
];

impl Row {
    /// Whether a prefix of keys asks for it.
    pub(crate) fn is_named(&self, prefix: &str) -> bool {
        prefix.starts_with(self.name) || self.name.starts_with(prefix)
    }
}
