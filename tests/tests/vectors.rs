//! The golden vectors hold in both directions: bytes mean what the JSON says, and the JSON gives the bytes.
//!
//! The first version of the vectors was not made by this program: an encoder written from
//! `docs/wire-format.md` alone gave the bytes, so they also say that code and document agree.

use std::collections::HashSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use spandrel::wire::{self, DataHead};
use spandrel::{DeviceId, Session, SpanId, TraceId};
use spandrel_tests::vectors::{
    Body, Direction, Frame, Losses, Record, Refusal, Vector, from_hex, to_hex,
};
use spandrel_tests::workspace;

/// Set to 1 it has the descriptions give the bytes, instead of being held against them.
const BLESS: &str = "BLESS";
const HOW_TO_BLESS: &str = "if the format was changed on purpose, and docs/wire-format.md with it: \
                            BLESS=1 cargo test -p spandrel-tests --test vectors";

fn file(name: &str) -> PathBuf {
    workspace::root().join("tests/vectors").join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).expect("the vectors are in the repository")
}

/// Replaces the file as a whole: other tests read it meanwhile.
fn write(name: &str, text: &str) {
    let (new, old) = (file(&format!("{name}.new")), file(name));
    std::fs::write(&new, text)
        .and_then(|()| std::fs::rename(&new, &old))
        .unwrap_or_else(|e| panic!("cannot write {}: {e}", old.display()));
}

fn blesses() -> bool {
    std::env::var_os(BLESS).is_some_and(|value| value == "1")
}

/// Every frame with its JSON as it stands in the file.
fn frames() -> Vec<(Vector, Value)> {
    let documents: Vec<Value> = serde_json::from_str(&read("frames.json")).expect("it is a list");
    let vector = |document: Value| {
        let name = document["name"].clone();
        let vector = serde_json::from_value(document.clone())
            .unwrap_or_else(|e| panic!("the vector {name} has another form: {e}"));
        (vector, document)
    };
    documents.into_iter().map(vector).collect()
}

fn bytes(vector: &Vector) -> Vec<u8> {
    from_hex(&vector.hex).unwrap_or_else(|e| panic!("{}: {e:#}", vector.name))
}

fn encode(name: &str, frame: &Frame) -> String {
    to_hex(&frame.encode().unwrap_or_else(|e| panic!("{name}: {e:#}")))
}

/// Fails with every complaint at once, and with the way out.
#[track_caller]
fn none_of(complaints: &[String]) {
    assert!(complaints.is_empty(), "{}\n{HOW_TO_BLESS}", complaints.join("\n"));
}

#[test]
fn bytes_mean_what_the_json_says() {
    if blesses() {
        // The bytes are about to be written by the test beside this one.
        return;
    }
    let mut complaints = Vec::new();
    for (vector, document) in frames() {
        let Some(wanted) = document.get("frame") else { continue };
        let found = Frame::decode(vector.direction, &bytes(&vector));
        let found = found.map(|frame| serde_json::to_value(frame).expect("it is JSON"));
        if found.as_ref() != Ok(wanted) {
            complaints.push(format!("{}:\n  wanted {wanted}\n  found  {found:?}", vector.name));
        }
    }
    none_of(&complaints);
}

#[test]
fn the_json_gives_the_bytes() {
    let mut text = read("frames.json");
    let mut complaints = Vec::new();
    for (vector, _) in frames() {
        let Some(frame) = &vector.frame else { continue };
        let found = encode(&vector.name, frame);
        if found != vector.hex {
            complaints.push(format!("{}:\n  wanted {}\n  found  {found}", vector.name, vector.hex));
            text = with_hex(&text, &vector.name, &found);
        }
    }
    if blesses() {
        write("frames.json", &text);
        return;
    }
    none_of(&complaints);
}

/// The file with other bytes in one vector; the rest stays as it was written, by a person.
fn with_hex(text: &str, name: &str, hex: &str) -> String {
    const KEY: &str = "\"hex\": \"";
    let quoted = serde_json::to_string(name).expect("a name is text");
    let begin = text.find(&format!("\"name\": {quoted}")).expect("the vector has its name");
    let begin = begin + text[begin..].find(KEY).expect("bytes follow the name") + KEY.len();
    let end = begin + text[begin..].find('"').expect("the bytes end");
    [&text[..begin], hex, &text[end..]].concat()
}

