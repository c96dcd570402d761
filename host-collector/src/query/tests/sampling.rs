//! What a real Jaeger tells services about sampling, from the same file.

use super::*;

fn compare(name: &str) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/jaeger");
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let document: Json = serde_json::from_str(&text).unwrap();
    let strategies = Strategies::parse(&document["sampling"].to_string()).unwrap();
    let context = Context { strategies: Arc::new(strategies), ..now() };
    let mut compared = 0;
    let entries = document["answers"].as_array().unwrap();
    for entry in entries.iter().filter(|entry| entry["at"] == "sampling") {
        let line = entry["ask"].as_str().unwrap();
        let (_, url) = line.split_once(' ').unwrap();
        let query = pairs(url.split_once('?').map_or("", |(_, query)| query));
        let store = Naive::default();
        let ask = |path| {
            let request = Request { method: "GET", path, query: &query, body: b"" };
            answer(&request, &store, &context).unwrap()
        };
        let numbers = ask("/");
        assert_eq!(entry["status"], numbers.status, "{line}");
        match entry["text"].as_str() {
            Some(text) => assert_eq!(numbers.body, text.as_bytes(), "{line}"),
            None => assert_eq!(json(&numbers), entry["json"], "{line}"),
        }
        let names = ask("/sampling");
        assert_eq!(names, ask("/api/sampling"));
        if names.status == 200 {
            let mut names = json(&names);
            let number = match names["strategyType"].as_str() {
                Some("PROBABILISTIC") => 0,
                Some("RATE_LIMITING") => 1,
                other => panic!("{other:?}"),
            };
            names["strategyType"] = number.into();
            assert_eq!(names, entry["json"], "{line}");
        }
        compared += 1;
    }
    compared
}

#[test]
fn strategies_are_those_that_a_jaeger_reads_from_the_file() {
    assert!(compare("sampling.json") > 10);
    assert!(compare("sampling-default.json") > 1);
}
