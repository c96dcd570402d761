//! A server that spans are exported to, on a bad day.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::client::PATIENCE;
use crate::collector::{Collector, folder};
use crate::spans::{Span, request};

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Takes,
    /// So many seconds pass before it answers.
    Slow,
    Says(&'static str),
    HangsUp,
    /// It leaves this many of them out, for good.
    TakesAllBut(u8),
}

/// Names of spans that it said it took.
type Taken = Arc<Mutex<BTreeSet<String>>>;

/// Answers as it is in the mood to, one after the other, and then takes everything.
fn serve(listener: TcpListener, moods: Vec<Mood>, taken: &Taken) {
    let moods = Arc::new(Mutex::new(moods.into_iter()));
    let taken = Arc::clone(taken);
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let (moods, taken) = (Arc::clone(&moods), Arc::clone(&taken));
            thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while let Some(body) = read(&mut stream) {
                    let mood = moods.lock().unwrap().next().unwrap_or(Mood::Takes);
                    if !answer(stream.get_mut(), mood, &body, &taken) {
                        return;
                    }
                }
            });
        }
    });
}

/// The body of the next request.
fn read(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let (mut len, mut is_gzip) = (0, false);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            len = value.trim().parse().ok()?;
        }
        is_gzip |= line == "content-encoding: gzip";
    }
    let mut body = vec![0; len];
    stream.read_exact(&mut body).ok()?;
    if !is_gzip {
        return Some(body);
    }
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&*body).read_to_end(&mut plain).ok()?;
    Some(plain)
}

/// Whether the connection goes on.
fn answer(stream: &mut TcpStream, mood: Mood, body: &[u8], taken: &Taken) -> bool {
    let text = String::from_utf8_lossy(body);
    let names = text.match_indices("span-").map(|(at, _)| text[at..at + 9].to_owned());
    let ok = |body: &[u8]| {
        let len = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: {len}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    };
    let said = match mood {
        Mood::Takes => ok(b""),
        Mood::Slow => {
            thread::sleep(Duration::from_secs(2));
            ok(b"")
        }
        Mood::Says(said) => return stream.write_all(said.as_bytes()).is_ok(),
        Mood::HangsUp => return false,
        Mood::TakesAllBut(rejected) => {
            ok(&[&[0x0a, 7, 0x08, rejected, 0x12, 3][..], b"old"].concat())
        }
    };
    taken.lock().unwrap().extend(names);
    stream.write_all(&said).is_ok()
}

fn spans(collector: &Collector, from: u64, count: u64) {
    for number in from..from + count {
        let span = Span::new(1, number + 1, 0, &format!("span-{number:04}"));
        assert_eq!(collector.post(&request("away", &[span])).status, 200);
    }
}

/// Waits until the exporter counts that much.
#[track_caller]
fn until(collector: &Collector, name: &str, most: impl Fn(u64) -> bool) {
    let began = Instant::now();
    loop {
        let count = collector.metric(name);
        if most(count) {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{name} is {count}: {}", collector.said());
        thread::sleep(Duration::from_millis(50));
    }
}

/// Counts of an exporter, as they are named in `/metrics`.
struct Names {
    exporter: String,
}

impl Names {
    fn of(collector: &Collector) -> Self {
        let page = collector.get("/metrics").text();
        let line = page.lines().find(|line| line.starts_with("spandrel_exporter_requests_total{"));
        let exporter = line.unwrap().split('"').nth(1).unwrap().to_owned();
        Self { exporter }
    }

    fn retries(&self) -> String {
        format!("spandrel_exporter_retries_total{{exporter=\"{}\"}}", self.exporter)
    }

    fn spans(&self, outcome: &str) -> String {
        let exporter = &self.exporter;
        format!("spandrel_exporter_spans_total{{exporter=\"{exporter}\",outcome=\"{outcome}\"}}")
    }
}

/// A port that nobody listens on: bound, and let go again.
fn nowhere() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn what_comes_while_a_server_is_down_or_in_a_bad_mood_reaches_it() {
    let (address, folder) = (nowhere(), folder("away"));
    let url = format!("http://{address}");
    let store = folder.to_str().unwrap();
    let collector = Collector::start(&["--store", store, "--export-otlp", &url]);
    let names = Names::of(&collector);
    // Down: nobody who hands in spans notices.
    for round in 0..4 {
        spans(&collector, round * 25, 25);
        until(&collector, &names.retries(), |retries| retries > round);
    }
    let taken = Taken::default();
    let bad = [
        Mood::Says("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 4\r\n\r\nbusy"),
        Mood::Says("HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"),
        Mood::Slow,
        Mood::Says("\u{1}\u{2} what is this\r\n\r\n"),
        Mood::HangsUp,
        Mood::Says("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"),
        Mood::Says("HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\nno"),
    ];
    serve(TcpListener::bind(address).unwrap(), bad.to_vec(), &taken);
    let mut sent = 100;
    let began = Instant::now();
    while taken.lock().unwrap().len() as u64 != sent || sent < 140 {
        if sent < 140 {
            spans(&collector, sent, 1);
            sent += 1;
        }
        let is_late = began.elapsed() > PATIENCE;
        assert!(!is_late, "{} of {sent}: {}", taken.lock().unwrap().len(), collector.said());
        thread::sleep(Duration::from_millis(50));
    }
    for outcome in ["rejected", "dropped", "undelivered"] {
        assert_eq!(collector.metric(&names.spans(outcome)), 0, "{outcome}");
    }
    // And all of them are kept here.
    let trace = collector.get("/api/traces/1").json();
    assert_eq!(trace["data"][0]["spans"].as_array().unwrap().len(), 140);
}

#[test]
fn what_a_server_refuses_for_good_is_counted_and_holds_up_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let taken = Taken::default();
    let bad = [
        Mood::Says("HTTP/1.1 400 Bad Request\r\ncontent-length: 3\r\n\r\nwhy"),
        Mood::TakesAllBut(1),
    ];
    serve(listener, bad.to_vec(), &taken);
    let collector = Collector::start(&["--memory", "--export-otlp", &url]);
    let names = Names::of(&collector);
    spans(&collector, 0, 1);
    until(&collector, &names.spans("rejected"), |rejected| rejected == 1);
    spans(&collector, 1, 1);
    until(&collector, &names.spans("rejected"), |rejected| rejected == 2);
    spans(&collector, 2, 1);
    until(&collector, &names.spans("delivered"), |delivered| delivered == 1);
    assert!(taken.lock().unwrap().contains("span-0002"));
    let said = collector.said();
    assert!(said.contains("why") && said.contains("old"), "{said}");
}
