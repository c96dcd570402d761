//! What a real Zipkin answered to the same questions about the same spans.

use super::normal::normalise;
use super::*;

/// Where our answer is meant to be another, and why: questions that begin so.
const OTHERS: [(&str, &str); 6] = [
    ("GET /health", "the store has another name"),
    ("GET /api/v2/trace/0000000000000001", "ids of 64 bits are found by their lower half"),
    ("GET /api/v2/trace/a4000000000000000000000000000005", "spans always have a duration"),
    ("GET /api/v2/trace/a4000000000000000000000000000006", "names that are missing say so"),
    ("GET /api/v2/spans?serviceName=upper", "names that are missing say so"),
    ("GET /api/v2/spans?serviceName=UPPER", "names that are missing say so"),
];

/// Whether nobody answers there, or a page of the user interface does.
fn is_elsewhere(entry: &Json) -> bool {
    let text = entry["text"].as_str().unwrap_or_default();
    let is_page = entry["type"] == "text/html; charset=utf-8" || entry["status"] == 302;
    is_page || text == "404 Not Found" || (text.is_empty() && entry.get("json").is_none())
}

/// Spans of one trace in an order of their own: Zipkin has them as they came.
fn order(answer: &mut Json) {
    for part in answer.as_array_mut().into_iter().flatten() {
        if let Json::Array(spans) = part {
            spans.sort_by_key(ToString::to_string);
        }
    }
    if let Json::Array(spans) = answer
        && spans.iter().all(Json::is_object)
    {
        spans.sort_by_key(ToString::to_string);
    }
}

fn is_same(entry: &Json, answer: Option<&Answer>) -> Result<(), String> {
    if is_elsewhere(entry) {
        // What it has not, as `/config.json`, ours may have.
        return Ok(());
    }
    let answer = answer.ok_or("nobody answers")?;
    let read = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| Json::from(text));
    // It sends what is behind the end of its buffer where text is not ASCII.
    let text = entry["text"].as_str().map(|text| read(text.trim_end_matches('\0')));
    let mut theirs = text.unwrap_or_else(|| entry["json"].clone());
    let mut ours = read(str::from_utf8(&answer.body).unwrap());
    normalise(entry, &mut ours);
    for answer in [&mut theirs, &mut ours] {
        order(answer);
        if let (Some(_), Json::Array(lists)) = (entry.get("any_order"), answer) {
            lists.sort_by_key(ToString::to_string);
        }
    }
    if ours == theirs && entry["status"] == answer.status {
        return Ok(());
    }
    Err(format!("theirs {} {theirs}\n  ours   {} {ours}", entry["status"], answer.status))
}

fn worlds() -> [World; 3] {
    ["empty", "search", "shapes"].map(|name| World::read(&format!("zipkin/{name}.json")))
}

fn other(entry: &Json) -> Option<usize> {
    let line = entry["ask"].as_str().unwrap();
    OTHERS.iter().position(|(begin, _)| line.starts_with(begin))
}

#[test]
fn a_zipkin_answers_the_same() {
    let mut compared = 0;
    for world in worlds() {
        for entry in world.answers.iter().filter(|entry| other(entry).is_none()) {
            let line = entry["ask"].as_str().unwrap();
            compared += 1;
            if let Err(how) = is_same(entry, world.ask(line, b"").as_ref()) {
                panic!("{line}\n  {how}");
            }
        }
    }
    assert!(compared > 150, "{compared}");
}

#[test]
fn where_we_answer_otherwise_is_written_down_and_nothing_else() {
    let mut differ = [false; OTHERS.len()];
    for world in worlds() {
        for entry in &world.answers {
            let Some(place) = other(entry) else { continue };
            let answer = world.ask(entry["ask"].as_str().unwrap(), b"");
            differ[place] |= is_same(entry, answer.as_ref()).is_err();
        }
    }
    for ((begin, why), differs) in OTHERS.iter().zip(differ) {
        assert!(differs, "{begin}: nothing differs any more ({why})");
    }
}
