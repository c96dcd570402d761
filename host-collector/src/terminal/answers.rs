//! What the collector's API answers, as far as it is shown here. What is not known is passed over.

use super::shape::{Attribute, Process, number};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names of services.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Services {
    pub(super) services: Vec<String>,
}

/// Operations of a service.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Operations {
    pub(super) operations: Vec<Operation>,
}

/// An operation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Operation {
    pub(super) name: String,
    pub(super) kind: String,
}

/// What a search found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Traces {
    pub(super) traces: Vec<Found>,
}

/// A trace that was found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) name: String,
    #[serde(deserialize_with = "number")]
    pub(super) start_ns: u64,
    #[serde(deserialize_with = "number")]
    pub(super) duration_ns: u64,
    pub(super) spans: u64,
    pub(super) errors: u64,
    pub(super) orphans: u64,
    pub(super) services: Vec<Share>,
}

/// How much of a trace is a service's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Share {
    pub(super) name: String,
}

/// Everything of the spans of an id.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spans {
    pub(super) spans: Vec<Span>,
}

/// Everything of a span.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Span {
    pub(super) trace: String,
    pub(super) id: String,
    pub(super) parent: String,
    pub(super) name: String,
    pub(super) kind: String,
    #[serde(deserialize_with = "number")]
    pub(super) start_ns: u64,
    #[serde(deserialize_with = "number")]
    pub(super) duration_ns: u64,
    pub(super) status: String,
    pub(super) message: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Link>,
    pub(super) warnings: Vec<String>,
    pub(super) missing: Missing,
    pub(super) process: Process,
}

/// A log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(deserialize_with = "number")]
    pub(super) time_ns: u64,
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
}

/// A reference other than the parent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Link {
    pub(super) trace: String,
    pub(super) span: String,
    pub(super) attributes: Vec<Attribute>,
}

/// How much did not come.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Missing {
    pub(super) attributes: u64,
    pub(super) events: u64,
    pub(super) links: u64,
}

/// All devices.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Devices {
    #[serde(deserialize_with = "number")]
    pub(super) now_ns: u64,
    pub(super) devices: Vec<Boot>,
}

/// One device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Device {
    #[serde(deserialize_with = "number")]
    pub(super) now_ns: u64,
    pub(super) id: String,
    pub(super) service: String,
    pub(super) boots: Vec<Boot>,
}

/// A boot of a device.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Boot {
    pub(super) id: String,
    pub(super) service: String,
    pub(super) session: u64,
    pub(super) boots: u64,
    pub(super) peer: String,
    #[serde(deserialize_with = "number")]
    pub(super) first_ns: u64,
    #[serde(deserialize_with = "number")]
    pub(super) last_ns: u64,
    pub(super) state: String,
    pub(super) sync: String,
    /// Text; none where nothing bounds it.
    pub(super) error_ns: Option<String>,
    pub(super) drift_ppm: Option<f64>,
    pub(super) frames: Option<u64>,
    pub(super) records: u64,
    pub(super) lost: BTreeMap<String, u64>,
    pub(super) ring_words: Option<u64>,
    pub(super) ring_most: Option<u64>,
    pub(super) sampled_out: u64,
    pub(super) build: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) warnings: Vec<String>,
}