/// What fragments hold together is the record, as a frame would hold it alone.
#[test]
fn fragments_are_the_record_that_the_json_says() {
    let mut joined = 0;
    for (vector, document) in frames() {
        let Some(wanted) = document.get("joined") else { continue };
        let bytes = bytes(&vector);
        let read = wire::decode(&bytes).unwrap();
        let wire::Body::Data(data) = &read.body else { panic!("{}: no data", vector.name) };
        let mut whole = Vec::new();
        for record in &data.records {
            let wire::Record::Fragment(fragment) = record else { panic!("{}", vector.name) };
            whole.extend_from_slice(fragment.bytes);
        }
        let DataHead { first_record, last_number, .. } = data.head;
        let record = wire::decode_fragments(&whole, first_record, last_number);
        let found = serde_json::to_value(Record::from(&record.unwrap())).unwrap();
        assert_eq!(&found, wanted, "{}", vector.name);

        let Some(Frame { session_tag, .. }) = vector.frame else { unreachable!() };
        let records = vec![vector.joined.unwrap()];
        let (last_number, losses) = (last_number >> 31 << 31, Losses::default());
        let body = Body::Data { packet: 0, first_record, last_number, losses, records };
        let alone = Frame { session_tag, body }.encode().unwrap();
        assert!(alone.ends_with(&whole), "{}: {}", vector.name, to_hex(&alone));
        joined += 1;
    }
    assert_eq!(joined, 3);
}

#[test]
fn what_is_no_frame_is_refused_for_the_reason_that_is_given() {
    let mut complaints = Vec::new();
    for (vector, _) in frames() {
        let Some(wanted) = vector.refused else { continue };
        let found = Frame::decode(vector.direction, &bytes(&vector)).map_err(Refusal::try_from);
        if !matches!(found, Err(Ok(reason)) if reason == wanted) {
            complaints.push(format!("{}: wanted {wanted:?}, found {found:?}", vector.name));
        }
    }
    none_of(&complaints);
}

#[test]
fn no_beginning_of_a_frame_is_one() {
    for (vector, _) in frames().iter().filter(|(vector, _)| vector.frame.is_some()) {
        let bytes = bytes(vector);
        for end in 0..bytes.len() {
            let read = Frame::decode(vector.direction, &bytes[..end]);
            assert!(read.is_err(), "{}: the first {end} bytes are read: {read:?}", vector.name);
        }
    }
}

#[test]
fn every_vector_is_one_thing_under_a_name_of_its_own() {
    let (mut names, mut kinds) = (HashSet::new(), HashSet::new());
    for (vector, document) in frames() {
        assert!(vector.frame.is_some() != vector.refused.is_some(), "{}: which?", vector.name);
        assert!(names.insert(vector.name.clone()), "{} is there twice", vector.name);
        for pointer in ["/frame/body", "/refused"] {
            let Some(value) = document.pointer(pointer) else { continue };
            let kind = value
                .as_str()
                .map(str::to_owned)
                .or_else(|| value.as_object().and_then(|object| object.keys().next().cloned()));
            let down = vector.direction == Direction::Down;
            kinds.insert((pointer, down, kind.expect("a word, or an object of one key")));
        }
    }
    assert_eq!(kinds.len(), 5 + 8 + 6 + 5, "a kind has no vector: {kinds:#?}");
}

/// One line of `ids.json`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ids {
    device: String,
    session: u32,
    counter: u64,
    trace_id: String,
    span_id: String,
    session_tag: String,
}

#[test]
fn ids_are_what_the_document_computes() {
    let wanted: Vec<Ids> = serde_json::from_str(&read("ids.json")).expect("a list of ids");
    assert!(!wanted.is_empty());
    let expand = |ids: &Ids| {
        let Ids { ref device, session, counter, .. } = *ids;
        let id = DeviceId(u64::from_str_radix(device, 16).expect("sixteen digits"));
        let number = Session::new(session);
        Ids {
            device: device.clone(),
            session,
            counter,
            trace_id: TraceId::expand(id, number, counter).to_string(),
            span_id: SpanId::expand(id, number, counter).to_string(),
            session_tag: to_hex(&number.tag(id)),
        }
    };
    let found: Vec<_> = wanted.iter().map(expand).collect();
    if blesses() {
        let lines: Vec<_> = found.iter().map(|ids| format!("  {}", line(ids))).collect();
        let text = format!("[\n{}\n]\n", lines.join(",\n"));
        write("ids.json", &text);
        return;
    }
    assert_eq!(wanted, found, "{HOW_TO_BLESS}");
}

/// One line of JSON with a space behind each comma and colon; no text in it has either.
fn line(ids: &Ids) -> String {
    let dense = serde_json::to_string(ids).expect("it is JSON");
    dense.replace("\":", "\": ").replace(",\"", ", \"")
}
