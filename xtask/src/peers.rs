//! `cargo xtask peers`: what is installed below `target/peers/`, so that no test waits for it.

use std::process::ExitCode;

use anyhow::Result;
use spandrel_tests::peers::{
    CarrierPeers, GrpcClient, Jaeger, MqttBroker, PythonSdk, Tracegen, Zipkin,
};
use spandrel_tests::skip::Skip;
use spandrel_tests::workspace;

/// A peer, and how it is had.
type Peer = (&'static str, fn() -> Result<(), Skip>);

const PEERS: [Peer; 7] = [
    ("Jaeger", || Jaeger::ensure_built().map(drop)),
    ("tracegen", || Tracegen::ensure_built().map(drop)),
    ("gRPC client", || GrpcClient::ensure_built().map(drop)),
    ("Zipkin", || Zipkin::ensure_installed().map(drop)),
    ("Python SDK", || PythonSdk::ensure_installed().map(drop)),
    ("clients that propagate contexts", || CarrierPeers::ensure_built().map(drop)),
    ("MQTT broker", || MqttBroker::ensure_built().map(drop)),
];

/// Installs what can be had here, and says why of the rest.
pub(crate) fn run() -> Result<ExitCode> {
    let missing = missing();
    for why in &missing {
        println!("{why}");
    }
    let dir = workspace::target_dir().join("peers");
    println!("{} of {} are in {}", PEERS.len() - missing.len(), PEERS.len(), dir.display());
    Ok(if missing.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line for each that could not be had, with the reason.
pub(crate) fn missing() -> Vec<String> {
    let had = PEERS.iter().map(|(name, ensure)| (name, ensure()));
    had.filter_map(|(name, had)| Some(format!("{name}: {}", had.err()?))).collect()
}
