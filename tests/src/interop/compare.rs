//! Whether somebody answers the questions of a vector as the vector says.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Map, Value, json};

use super::ask::{Doors, agent};
use super::differ::difference;
use super::world::{World, answer};
use crate::workspace;

/// Enough to see what is wrong.
const SHOWN: usize = 20;

/// Questions to which ours is meant to answer something else: `tests/vectors/ours.json`.
pub(super) struct Ours(Vec<Other>);

/// A question, or how several begin.
struct Other {
    begin: String,
    /// Whether one of them was asked, and whether an answer was another indeed.
    asked: bool,
    differs: bool,
}

impl Ours {
    /// Reads the file, in which each has a reason.
    pub(super) fn read() -> Result<Self> {
        let file = workspace::root().join("tests/vectors/ours.json");
        let text = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let listed: Map<String, Value> = serde_json::from_slice(&text)?;
        let other = |(begin, _)| Other { begin, asked: false, differs: false };
        Ok(Self(listed.into_iter().map(other).collect()))
    }

    /// None of them.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// The same for other ids: see [`World::with_ids`].
    pub(super) fn with_ids(mut self, from: &str, to: &str) -> Self {
        for other in &mut self.0 {
            other.begin = other.begin.replace(from, to);
        }
        self
    }

    /// The same with another one.
    pub(super) fn and(mut self, begin: &str) -> Self {
        self.0.push(Other { begin: begin.to_owned(), asked: false, differs: false });
        self
    }

    /// The one that means an entry. Behind a question stands a blank, and what is noted of it or sent.
    fn find(&mut self, entry: &Value) -> Option<&mut Other> {
        let note = entry["note"].as_str().unwrap_or_default();
        let send = entry.get("send").map(ToString::to_string).unwrap_or_default();
        let texts = [note, &send].map(|behind| format!("{} {behind}", question(entry)));
        let means = |other: &&mut Other| texts.iter().any(|text| text.starts_with(&other.begin));
        self.0.iter_mut().find(means)
    }
}

fn question(entry: &Value) -> &str {
    entry.get("ask").or(entry.get("call")).and_then(Value::as_str).unwrap_or_default()
}

/// Asks those questions of a vector that are asked at one of `doors`; a line for each answer that is
/// another than it should be.
pub(super) fn compare(
    world: &World,
    doors: &Doors,
    ours: &mut Ours,
) -> Result<(usize, Vec<String>)> {
    compare_each(world, doors, ours, |entry| Ok(entry.clone()), said)
}

/// The same of who has its traces elsewhere, so that the words of an error are somebody else's.
/// Where `wanted` is given, what is answered there is how it should be.
pub(super) fn compare_on_store(
    world: &World,
    doors: &Doors,
    wanted: Option<&Doors>,
    ours: &mut Ours,
) -> Result<(usize, Vec<String>)> {
    let agent = agent();
    let wanted = |entry: &Value| match wanted {
        Some(doors) => Ok(answer(&agent, doors, entry)?.into()),
        None => Ok(entry.clone()),
    };
    compare_each(world, doors, ours, wanted, |entry, answer| {
        let mut said = said(entry, answer);
        if answer["status"].as_u64().is_some_and(|status| status >= 400) {
            said.retain(|part, _| part == "status");
        }
        said
    })
}

fn compare_each(
    world: &World,
    doors: &Doors,
    ours: &mut Ours,
    wanted: impl Fn(&Value) -> Result<Value>,
    said: impl Fn(&Value, &Value) -> Map<String, Value>,
) -> Result<(usize, Vec<String>)> {
    let agent = agent();
    let (mut asked, mut wrong) = (0, Vec::new());
    for entry in world.answers() {
        let is_open = match entry.get("at").and_then(Value::as_str) {
            Some(at) => doors.iter().any(|(name, _)| *name == at),
            None => true,
        };
        if !is_open || is_nobody(entry) {
            continue;
        }
        asked += 1;
        let mut answered = said(entry, &answer(&agent, doors, entry)?.into()).into();
        let mut wanted = said(entry, &wanted(entry)?).into();
        ungroup(&mut answered);
        ungroup(&mut wanted);
        let how = difference(&wanted, &answered);
        if let Some(other) = ours.find(entry) {
            other.asked = true;
            other.differs |= how.is_some();
        } else if let Some(how) = how {
            let note = entry["note"].as_str().unwrap_or_default();
            wrong.push(format!("{}: {} {note}\n  {how}", world.name(), question(entry)));
        }
    }
    Ok((asked, wrong))
}

