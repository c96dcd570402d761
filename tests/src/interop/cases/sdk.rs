//! What OpenTelemetry's SDKs send into our doors is all there, and shown as Jaeger shows it.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::interop::ask::{agent, ask};
use crate::interop::compare::ungroup;
use crate::interop::differ::difference;
use crate::interop::stage::Stage;
use crate::interop::world::answer;
use crate::peers::{Protocol, PythonSdk, Tracegen};

pub(super) fn tracegen_http(stage: &mut Stage<'_>) -> Result<()> {
    tracegen(stage, Protocol::Http, "otlp", "tracegen-http")
}

pub(super) fn tracegen_grpc(stage: &mut Stage<'_>) -> Result<()> {
    tracegen(stage, Protocol::Grpc, "otlp-grpc", "tracegen-grpc")
}

/// One port takes both.
pub(super) fn tracegen_one_port(stage: &mut Stage<'_>) -> Result<()> {
    tracegen(stage, Protocol::Http, "all", "tracegen-one-port-http")?;
    tracegen(stage, Protocol::Grpc, "all", "tracegen-one-port-grpc")
}

fn tracegen(stage: &mut Stage<'_>, protocol: Protocol, door: &str, service: &str) -> Result<()> {
    const TRACES: usize = 200;
    const CHILDREN: usize = 9;
    let generator = Tracegen::ensure_built()?;
    let ours = stage.ours()?;
    generator.send(protocol, &ours.door(door), service, TRACES, CHILDREN)?;
    let path = format!("GET /api/traces?service={service}&limit=1000");
    let found = ask(&agent(), &ours.doors("query"), &json!({"ask": path}))?;
    let traces = found.get("json").and_then(|json| json["data"].as_array());
    let traces = traces.with_context(|| format!("{path} has no traces: {found:?}"))?;
    let spans: usize =
        traces.iter().filter_map(|trace| Some(trace["spans"].as_array()?.len())).sum();
    ensure!(
        (traces.len(), spans) == (TRACES, TRACES * (CHILDREN + 1)),
        ours.tell(&format!(
            "was sent {TRACES} traces of {} spans and shows {} of {spans} in all",
            CHILDREN + 1,
            traces.len()
        ))
    );
    Ok(())
}

pub(super) fn python_http(stage: &mut Stage<'_>) -> Result<()> {
    python(stage, Protocol::Http)
}

pub(super) fn python_grpc(stage: &mut Stage<'_>) -> Result<()> {
    python(stage, Protocol::Grpc)
}

/// One process sends the same spans to Jaeger and to us, and both show the same, field by field.
fn python(stage: &mut Stage<'_>, protocol: Protocol) -> Result<()> {
    let sdk = PythonSdk::ensure_installed()?;
    let (word, service) = match protocol {
        Protocol::Http => ("http", "python-http"),
        Protocol::Grpc => ("grpc", "python-grpc"),
    };
    let jaeger = stage.jaeger()?;
    let (query, theirs) = match protocol {
        Protocol::Http => (jaeger.query(), jaeger.otlp_http()),
        Protocol::Grpc => (jaeger.query(), jaeger.otlp_grpc()),
    };
    let ours = stage.ours()?;
    let own = ours.door(if protocol == Protocol::Http { "otlp" } else { "otlp-grpc" });
    let said = sdk.run("send.py", &[word, service, &theirs, &own])?;
    let id = said.lines().find_map(|line| line.strip_prefix("trace "));
    let id = id.with_context(|| format!("the script named no trace: {said}"))?;
    for path in ["/api/traces/", "/api/v3/traces/"] {
        let question = json!({"ask": format!("GET {path}{id}")});
        let theirs = answer(&agent(), &[("query", query.clone())], &question)?;
        let shown = answer(&agent(), &ours.doors("query"), &question)?;
        let (mut theirs, mut shown) = (Value::from(theirs), Value::from(shown));
        ungroup(&mut theirs);
        ungroup(&mut shown);
        ensure!(theirs.to_string().contains("\"order\""), "Jaeger has no such trace: {theirs}");
        let differs = difference(&theirs["json"], &shown["json"]);
        ensure!(differs.is_none(), "{path}: {}", differs.unwrap_or_default());
    }
    Ok(())
}
