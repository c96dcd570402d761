//! Spans as they come: what the API says of one.

use crate::model::{SpanId, TraceId};
use crate::terminal::shape::{Attribute, number};
use serde::Deserialize;

/// A span as it came.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Live {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) service: String,
    pub(super) name: String,
    #[serde(deserialize_with = "number")]
    pub(super) start_ns: u64,
    #[serde(deserialize_with = "number")]
    pub(super) duration_ns: u64,
    pub(super) failed: bool,
    pub(super) attributes: Vec<Attribute>,
    pub(super) warnings: u64,
}

/// Spans that were left out.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Skipped {
    pub(super) spans: u64,
}

impl Live {
    /// Its ids, and that of its parent, if they are some.
    pub(super) fn ids(&self) -> Option<(TraceId, SpanId, Option<SpanId>)> {
        let trace = u128::from_str_radix(&self.trace, 16).ok()?;
        let span =
            |text: &str| u64::from_str_radix(text, 16).ok().map(|id| SpanId(id.to_be_bytes()));
        Some((TraceId(trace.to_be_bytes()), span(&self.id)?, span(&self.parent)))
    }
}
