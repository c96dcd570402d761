//! Jaeger's configuration: that of an OpenTelemetry collector, as JSON, which is YAML too.

use std::path::Path;

use serde_json::{Value, json};

use crate::proc::free_tcp_port;

/// What a test wants of Jaeger beyond traces in memory.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// An archive, in memory too.
    pub archive: bool,
    /// A door for sampling strategies: those of a file with this in it, or without a file if it is empty.
    pub sampling: Option<Value>,
    /// A door through which others read its store: `jaeger.storage.v2`.
    pub storage_door: bool,
    /// Traces are not in memory but behind `jaeger.storage.v2` of this `HOST:PORT`.
    pub remote_store: Option<String>,
}

/// Where it listens on 127.0.0.1.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    pub(super) otlp_http: u16,
    pub(super) otlp_grpc: u16,
    pub(super) query: u16,
    pub(super) query_grpc: u16,
    pub(super) sampling: Option<u16>,
    pub(super) sampling_grpc: Option<u16>,
    pub(super) storage: Option<u16>,
}

impl Ports {
    pub(super) fn free(setup: &Setup) -> Self {
        Self {
            otlp_http: free_tcp_port(),
            otlp_grpc: free_tcp_port(),
            query: free_tcp_port(),
            query_grpc: free_tcp_port(),
            sampling: setup.sampling.as_ref().map(|_| free_tcp_port()),
            sampling_grpc: setup.sampling.as_ref().map(|_| free_tcp_port()),
            storage: setup.storage_door.then(free_tcp_port),
        }
    }
}

/// Only what the tests use listens, each on its port; Jaeger's own traces and metrics are off, and
/// nothing is queued: what was acknowledged can be asked for.
pub(super) fn config(setup: &Setup, ports: &Ports, strategies: &Path) -> Value {
    let at = |port: u16| json!({"endpoint": format!("127.0.0.1:{port}")});
    let store = match &setup.remote_store {
        Some(endpoint) => json!({"grpc": {
            "endpoint": endpoint,
            "tls": {"insecure": true},
            "writer": {"endpoint": endpoint, "tls": {"insecure": true}},
        }}),
        None => json!({"memory": {"max_traces": 10000}}),
    };
    let mut config = json!({
        "service": {
            "extensions": ["jaeger_storage", "jaeger_query"],
            "pipelines": {
                "traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]},
            },
            "telemetry": {"metrics": {"level": "none"}},
        },
        "extensions": {
            "jaeger_query": {
                "enable_tracing": false,
                "storage": {"traces": "store"},
                "http": at(ports.query),
                "grpc": at(ports.query_grpc),
            },
            "jaeger_storage": {"backends": {"store": store}},
        },
        "receivers": {
            "otlp": {"protocols": {"http": at(ports.otlp_http), "grpc": at(ports.otlp_grpc)}},
        },
        "exporters": {"jaeger_storage_exporter": {"trace_storage": "store"}},
    });
    let extensions = &mut config["extensions"];
    if setup.archive {
        extensions["jaeger_query"]["storage"]["traces_archive"] = "archive".into();
        extensions["jaeger_storage"]["backends"]["archive"] =
            json!({"memory": {"max_traces": 100}});
    }
    let mut names = vec!["jaeger_storage", "jaeger_query"];
    if let (Some(http), Some(grpc), Some(given)) =
        (ports.sampling, ports.sampling_grpc, &setup.sampling)
    {
        let is_empty = given.as_object().is_some_and(serde_json::Map::is_empty);
        let path = if is_empty { String::new() } else { strategies.display().to_string() };
        extensions["remote_sampling"] =
            json!({"file": {"path": path}, "http": at(http), "grpc": at(grpc)});
        names.push("remote_sampling");
    }
    if let Some(port) = ports.storage {
        extensions["remote_storage"] =
            json!({"endpoint": format!("127.0.0.1:{port}"), "storage": "store"});
        names.push("remote_storage");
    }
    config["service"]["extensions"] = json!(names);
    config
}
