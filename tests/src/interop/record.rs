//! Recording what real backends answer: `cargo xtask interop --bless`.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::ask::agent;
use super::world::World;
use crate::peers::{Jaeger, JaegerSetup, Zipkin};
use crate::vectors::from_hex;

/// Who answers in `tests/vectors/jaeger/`.
const JAEGER: &str = "Jaeger v1.76.0, which is the commit of v2.13.0";
/// Who answers in `tests/vectors/zipkin/`.
const ZIPKIN: &str = "Zipkin 3.6.1, with spans in memory";

/// Records anew what Jaeger answers, and writes it where that is another than the file has.
/// Returns the names of those that were.
///
/// # Errors
/// If Jaeger can't be had or asked.
pub fn jaeger(say: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
    let program = Jaeger::ensure_built()?;
    let mut changed = Vec::new();
    for mut world in World::all("jaeger")? {
        let name = world.name();
        say(&format!("recording jaeger/{name}"));
        let setup = JaegerSetup {
            archive: world.get("archive").and_then(Value::as_bool) == Some(true),
            sampling: world.get("sampling").cloned(),
            remote_store: None,
        };
        let jaeger = Jaeger::start_program(&program, &setup)?;
        let mut doors = vec![("query", jaeger.query()), ("otlp", jaeger.otlp_http())];
        doors.extend(jaeger.sampling().map(|url| ("sampling", url)));
        let url = format!("{}/v1/traces", jaeger.otlp_http());
        let before = fs::read_to_string(&world.file).context("a vector went away")?;
        world.record(JAEGER, &doors, |sent| send(&url, sent))?;
        changed.extend(write(&world, &before)?.then(|| format!("jaeger/{name}")));
    }
    Ok(changed)
}

/// As [`jaeger`], of Zipkin. One answers for all, in the order of their names: each asks of its own only.
///
/// # Errors
/// If Zipkin can't be had or asked.
pub fn zipkin(say: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
    say("starting Zipkin");
    let zipkin = Zipkin::start(&Zipkin::ensure_installed()?)?;
    let mut changed = Vec::new();
    for mut world in World::all("zipkin")? {
        let name = world.name();
        say(&format!("recording zipkin/{name}"));
        let before = fs::read_to_string(&world.file).context("a vector went away")?;
        let doors = [("zipkin", zipkin.url())];
        world.record(ZIPKIN, &doors, |sent| send_zipkin(&zipkin.url(), sent))?;
        changed.extend(write(&world, &before)?.then(|| format!("zipkin/{name}")));
    }
    Ok(changed)
}

/// Writes a vector where it is not as it was; says whether.
fn write(world: &World, before: &str) -> Result<bool> {
    let text = world.text();
    if text == before {
        return Ok(false);
    }
    let file = &world.file;
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}

/// Gives Zipkin the spans of one request of a vector. They are stored when it answers.
///
/// # Errors
/// If it does not take them.
pub fn send_zipkin(url: &str, sent: &Value) -> Result<()> {
    let spans = sent.get("zipkin").context("no spans for Zipkin")?;
    let request = agent().post(format!("{url}/api/v2/spans"));
    let request = request.header("content-type", "application/json");
    let mut response = request.send(spans.to_string())?;
    let body = response.body_mut().read_to_string()?;
    ensure!(response.status() == 202, "{url} answered {}: {body}", response.status());
    Ok(())
}

/// Gives an OTLP door one request of a vector.
///
/// # Errors
/// If it is not taken.
pub fn send(url: &str, sent: &Value) -> Result<()> {
    let digits = sent.get("protobuf").and_then(Value::as_str).context("no protobuf to send")?;
    let request = agent().post(url).header("content-type", "application/x-protobuf");
    let mut response = request.send(from_hex(digits)?)?;
    let body = response.body_mut().read_to_string()?;
    ensure!(response.status() == 200, "{url} answered {}: {body}", response.status());
    Ok(())
}
