//! What a real Jaeger tells services about sampling, from the same file.

use super::*;
use crate::protobuf::Writer;

/// With the strategies of a vector.
fn context(document: &Json) -> Context {
    let strategies = Strategies::parse(&document["sampling"].to_string()).unwrap();
    Context { strategies: Arc::new(strategies), ..now() }
}

fn compare(name: &str) -> usize {
    let world = World::read(name);
    let context = context(&world.document);
    let mut compared = 0;
    for entry in world.answers.iter().filter(|entry| entry["at"] == "sampling") {
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
    assert!(compare("jaeger/sampling.json") > 10);
    assert!(compare("jaeger/sampling-default.json") > 1);
}

/// A `SamplingStrategyResponse` in the form that vectors have.
fn strategy(message: &[u8]) -> Json {
    let double = |bits: u64| Json::from(f64::from_bits(bits));
    let share = |message: &[u8]| match fields(message)[..] {
        [] => serde_json::json!({}),
        [(1, Field::Fixed64(bits))] => serde_json::json!({"samplingRate": double(bits)}),
        _ => panic!("{message:?}"),
    };
    let mut strategy = serde_json::Map::new();
    for (number, field) in fields(message) {
        let (name, value) = match (number, field) {
            (1, Field::Varint(kind)) => ("strategyType", kind.into()),
            (2, Field::Bytes(message)) => ("probabilisticSampling", share(message)),
            (3, Field::Bytes(message)) => {
                let rate = |(_, field)| match field {
                    Field::Varint(rate) => ("maxTracesPerSecond".to_owned(), rate.into()),
                    _ => panic!("{field:?}"),
                };
                let rate: serde_json::Map<_, _> = fields(message).into_iter().map(rate).collect();
                ("rateLimitingSampling", rate.into())
            }
            (4, Field::Bytes(message)) => {
                let mut all = serde_json::json!({});
                for (number, field) in fields(message) {
                    match (number, field) {
                        (1, Field::Fixed64(bits)) => {
                            all["defaultSamplingProbability"] = double(bits);
                        }
                        (3, Field::Bytes(message)) => {
                            let [(1, Field::Bytes(name)), (2, Field::Bytes(of))] =
                                fields(message)[..]
                            else {
                                panic!("{message:?}")
                            };
                            let name = str::from_utf8(name).unwrap();
                            let one = serde_json::json!(
                                {"operation": name, "probabilisticSampling": share(of)}
                            );
                            match &mut all["perOperationStrategies"] {
                                Json::Array(list) => list.push(one),
                                none => *none = vec![one].into(),
                            }
                        }
                        other => panic!("{other:?}"),
                    }
                }
                ("operationSampling", all)
            }
            other => panic!("{other:?}"),
        };
        strategy.insert(name.to_owned(), value);
    }
    strategy.into()
}

#[test]
fn strategies_over_grpc_are_those_that_a_jaeger_answers() {
    let mut compared = 0;
    for name in ["jaeger/sampling.json", "jaeger/sampling-default.json"] {
        let world = World::read(name);
        let context = context(&world.document);
        for entry in world.answers.iter().filter(|entry| entry["at"] == "sampling-grpc") {
            let mut request = Writer::default();
            request.bytes(1, entry["request"]["serviceName"].as_str().unwrap().as_bytes());
            let path = entry["call"].as_str().unwrap();
            let answer = call(path, &request.into_bytes(), &world.store, &context);
            let messages = answer.unwrap().unwrap();
            let answered: Vec<_> = messages.iter().map(|message| strategy(message)).collect();
            assert_eq!(Json::from(answered), entry["responses"], "{}", entry["request"]);
            compared += 1;
        }
    }
    assert!(compared > 10, "{compared}");
}
