//! Ours answers what Jaeger and Zipkin answer to the same questions about the same traces: those of the
//! vectors, which the cases of `recorded.rs` hold to be what the peers answer.

use std::fs;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::interop::compare::{self, compare, report};
use crate::interop::ours::Ours;
use crate::interop::recorded::send_otlp;
use crate::interop::stage::Stage;
use crate::interop::world::World;

/// Queries over HTTP.
pub(super) fn jaeger(stage: &mut Stage<'_>) -> Result<()> {
    same(stage, "jaeger", &["empty", "search", "shapes"], &["query"])
}

/// The store over gRPC, as another Jaeger reads it.
pub(super) fn storage(stage: &mut Stage<'_>) -> Result<()> {
    same(stage, "jaeger", &["storage"], &["storage"])
}

pub(super) fn sampling(stage: &mut Stage<'_>) -> Result<()> {
    same(stage, "jaeger", &["sampling", "sampling-default"], &["sampling", "sampling-grpc"])
}

/// What is taken and refused by OTLP doors, and what was kept of it.
pub(super) fn doors(stage: &mut Stage<'_>) -> Result<()> {
    same(stage, "jaeger", &["doors", "doors-grpc"], &["query", "otlp", "otlp-grpc"])
}

pub(super) fn zipkin(stage: &mut Stage<'_>) -> Result<()> {
    same(stage, "zipkin", &["empty", "search", "shapes"], &["zipkin"])
}

/// Gives ours what `worlds` were given, each one of its own, and asks what they were asked at `doors`.
fn same(
    stage: &mut Stage<'_>,
    backend: &str,
    worlds: &[&str],
    doors: &[&'static str],
) -> Result<()> {
    let program = stage.program()?;
    let mut others = compare::Ours::read()?;
    let mut results = Vec::new();
    for world in World::all(backend)? {
        if !worlds.contains(&world.name().as_str()) {
            continue;
        }
        let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
        let strategies = dir.path().join("strategies.json").display().to_string();
        // As the Zipkin that answered was started.
        let mut options = vec!["--autocomplete-key", "env", "--autocomplete-key", "user"];
        if let Some(given) = world.get("sampling").and_then(Value::as_object)
            && !given.is_empty()
        {
            fs::write(&strategies, Value::from(given.clone()).to_string())?;
            options.extend(["--sampling-strategies", &strategies]);
        }
        let ours = Ours::start(&program, &options)?;
        for sent in world.sent() {
            send_otlp(&ours.door("otlp"), sent)?;
        }
        let doors: Vec<_> = doors.iter().map(|name| (*name, ours.door(name))).collect();
        results.push(compare(&world, &doors, &mut others)?);
    }
    report(results, &others)
}
