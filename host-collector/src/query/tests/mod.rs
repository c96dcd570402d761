mod jaeger;
mod normal;
mod sampling;
mod storage;
mod zipkin;

use super::*;
use crate::model::Chunk;
use crate::protobuf::{Field, Fields};
use crate::storage::Naive;
use serde_json::Value as Json;
use std::path::Path;

/// A time behind everything that vectors have.
fn now() -> Context {
    let autocomplete_keys = ["env", "user"].map(str::to_owned).into();
    Context { now_ns: 1_795_000_000_000_000_000, autocomplete_keys, ..Context::default() }
}

/// What a real backend was sent and answered: a file of `tests/vectors/`.
pub(super) struct World {
    pub(super) store: Naive,
    pub(super) answers: Vec<Json>,
    /// What else the file says.
    pub(super) document: Json,
}

impl World {
    pub(super) fn read(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let mut document: Json = serde_json::from_str(&text).unwrap();
        let mut store = Naive::default();
        for sent in document["sent"].as_array().unwrap() {
            let protobuf = from_hex(sent["protobuf"].as_str().unwrap());
            store.add(Chunk::check(protobuf).unwrap().chunk);
        }
        let Json::Array(answers) = document["answers"].take() else { panic!("{name}: no answers") };
        Self { store, answers, document }
    }

    pub(super) fn ask(&self, line: &str, body: &[u8]) -> Option<Answer> {
        ask(&self.store, &now(), line, body)
    }
}

/// Asks as `GET /path?query` says.
pub(super) fn ask(
    store: &dyn Reader,
    context: &Context,
    line: &str,
    body: &[u8],
) -> Option<Answer> {
    let (method, url) = line.split_once(' ').unwrap();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let query = pairs(query);
    answer(&Request { method, path, query: &query, body }, store, context)
}

/// Calls a method.
pub(super) fn call(
    path: &str,
    message: &[u8],
    store: &Naive,
    context: &Context,
) -> Option<Result<Vec<Bytes>, Failure>> {
    let (_, found) = methods().find(|(_, one)| one.path == path)?;
    Some((found.handler)(message, store, context))
}

/// The fields of a message: by number what is text, a number, or bytes.
pub(super) fn fields(message: &[u8]) -> Vec<(u32, Field<'_>)> {
    Fields::new(message).map(Result::unwrap).collect()
}

pub(super) fn json(answer: &Answer) -> Json {
    serde_json::from_slice(&answer.body).unwrap()
}

fn from_hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn an_endpoint_is_found_by_its_method_and_path() {
    let endpoint = |method: &str, path: &str| {
        let found: Vec<_> = endpoints().filter(|(_, one)| one.is_for(method, path)).collect();
        assert!(found.len() <= 1, "{path}");
        found.first().map(|(_, one)| one.pattern)
    };
    assert_eq!(endpoint("GET", "/api/traces"), Some("/api/traces"));
    assert_eq!(endpoint("GET", "/api/traces/7"), Some("/api/traces/{id}"));
    assert_eq!(
        endpoint("GET", "/api/services/a%2Fb/operations"),
        Some("/api/services/{service}/operations")
    );
    for (method, path) in [
        ("GET", "/api/traces/"),
        ("GET", "/api/traces/7/"),
        ("GET", "api/traces"),
        ("POST", "/api/traces"),
        ("GET", "/api/archive/7"),
        ("GET", "/api"),
        ("GET", ""),
    ] {
        assert_eq!(endpoint(method, path), None, "{method} {path}");
    }
}
