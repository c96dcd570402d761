//! What the collector's API answers, as far as it is shown here. What is not known is passed over.

use super::shape::{Attribute, Process, number};
use serde::Deserialize;

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
