//! What a real Jaeger answered to the same questions about the same spans.

use super::normal::normalise;
use super::*;
use crate::storage::{ArchiveError, ReadError};
use std::sync::Mutex;

/// Where our answer is meant to be another, and why: questions that begin so, or are so where a blank follows.
const OTHERS: [(&str, &str); 46] = [
    ("GET /api/services ", "lists are never null"),
    ("GET /api/services/x/operations ", "lists are never null"),
    ("GET /api/services/none%20such/operations ", "lists are never null"),
    ("GET /api/v3/services ", "newer Jaegers send the empty list"),
    ("GET /api/traces?service=shop&tag=span.kind", "what Jaeger shows as a tag is found as one"),
    (
        "GET /api/traces?service=shop&tag=error",
        "a slip of this version: it takes any text for false",
    ),
    (
        "GET /api/traces?service=bank&tag=error",
        "a slip of this version: it takes any text for false",
    ),
    ("GET /api/traces?service=shop&tag=otel.status_code", "what is shown as a tag is found as one"),
    ("GET /api/traces?service=bank&tag=otel.scope.name", "what is shown as a tag is found as one"),
    ("GET /api/traces?service=bank&tag=otel.status_d", "what is shown as a tag is found as one"),
    ("GET /api/traces?service=shop&tags=%7Bbad", "the words for what is no JSON are our own"),
    ("GET /api/traces/0000000000000001 ", "ids of 64 bits are found by their lower half"),
    (
        "GET /api/dependencies?endTs=1790000000049",
        "calls count by their start, not by the end of the trace",
    ),
    (
        "GET /api/dependencies?endTs=1790000000050",
        "calls count by their start, not by the end of the trace",
    ),
    (
        "GET /api/v3/traces?query.service_name=shop&query.attributes",
        "newer Jaegers search by attributes",
    ),
    ("GET /api/v3/traces?query.service_name=shop ", "newer Jaegers name parameters in camel case"),
    (
        "GET /api/v3/traces?query.service_name=shop&query.start_time_min=2026-09-21T14:13:19Z ",
        "newer Jaegers name parameters in camel case",
    ),
    (
        "GET /api/v3/traces?query.service_name=shop&query.start_time_min=2026-09-21T15",
        "newer Jaegers say that times are in the wrong order",
    ),
    (
        "GET /api/v3/traces?query.service_name=shop&query.start_time_min=2026-09-21T14:13:19Z&query.start_time_max=2026-09-21T15:13:20.5Z ",
        "newer Jaegers have a default depth",
    ),
    ("GET /api/v3/traces?query.serviceName=shop", "newer Jaegers name parameters in camel case"),
    ("GET /api/v3/operations?service=worker", "newer Jaegers give each operation a kind"),
    ("GET /api/traces/a1000000000000000000000000000007", "newer Jaegers name spans without a name"),
    (
        "GET /api/v3/traces/a1000000000000000000000000000007",
        "newer Jaegers name spans without a name",
    ),
    ("GET /api/operations?service=empty-service-name", "newer Jaegers name spans without a name"),
    ("GET /api/services/empty-service-name/operations", "newer Jaegers name spans without a name"),
    (
        "GET /api/v3/operations?service=empty-service-name",
        "newer Jaegers name spans without a name",
    ),
    ("GET /api/traces/a1000000000000000000000000000009", "what is no UTF-8 is bytes everywhere"),
    ("GET /api/v3/traces/a1000000000000000000000000000009", "what is no UTF-8 is bytes everywhere"),
    ("GET /api/operations?service=service-name-wrong", "what is no UTF-8 is bytes everywhere"),
    ("GET /api/services/service-name-wrong", "what is no UTF-8 is bytes everywhere"),
    ("GET /api/v3/operations?service=service-name-wrong", "what is no UTF-8 is bytes everywhere"),
    ("GET /api/traces/a100000000000000000000000000000b?raw", "the store holds equal spans once"),
    ("GET /api/v3/traces/a100000000000000000000000000000b", "the store holds equal spans once"),
    (
        "GET /api/traces/a1000000000000000000000000000016",
        "numbers that JSON has not are their names",
    ),
    ("GET /api/v3/traces/a100000000000000000000000000000e", "schemas are kept"),
    ("GET /api/v3/traces/a1000000000000000000000000000013", "warnings are always a list"),
    (r#"POST /api/transform {"text":"""#, "the words for what is no OTLP are our own"),
    (r#"POST /api/transform {"text":"["#, "the words for what is no OTLP are our own"),
    (r#"POST /api/transform {"text":"null"#, "null is no OTLP"),
    (r#"POST /api/transform {"text":"{"#, "the words for what is no OTLP are our own"),
    (
        r#"POST /api/transform {"json":{"resourceSpans":[{"resource":{},"#,
        "spans without ids are left out",
    ),
    (
        r#"POST /api/transform {"json":{"resourceSpans":[{"scopeSpans":[{"spans":[{"spanId""#,
        "the words for what is no OTLP are our own",
    ),
    (
        r#"POST /api/transform {"json":{"resourceSpans":[{"scopeSpans":[{"spans":[{"endTime"#,
        "names that are missing say so",
    ),
    ("GET /api/v3/operations?service=kinds", "newer Jaegers give each operation a kind"),
    ("GET /api/v3/operations?service=utf8", "newer Jaegers give each operation a kind"),
    ("GET /api/v3/operations?service=", "newer Jaegers give each operation a kind"),
];

/// Whether nobody answers there; a Jaeger sends the page of its UI.
fn is_nobody(entry: &Json) -> bool {
    entry["type"] == "text/html; charset=utf-8"
}

/// Why our answer to a question is another, if it is.
fn other(entry: &Json) -> Option<&'static (&'static str, &'static str)> {
    let send = entry.get("send").map(ToString::to_string).unwrap_or_default();
    let text = format!("{} {send}", entry["ask"].as_str().unwrap());
    OTHERS.iter().find(|(begin, _)| text.starts_with(begin))
}

/// What is sent with a question.
fn body(entry: &Json) -> Vec<u8> {
    let send = &entry["send"];
    match (send.get("json"), send["text"].as_str()) {
        (Some(json), _) => json.to_string().into_bytes(),
        (None, Some(text)) => text.as_bytes().to_vec(),
        (None, None) => Vec::new(),
    }
}

fn is_same(entry: &Json, answer: Option<&Answer>) -> Result<(), String> {
    // What that version has not yet, ours may have.
    if is_nobody(entry) {
        return Ok(());
    }
    let answer = answer.ok_or("nobody answers")?;
    let mut got = json(answer);
    normalise(entry, &mut got);
    let line = entry["ask"].as_str().unwrap();
    // Newer Jaegers say that JSON is JSON, but for errors.
    let is_type = line.starts_with("GET /api/v3/") || entry["type"] == answer.content_type;
    if got == entry["json"] && entry["status"] == answer.status && is_type {
        return Ok(());
    }
    Err(format!("theirs {} {}\n  ours   {} {got}", entry["status"], entry["json"], answer.status))
}

/// An archive that holds what it is given.
#[derive(Debug, Default)]
struct Kept(Mutex<Naive>);

impl Archive for Kept {
    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        self.0.lock().unwrap().get(trace)
    }

    fn keep(&self, chunk: Chunk) -> Result<(), ArchiveError> {
        self.0.lock().unwrap().add(chunk);
        Ok(())
    }
}

#[test]
fn what_was_archived_is_shown_when_the_store_has_it_no_more() {
    let mut world = World::read("jaeger/archive.json");
    let context = Context { archive: Some(Arc::new(Kept::default())), ..now() };
    let answered = |store: &Naive, entry: &Json| {
        let line = entry["ask"].as_str().unwrap();
        let answer = ask(store, &context, line, &body(entry));
        is_same(entry, answer.as_ref()).unwrap_or_else(|how| panic!("{line}\n  {how}"));
    };
    world.answers.iter().for_each(|entry| answered(&world.store, entry));

    // Retention has taken it.
    world.store = Naive::default();
    let shown = |entry: &&Json| entry["ask"].as_str().unwrap().starts_with("GET /api/traces/a2");
    let shown = world.answers.iter().find(shown).unwrap();
    answered(&world.store, shown);
    let newer =
        ask(&world.store, &context, "GET /api/v3/traces/a2000000000000000000000000000001", b"");
    assert_eq!(newer.unwrap().status, 200);
    let missing =
        ask(&world.store, &context, "GET /api/traces/a2000000000000000000000000000002", b"");
    assert_eq!(missing.unwrap().status, 404);
    // Without an archive nothing is kept, and says so.
    let none = world.ask("POST /api/archive/a2000000000000000000000000000001", b"").unwrap();
    assert_eq!((none.status, none.content_type), (500, TEXT));
}

/// Compares all that a vector holds of Jaeger's query door.
fn compare(name: &str) {
    let world = World::read(&format!("jaeger/{name}.json"));
    let mut compared = 0;
    for entry in world.answers.iter().filter(|entry| entry.get("at").is_none()) {
        let line = entry["ask"].as_str().unwrap();
        compared += 1;
        let answer = world.ask(line, &body(entry));
        let other = other(entry);
        match (is_same(entry, answer.as_ref()), other) {
            (Ok(()), _) | (Err(_), Some(_)) => {}
            (Err(how), None) => panic!("{line}\n  {how}"),
        }
    }
    assert!(compared > 20, "{name} has {compared}");
}

#[test]
fn an_empty_store_answers_as_an_empty_jaeger() {
    compare("empty");
}

#[test]
fn searches_find_what_a_jaeger_finds() {
    compare("search");
}

#[test]
fn traces_are_shown_as_by_a_jaeger() {
    compare("shapes");
}

#[test]
fn where_we_answer_otherwise_is_written_down_and_nothing_else() {
    let worlds =
        ["empty", "search", "shapes"].map(|name| World::read(&format!("jaeger/{name}.json")));
    for (begin, why) in OTHERS {
        let differ = worlds.iter().any(|world| {
            let mut entries = world
                .answers
                .iter()
                .filter(|entry| other(entry).is_some_and(|(found, _)| *found == begin));
            entries.any(|entry| {
                is_same(entry, world.ask(entry["ask"].as_str().unwrap(), &body(entry)).as_ref())
                    .is_err()
            })
        });
        assert!(differ, "{begin}: nothing differs any more ({why})");
    }
}
