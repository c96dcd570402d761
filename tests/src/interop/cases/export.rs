//! What our exporters send is what backends show.

use core::fmt::Debug;
use core::time::Duration;
use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::hello::check::{SPANS, check};
use crate::hello::run::{Options, run};
use crate::hello::services::Platform;
use crate::interop::stage::Stage;
use crate::jaeger_json::{self, KeyValue, Span, Trace};

const HELLO_TO: &str = "Bryan";

pub(super) fn to_jaeger(stage: &mut Stage<'_>) -> Result<()> {
    let export = stage.jaeger()?.otlp_http();
    let dir = tempfile::tempdir().context("cannot make a temporary folder")?;
    let options = Options {
        platform: Platform::Native,
        out_dir: dir.path().to_owned(),
        export: Some(export),
        hello_to: HELLO_TO.to_owned(),
    };
    let outcome = run(&options, stage.voice())?;
    ensure!(outcome.problems.is_empty(), "{:#?}", outcome.problems);
    let ours = jaeger_json::read(&outcome.document)?;
    let [ours] = ours.as_slice() else { bail!("we wrote {} traces", ours.len()) };

    let jaeger = stage.jaeger()?;
    let document = jaeger.wait_for_trace(&ours.trace_id, SPANS, Duration::from_secs(10))?;
    let document = without_skew(document);
    let problems = check(&document, HELLO_TO);
    ensure!(problems.is_empty(), "Jaeger shows another trace: {problems:#?}");
    let theirs = jaeger_json::read(&document)?;
    let [theirs] = theirs.as_slice() else { bail!("Jaeger shows {} traces", theirs.len()) };
    ensure!(theirs.warnings == ours.warnings, "Jaeger warns of {:?}", theirs.warnings);

    let (our_spans, their_spans) = (by_id(ours)?, by_id(theirs)?);
    ensure!(our_spans.keys().eq(their_spans.keys()), "{our_spans:?}\n{their_spans:?}");
    for (id, span) in our_spans {
        let (ours, theirs) = (facts(ours, span)?, facts(theirs, their_spans[id])?);
        ensure!(ours == theirs, "we wrote     {ours:#?}\nJaeger shows {theirs:#?}");
    }
    Ok(())
}

/// All that a span says and all that is said of its process.
fn facts<'a>(trace: &'a Trace, span: &'a Span) -> Result<impl PartialEq + Debug + use<'a>> {
    let references: Vec<_> =
        span.references.iter().map(|r| (&*r.kind, &*r.trace_id, &*r.span_id)).collect();
    let logs = span.logs.iter().map(|log| Ok((log.time_us, pairs(&log.fields)?)));
    let mut logs = logs.collect::<Result<Vec<_>>>()?;
    logs.sort_by_key(|(time_us, fields)| (*time_us, format!("{fields:?}")));
    let process = &trace.processes[&span.process_id];
    Ok((
        (&*span.trace_id, &*span.span_id, &*span.operation_name, references),
        (span.start_us, span.duration_us, pairs(&span.tags)?, logs),
        (&*process.service_name, pairs(&process.tags)?, &span.warnings),
    ))
}

/// Key-value pairs in an order that does not depend on who wrote them.
fn pairs(list: &[KeyValue]) -> Result<BTreeMap<&str, &Value>> {
    let pairs: BTreeMap<_, _> = list.iter().map(|pair| (pair.key.as_str(), &pair.value)).collect();
    ensure!(pairs.len() == list.len(), "a key is there twice: {list:?}");
    Ok(pairs)
}

/// Leaves out what Jaeger says of its own where spans of two clocks do not nest: it knows no bound of a
/// clock's error, within which `check` holds them.
fn without_skew(mut document: Value) -> Value {
    let spans = document.pointer_mut("/data/0/spans").and_then(Value::as_array_mut);
    for warnings in spans.into_iter().flatten().filter_map(|span| span.get_mut("warnings")) {
        let Some(list) = warnings.as_array_mut() else { continue };
        let said = |warning: &Value| warning.as_str().unwrap_or_default().to_owned();
        list.retain(|warning| !said(warning).starts_with("clock skew adjustment disabled"));
        if list.is_empty() {
            *warnings = Value::Null;
        }
    }
    document
}

fn by_id(trace: &Trace) -> Result<BTreeMap<&str, &Span>> {
    let spans: BTreeMap<_, _> = trace.spans.iter().map(|span| (&*span.span_id, span)).collect();
    ensure!(spans.len() == trace.spans.len(), "a span is there twice");
    Ok(spans)
}
