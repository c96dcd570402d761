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
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let query = pairs(query);
        let request = Request { method: "GET", path, query: &query, body: b"" };
        let store = Naive::default();
        let numbers = super::super::sampling::by_number(&request, &store, &context);
        assert_eq!(entry["status"], numbers.status, "{line}");
        match entry["text"].as_str() {
            Some(text) => assert_eq!(numbers.body, text.as_bytes(), "{line}"),
            None => assert_eq!(json(&numbers), entry["json"], "{line}"),
        }
        if let Some(names) = answer(&request, &store, &context).filter(|names| names.status == 200)
        {
            let types = [("PROBABILISTIC", 0), ("RATE_LIMITING", 1)];
            let mut names = json(&names);
            let name = names["strategyType"].as_str().unwrap().to_owned();
            names["strategyType"] =
                types.iter().find(|(known, _)| *known == name).unwrap().1.into();
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
