//! What comes in at our doors and goes on to a backend is shown there as if it had come at once.

use core::time::Duration;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::interop::ask::{Doors, agent, ask};
use crate::interop::compare::{self, compare, report};
use crate::interop::ours::Ours;
use crate::interop::recorded::send_otlp;
use crate::interop::stage::Stage;
use crate::interop::world::World;
use crate::peers::{Jaeger, JaegerSetup};
use crate::proc::pause;

/// From the door to the backend's answer.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) fn to_jaeger_http(stage: &mut Stage<'_>) -> Result<()> {
    to_jaeger(stage, |jaeger| format!("{} compression=gzip", jaeger.otlp_http()))
}

pub(super) fn to_jaeger_grpc(stage: &mut Stage<'_>) -> Result<()> {
    to_jaeger(stage, |jaeger| format!("{} protocol=grpc compression=gzip", jaeger.otlp_grpc()))
}

fn to_jaeger(stage: &mut Stage<'_>, destination: impl Fn(&Jaeger) -> String) -> Result<()> {
    let program = stage.program()?;
    let world = World::named("jaeger", "shapes")?;
    // One of its own: the vector asks for what a Jaeger holds that was sent nothing else.
    let jaeger = Jaeger::start_program(&Jaeger::ensure_built()?, &JaegerSetup::default())?;
    let ours = Ours::start(&program, &["--export-otlp", &destination(&jaeger)])?;
    let backend = [("query", jaeger.query())];
    let others = compare::Ours::read()?;
    go_through(&ours, &world, others, &backend, |id| format!("/api/traces/{id}"))
}

pub(super) fn to_zipkin(stage: &mut Stage<'_>) -> Result<()> {
    let program = stage.program()?;
    let zipkin = stage.zipkin()?.url();
    // Under other ids, since this Zipkin is sent the vector's own as well.
    const IDS: [&str; 2] = ["a4000000", "a7000000"];
    let world = World::named("zipkin", "shapes")?.with_ids(IDS[0], IDS[1])?;
    let world = world.only("GET /api/v2/trace/");
    let others = compare::Ours::read()?.with_ids(IDS[0], IDS[1]);
    let ours = Ours::start(&program, &["--export-zipkin", &zipkin])?;
    go_through(&ours, &world, others, &[("zipkin", zipkin)], |id| format!("/api/v2/trace/{id}"))
}

/// Sends a vector's requests to ours, waits until the backend has the last, and asks it.
fn go_through(
    ours: &Ours,
    world: &World,
    mut others: compare::Ours,
    backend: &Doors,
    path: impl Fn(&str) -> String,
) -> Result<()> {
    for sent in world.sent() {
        send_otlp(&ours.door("otlp"), sent)?;
    }
    let last = world.sent().last().context("a vector that sends nothing")?;
    let id = last.pointer("/otlp/resourceSpans/0/scopeSpans/0/spans/0/traceId");
    let id = id.and_then(Value::as_str).context("a request without a span")?;
    let question = json!({"ask": format!("GET {}", path(id))});
    let begun = Instant::now();
    while ask(&agent(), backend, &question)?["status"] == 404 {
        ensure!(begun.elapsed() < LIMIT, ours.tell(&format!("sent no {id} on for {LIMIT:?}")));
        pause(Duration::from_millis(50))?;
    }
    // What goes through ours may be sanitized on its way, so that not all of these differ.
    let result = compare(world, backend, &mut others)?;
    report([result], &compare::Ours::none())
}