/// Whether nobody answers there, where we may have something: a page of Jaeger's UI or the way to one,
/// what Zipkin says of a path that it does not know, or nothing.
fn is_nobody(entry: &Value) -> bool {
    let is_page = entry["text"] == "<!doctype html>" || entry["status"] == 302;
    is_page || entry["text"] == "404 Not Found" || entry["text"] == ""
}

/// What counts of an answer: its status, and what it says. The words for a request that is none are
/// everybody's own, and so are the codes of a gRPC door that refuses it. When a trace was that an id is
/// given of is a help that nobody has to give.
fn said(entry: &Value, answer: &Value) -> Map<String, Value> {
    let part = |key: &str| Some((key.to_owned(), answer.get(key)?.clone()));
    let parts = ["status", "json", "text", "code", "responses"];
    let mut said: Map<_, _> = parts.into_iter().filter_map(part).collect();
    let is_refused = answer["status"].as_u64().is_some_and(|status| status >= 400);
    let is_otlp = entry["at"].as_str().is_some_and(|at| at.starts_with("otlp"));
    let is_call_refused = answer["code"].as_u64().is_some_and(|code| match code {
        // UNKNOWN, INVALID_ARGUMENT, INTERNAL.
        2 | 3 | 13 => true,
        code => is_otlp && code > 0,
    });
    let has_body = entry.get("send").is_some();
    if is_refused && (has_body || answer.get("text").is_some()) {
        said.remove("text");
        said.remove("json");
    }
    if is_call_refused {
        said.insert("code".to_owned(), "refused".into());
    }
    // Clients read numbers and words alike.
    if let Some(kind) = said.get_mut("json").and_then(|json| json.get_mut("strategyType")) {
        match kind.as_u64() {
            Some(0) => *kind = "PROBABILISTIC".into(),
            Some(1) => *kind = "RATE_LIMITING".into(),
            _ => {}
        }
    }
    if let Some(responses) = said.get_mut("responses") {
        without_hollow(responses);
    }
    // An empty one says as much as none.
    for answer in said.values_mut().flat_map(|said| match said {
        Value::Array(answers) => answers.as_mut_slice(),
        one => core::slice::from_mut(one),
    }) {
        if answer["partialSuccess"].as_object().is_some_and(Map::is_empty) {
            answer.as_object_mut().map(|answer| answer.remove("partialSuccess"));
        }
    }
    said
}

/// A message of protobuf without what is there and says nothing, as Go's libraries write it, and without
/// the times beside an id.
fn without_hollow(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_hollow),
        Value::Object(fields) => {
            fields.values_mut().for_each(without_hollow);
            let is_id = fields.len() == 3 && fields.contains_key("traceId");
            fields.retain(|name, value| match name.as_str() {
                "scope" | "status" => value.as_object().is_some_and(|fields| !fields.is_empty()),
                "parentSpanId" => value != "",
                "start" | "end" => !is_id,
                _ => true,
            });
        }
        _ => {}
    }
}

/// Spans of OTLP, each with what it belongs to, in the order of their text. How they are grouped is left
/// to whoever holds them.
pub(super) fn ungroup(answer: &mut Value) {
    match answer {
        Value::Array(items) => items.iter_mut().for_each(ungroup),
        Value::Object(fields) => {
            let Some(groups) = fields.get("resourceSpans").and_then(Value::as_array) else {
                return fields.values_mut().for_each(ungroup);
            };
            let mut spans = Vec::new();
            for resource in groups {
                for scope in resource["scopeSpans"].as_array().into_iter().flatten() {
                    for span in scope["spans"].as_array().into_iter().flatten() {
                        let around = [&resource["resource"], &resource["schemaUrl"]];
                        let within = [&scope["scope"], &scope["schemaUrl"]];
                        spans.push(json!({"resource": around, "scope": within, "span": span}));
                    }
                }
            }
            spans.sort_by_key(|one| (one["span"]["spanId"].to_string(), one.to_string()));
            fields.insert("resourceSpans".to_owned(), spans.into());
        }
        _ => {}
    }
}

/// Fails with what is wrong, where nothing that is meant to differ does, and where too little was asked
/// to say anything.
pub(super) fn report(
    results: impl IntoIterator<Item = (usize, Vec<String>)>,
    ours: &Ours,
) -> Result<()> {
    let (mut asked, mut wrong) = (0, Vec::new());
    for (more, found) in results {
        asked += more;
        wrong.extend(found);
    }
    let same = ours.0.iter().filter(|other| other.asked && !other.differs);
    wrong.extend(same.map(|other| format!("ours.json: {:?} does not differ", other.begin)));
    ensure!(asked > 5, "only {asked} questions were asked");
    let shown = wrong[..wrong.len().min(SHOWN)].join("\n");
    ensure!(wrong.is_empty(), "{} of {asked} answers are wrong, such as\n{shown}", wrong.len());
    Ok(())
}
