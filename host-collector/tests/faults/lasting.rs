//! What was acknowledged is there after kills, and nothing else that nobody sent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, PATIENCE};
use crate::collector::{Collector, PROTOBUF, folder};
use crate::spans::{DAY_NS, Span, request};

const SPANS: u64 = 5;
const CLIENTS: u128 = 3;

/// What clients did: the ids of traces, and whether each was acknowledged.
type Sent = Arc<Mutex<BTreeMap<u128, bool>>>;

fn trace(id: u128) -> Vec<Span> {
    (1..=SPANS).map(|number| Span::new(id, number, number - 1, &format!("step {number}"))).collect()
}

/// Hands in one trace after the other, until nobody answers.
fn load(mut client: Client, sent: &Sent, first: u128) {
    for id in first.. {
        sent.lock().unwrap().insert(id, false);
        match client.post("/v1/traces", PROTOBUF, &request("kept", &trace(id))) {
            Ok(reply) if reply.status == 200 => {
                sent.lock().unwrap().insert(id, true);
            }
            Ok(reply) => panic!("{reply:?}"),
            Err(_) => return,
        }
    }
}

/// The traces that are there, each with the names of its spans.
fn found(collector: &Collector) -> BTreeMap<u128, BTreeSet<String>> {
    let (from, to) = (DAY_NS / 1_000 - 1, DAY_NS / 1_000 + 1_000_000);
    let path = format!("/api/traces?service=kept&limit=10000&start={from}&end={to}");
    let answer = collector.get(&path).json();
    let mut found = BTreeMap::new();
    for trace in answer["data"].as_array().unwrap() {
        let id = u128::from_str_radix(trace["traceID"].as_str().unwrap(), 16).unwrap();
        let spans = trace["spans"].as_array().unwrap();
        let name = |span: &serde_json::Value| span["operationName"].as_str().unwrap().to_owned();
        let names: BTreeSet<_> = spans.iter().map(name).collect();
        assert_eq!(names.len(), spans.len(), "a span is there twice: {trace}");
        found.insert(id, names);
    }
    found
}

#[test]
fn what_was_acknowledged_survives_ten_kills_and_nothing_is_invented() {
    let folder = folder("kills");
    let store = folder.to_str().unwrap();
    let sent = Sent::default();
    let names: BTreeSet<_> = (1..=SPANS).map(|number| format!("step {number}")).collect();
    let mut under_way = 0;
    for round in 0..=10_u32 {
        let collector = Collector::start(&["--store", store]);
        let found = found(&collector);
        let before = sent.lock().unwrap().clone();
        for (id, is_acknowledged) in &before {
            let spans = found.get(id);
            assert!(spans.is_some() || !is_acknowledged, "{id:x} is lost in round {round}");
            // A trace comes in one request, of which all is kept or nothing.
            assert!(spans.is_none_or(|spans| *spans == names), "{id:x}: {spans:?}");
        }
        assert!(found.keys().all(|id| before.contains_key(id)), "something is invented");
        let services = collector.get("/api/services").json();
        assert!(services["total"].as_u64().unwrap() <= 1, "{services}");
        if round == 10 {
            break;
        }
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (client, sent) = (collector.client(), Arc::clone(&sent));
                let first = u128::from(round + 1) << 64 | number << 32 | 1;
                thread::spawn(move || load(client, &sent, first))
            })
            .collect();
        let acknowledged =
            || sent.lock().unwrap().values().map(|kept| u32::from(*kept)).sum::<u32>();
        let (goal, began) = (acknowledged() + 30 + 7 * round, Instant::now());
        while acknowledged() < goal {
            assert!(began.elapsed() < PATIENCE, "nothing is acknowledged");
            thread::sleep(Duration::from_millis(1));
        }
        collector.kill();
        clients.into_iter().for_each(|client| client.join().unwrap());
        under_way += sent.lock().unwrap().values().filter(|kept| !**kept).count();
    }
    assert!(under_way > 0, "nobody was sending when it was killed: this shows nothing");
}

#[test]
fn what_is_unreadable_in_a_journal_is_said_and_nothing_else_is_lost() {
    let folder = folder("journal");
    let store = folder.to_str().unwrap();
    let collector = Collector::start(&["--store", store]);
    // Doors are open before.
    let began = Instant::now();
    let newest = loop {
        let journal = std::fs::read_dir(folder.join("journal")).into_iter().flatten().flatten();
        if let Some(newest) = journal.map(|file| file.path()).max() {
            break newest;
        }
        assert!(began.elapsed() < PATIENCE, "there is no journal");
        thread::sleep(Duration::from_millis(10));
    };
    collector.kill();
    let mut bytes = std::fs::read(&newest).unwrap();
    bytes.extend([7; 99]);
    std::fs::write(&newest, bytes).unwrap();
    let collector = Collector::start(&["--store", store]);
    let began = Instant::now();
    while !collector.said().contains("99 bytes at ends of files of the journal") {
        assert!(began.elapsed() < PATIENCE, "it does not say so");
        thread::sleep(Duration::from_millis(10));
    }
}
