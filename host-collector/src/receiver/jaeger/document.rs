//! The shape of Jaeger UI JSON. Fields that are not here are left out.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a file may be.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "it is neither {\"data\": [trace, ...]}, nor a list of traces, nor a trace"
)]
pub(super) enum Document {
    Answer { data: Data },
    Data(Data),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "it is neither a trace nor a list of traces")]
pub(super) enum Data {
    Traces(Vec<Trace>),
    Trace(Box<Trace>),
}

impl Document {
    pub(super) fn into_traces(self) -> impl Iterator<Item = Trace> {
        let (Self::Answer { data } | Self::Data(data)) = self;
        match data {
            Data::Traces(traces) => traces,
            Data::Trace(trace) => vec![*trace],
        }
        .into_iter()
    }
}

#[derive(Deserialize)]
pub(super) struct Trace {
    pub(super) spans: Vec<JaegerSpan>,
    #[serde(default)]
    pub(super) processes: BTreeMap<String, Process>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Process {
    #[serde(default)]
    pub(super) service_name: String,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JaegerSpan {
    #[serde(rename = "traceID")]
    pub(super) trace_id: String,
    #[serde(rename = "spanID")]
    pub(super) span_id: String,
    #[serde(rename = "parentSpanID")]
    pub(super) parent_span_id: Option<String>,
    #[serde(default)]
    pub(super) flags: u32,
    #[serde(default)]
    pub(super) operation_name: String,
    #[serde(default)]
    pub(super) references: Vec<JaegerReference>,
    /// In microseconds, as all times are.
    #[serde(default)]
    pub(super) start_time: u64,
    #[serde(default)]
    pub(super) duration: u64,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
    #[serde(default)]
    pub(super) logs: Vec<Log>,
    #[serde(rename = "processID", default)]
    pub(super) process_id: String,
    /// Instead of its number, where spans stand alone.
    pub(super) process: Option<Process>,
    pub(super) warnings: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JaegerReference {
    #[serde(default)]
    pub(super) ref_type: String,
    #[serde(rename = "traceID")]
    pub(super) trace_id: String,
    #[serde(rename = "spanID")]
    pub(super) span_id: String,
}

#[derive(Deserialize)]
pub(super) struct Log {
    pub(super) timestamp: u64,
    #[serde(default)]
    pub(super) fields: Vec<Tag>,
}

#[derive(Deserialize)]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) value: Value,
}
