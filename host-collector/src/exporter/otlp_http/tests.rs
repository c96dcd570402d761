use super::*;
use crate::model::{Resource, Span, SpanId, TraceId, testing};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

const QUICK: Limits =
    Limits { spans: 20, bytes: 1 << 20, request_spans: 4, linger: Duration::from_millis(10) };

fn batch(spans: usize) -> Arc<Batch> {
    let span = Span::new(TraceId([1; 16]), SpanId([2; 8]), "read".into(), [1, 2]);
    Arc::new(Batch {
        source: testing::source(1),
        resource: Arc::new(Resource::new("sensor", Vec::new())),
        spans: vec![span; spans],
    })
}

/// A server that gives these answers, one a connection, and hands over the bodies it got.
fn server(answers: Vec<String>) -> (Endpoint, mpsc::Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let (bodies, received) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            bodies.send(body(&stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (endpoint, received)
}

fn body(stream: &TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    body
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[test]
fn a_batch_arrives_as_it_was() {
    let (endpoint, bodies) = server(vec![answer("200 OK", "")]);
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    exporter.offer(&batch(3));
    let body = bodies.recv_timeout(Duration::from_secs(10)).unwrap();
    assert_eq!(body, otlp::to_protobuf([&*batch(3)]));
    let report = exporter.shutdown(Duration::from_secs(10));
    assert_eq!(report, Report { delivered: 3, ..Report::default() });
}

#[test]
fn a_busy_server_is_asked_again() {
    let answers = [
        answer("503 Service Unavailable", ""),
        answer("429 Too Many Requests", ""),
        answer("200 OK", ""),
    ];
    let (endpoint, bodies) = server(answers.to_vec());
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    exporter.offer(&batch(1));
    let seen: Vec<_> =
        (0..3).map(|_| bodies.recv_timeout(Duration::from_secs(10)).unwrap()).collect();
    assert!(seen.iter().all(|body| *body == seen[0]));
    assert_eq!(exporter.shutdown(Duration::from_secs(10)).delivered, 1);
}

#[test]
fn a_refused_request_is_not_repeated() {
    let (endpoint, bodies) = server(vec![answer("400 Bad Request", "no"), answer("200 OK", "")]);
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    exporter.offer(&batch(4));
    bodies.recv_timeout(Duration::from_secs(10)).unwrap();
    exporter.offer(&batch(2));
    let report = exporter.shutdown(Duration::from_secs(10));
    assert_eq!(report, Report { delivered: 2, rejected: 4, ..Report::default() });
}

#[test]
fn a_partial_success_is_counted() {
    let (endpoint, _bodies) = server(vec![answer("200 OK", "\x0a\x07\x08\x01\x12\x03old")]);
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    exporter.offer(&batch(3));
    let report = exporter.shutdown(Duration::from_secs(10));
    assert_eq!(report, Report { delivered: 2, rejected: 1, ..Report::default() });
}

#[test]
fn a_dead_server_fills_the_queue_and_shutdown_says_so() {
    // A port that nobody listens on: bound, and let go again.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}").parse().unwrap();
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    let began = Instant::now();
    for _ in 0..20 {
        exporter.offer(&batch(4));
    }
    assert!(began.elapsed() < Duration::from_secs(1), "offering must not wait");
    let report = exporter.shutdown(Duration::from_millis(300));
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(report.undelivered + report.dropped, 80);
    // One device has half of the room, which is a little more with what is under way.
    assert!(report.dropped >= 64 && report.undelivered >= 12, "{report:?}");
}

#[test]
fn a_device_that_floods_leaves_room_for_others() {
    let queue = Queue::new(QUICK);
    for _ in 0..100 {
        queue.offer(&batch(1));
    }
    let other = Batch { source: testing::source(2), ..Batch::clone(&batch(4)) };
    queue.offer(&Arc::new(other));
    let report = queue.report();
    assert_eq!((report.undelivered, report.dropped), (10 + 4, 90));
}

#[test]
fn a_server_that_never_answers_does_not_hold_up_the_end() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let exporter = OtlpHttp::start(endpoint, QUICK).unwrap();
    exporter.offer(&batch(1));
    let (stream, _) = listener.accept().unwrap();
    let began = Instant::now();
    let report = exporter.shutdown(Duration::from_millis(200));
    assert!(began.elapsed() < Duration::from_secs(3));
    assert_eq!(report.undelivered, 1);
    drop(stream);
}
