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

/// Records anew what Jaeger and Zipkin answer, and writes it where that is another than a file has.
/// Returns the names of those files.
///
/// # Errors
/// If one of them can't be had or asked.
pub fn bless(say: &mut dyn FnMut(&str)) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for world in World::all("jaeger")? {
        say(&format!("recording jaeger/{}", world.name()));
        changed.extend(write(&world, &record_jaeger(&world)?)?);
    }
    say("starting Zipkin");
    let zipkin = Zipkin::start(&Zipkin::ensure_installed()?)?;
    for world in World::all("zipkin")? {
        say(&format!("recording zipkin/{}", world.name()));
        changed.extend(write(&world, &record_zipkin(&world, &zipkin)?)?);
    }
    Ok(changed)
}

/// A vector with the answers of a Jaeger of its own: what one holds depends on what it was sent.
pub(super) fn record_jaeger(world: &World) -> Result<World> {
    let is_set = |key| world.get(key).and_then(Value::as_bool) == Some(true);
    let setup = JaegerSetup {
        archive: is_set("archive"),
        sampling: world.get("sampling").cloned(),
        storage_door: is_set("storage_door"),
        remote_store: None,
    };
    let jaeger = Jaeger::start_program(&Jaeger::ensure_built()?, &setup)?;
    let url = jaeger.otlp_http();
    let mut anew = world.clone();
    anew.record(JAEGER, &jaeger.doors(), |sent| send_otlp(&url, sent))?;
    Ok(anew)
}

/// A vector with the answers of a Zipkin. One answers for all, in the order of their names: each asks
/// of its own only.
pub(super) fn record_zipkin(world: &World, zipkin: &Zipkin) -> Result<World> {
    let url = zipkin.url();
    let mut anew = world.clone();
    anew.record(ZIPKIN, &[("zipkin", url.clone())], |sent| send_zipkin(&url, sent))?;
    Ok(anew)
}

/// Writes a vector where it is not as it was; its name if so.
fn write(before: &World, anew: &World) -> Result<Option<String>> {
    let (file, text) = (&anew.file, anew.text());
    if fs::read_to_string(file).is_ok_and(|old| old == text) {
        return Ok(None);
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    let backend = file.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    Ok(Some(format!("{}/{}", backend.to_string_lossy(), before.name())))
}

/// Gives an OTLP/HTTP door `http://HOST:PORT` one request of a vector.
///
/// # Errors
/// If it is not taken.
pub fn send_otlp(url: &str, sent: &Value) -> Result<()> {
    let digits = sent.get("protobuf").and_then(Value::as_str).context("no protobuf to send")?;
    let request = agent().post(format!("{url}/v1/traces"));
    let request = request.header("content-type", "application/x-protobuf");
    let mut response = request.send(from_hex(digits)?)?;
    let body = response.body_mut().read_to_string()?;
    ensure!(response.status() == 200, "{url} answered {}: {body}", response.status());
    Ok(())
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
