//! A real Jaeger whose store is ours answers as one that has the traces in its own memory, and as ours
//! does itself.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::interop::ask::{agent, ask};
use crate::interop::compare::{self, compare_on_store, report};
use crate::interop::ours::Ours;
use crate::interop::recorded::send_otlp;
use crate::interop::stage::Stage;
use crate::interop::world::World;
use crate::peers::{Jaeger, JaegerSetup};
use crate::proto_json::{TRACES, to_protobuf};
use crate::vectors::to_hex;

/// Warnings that are no list are shown by a Jaeger whose store made one of them.
const LISTED: &str = "GET /api/traces/a1000000000000000000000000000013";

pub(super) fn of_jaeger(stage: &mut Stage<'_>) -> Result<()> {
    let program = stage.program()?;
    let mut others = compare::Ours::read()?.and(LISTED);
    let mut results = Vec::new();
    for world in World::all("jaeger")? {
        if !["search", "shapes"].contains(&world.name().as_str()) {
            continue;
        }
        let ours = Ours::start(&program, &[])?;
        let jaeger = on(&ours)?;
        // Through Jaeger, which writes into its store by OTLP over gRPC.
        for sent in world.sent() {
            send_otlp(&jaeger.otlp_http(), sent)?;
        }
        let (theirs, own) = ([("query", jaeger.query())], [("query", ours.door("query"))]);
        results.push(compare_on_store(&world, &theirs, None, &mut others)?);
        results.push(compare_on_store(&world, &theirs, Some(&own), &mut others)?);
    }
    report(results, &compare::Ours::none())
}

/// A trace that is several messages, since a client of gRPC takes no more than 4 MiB of one.
pub(super) fn of_long_trace(stage: &mut Stage<'_>) -> Result<()> {
    const SPANS: usize = 30_000;
    const PART: usize = 1_000;
    const TRACE: &str = "a6000000000000000000000000000001";
    let ours = Ours::start(&stage.program()?, &[])?;
    let jaeger = on(&ours)?;
    let mut bytes = 0;
    for first in (0..SPANS).step_by(PART) {
        let span = |number: usize| {
            json!({
                "traceId": TRACE, "spanId": format!("{:016x}", number + 1), "name": "step",
                "startTimeUnixNano": "1790000000000000000", "endTimeUnixNano": "1790000000001000000",
                "attributes": [{"key": "number", "value": {"stringValue": format!("{number:0300}")}}],
            })
        };
        let spans: Vec<_> = (first..first + PART).map(span).collect();
        let resource =
            json!({"attributes": [{"key": "service.name", "value": {"stringValue": "long"}}]});
        let request =
            json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]});
        let protobuf = to_protobuf(TRACES, &request)?;
        bytes += protobuf.len();
        send_otlp(&ours.door("otlp"), &json!({"protobuf": to_hex(&protobuf)}))?;
    }
    ensure!(bytes > 8 << 20, "{bytes} bytes are not long");
    let paths =
        [format!("/api/traces/{TRACE}"), "/api/traces?service=long&limit=1&start=0".to_owned()];
    for path in paths {
        let question = json!({"ask": format!("GET {path}")});
        let answer = ask(&agent(), &[("query", jaeger.query())], &question)?;
        let spans = answer.get("json").and_then(|json| json.pointer("/data/0/spans"));
        let spans = spans.and_then(Value::as_array);
        let spans = spans.with_context(|| format!("{path} answered {}", answer["status"]))?;
        let mut ids: Vec<_> = spans.iter().filter_map(|span| span["spanID"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        ensure!(
            (spans.len(), ids.len()) == (SPANS, SPANS),
            "{path} has {} spans of {SPANS}, {} of them different",
            spans.len(),
            ids.len()
        );
    }
    Ok(())
}

/// A Jaeger that has its traces in ours.
fn on(ours: &Ours) -> Result<Jaeger> {
    let endpoint = ours.door("storage").trim_start_matches("http://").to_owned();
    let setup = JaegerSetup { remote_store: Some(endpoint), ..JaegerSetup::default() };
    Jaeger::start_program(&Jaeger::ensure_built()?, &setup)
}
