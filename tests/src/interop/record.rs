//! Recording what real backends answer: `cargo xtask interop --bless`.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::ask::agent;
use super::world::World;
use crate::peers::{Jaeger, JaegerSetup};
use crate::vectors::from_hex;

/// Who answers in `tests/vectors/jaeger/`.
const JAEGER: &str = "Jaeger v1.76.0, which is the commit of v2.13.0";

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
        let text = world.text();
        if text != before {
            fs::write(&world.file, text)
                .with_context(|| format!("cannot write {}", world.file.display()))?;
            changed.push(format!("jaeger/{name}"));
        }
    }
    Ok(changed)
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
