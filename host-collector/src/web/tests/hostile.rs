//! Clients that mean harm, or do not know better. Limits are short here; nothing is measured by a clock.

use super::*;
use crate::web::Limits;
use crate::web::body::compress;
use flate2::Compression;
use flate2::write::GzEncoder;

const PROTOBUF: &str = "Content-Type: application/x-protobuf\r\n";
const JSON: &str = "Content-Type: application/json\r\n";

/// What is late is late soon.
fn short() -> Limits {
    Limits {
        first_time: Duration::from_millis(200),
        idle_time: Duration::from_millis(200),
        body_time: Duration::from_millis(200),
        stall_time: Duration::from_millis(500),
        ..Limits::default()
    }
}

fn small() -> Options {
    Options { max_message: 1, ..options() }
}

#[test]
fn a_request_that_is_too_long_is_refused_whether_it_says_so_or_not() {
    let house = House::open(&small());
    let says = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n{PROTOBUF}Content-Length: 1048577\r\n\r\n"
    );
    assert_eq!(house.ask(says).status, 413, "before any of it came");
    let chunked = format!(
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\n{PROTOBUF}Transfer-Encoding: chunked\r\n\r\n"
    );
    let mut client = Client::at(house.at("http"));
    client.send(chunked);
    for _ in 0..17 {
        client.send([&b"10000\r\n"[..], &vec![0; 1 << 16], b"\r\n"].concat());
    }
    let reply = client.reply().unwrap();
    assert_eq!(reply.status, 413);
    assert!(String::from_utf8_lossy(&reply.body).contains("--max-message"), "{reply:?}");
    assert_eq!(house.shelf.spans(), 0);
}

#[test]
fn bombs_are_refused_and_leave_no_memory_taken() {
    let house = House::open(&small());
    let free = house.metric("spandrel_http_free_bytes");
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..32 {
        bomb.write_all(&vec![0; 1 << 17]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for form in [PROTOBUF, JSON] {
        let reply = house.post(&format!("{form}Content-Encoding: gzip\r\n"), &bomb);
        assert_eq!(reply.status, 413);
    }
    assert_eq!(house.metric("spandrel_http_free_bytes"), free);
    let count =
        "spandrel_receiver_refused_requests_total{receiver=\"otlp_http\",reason=\"too_long\"}";
    assert_eq!(house.metric(count), "2");
}

#[test]
fn where_too_much_is_under_way_others_are_asked_to_wait() {
    let limits = Limits { bytes: 100_000, ..Limits::default() };
    let house = House::open(&Options { limits, ..options() });
    let long = spans(3000);
    let reply = house.post(PROTOBUF, long.bytes());
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
    assert_eq!(house.post(PROTOBUF, spans(3).bytes()).status, 200);
}

#[test]
fn a_source_that_sends_too_much_is_told_when_to_go_on() {
    let limit = Arc::new(SourceLimit::new(1));
    let house = House::limited(&options(), Vec::new(), Some(limit)).unwrap();
    assert_eq!(house.post(PROTOBUF, spans(3).bytes()).status, 200, "it has savings");
    let reply = house.post(PROTOBUF, spans(3).bytes());
    let wait: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!(reply.status == 429 && wait > 1, "{reply:?}");
    assert_eq!((house.shelf.spans(), house.get("/healthz").status), (3, 200));
}

#[test]
fn a_million_attributes_are_taken() {
    let house = House::open(&options());
    let mut span = crate::protobuf::Writer::default();
    span.bytes(1, &[7; 16]);
    span.bytes(2, &[8; 8]);
    span.fixed64(8, 1);
    for _ in 0..1_000_000 {
        span.raw(b"\x4a\x07\x0a\x01a\x12\x02\x18\x01");
    }
    let span = span.into_bytes();
    let mut writer = ChunkWriter::default();
    writer.resource_spans(b"", "", |scopes| scopes.scope_spans(b"", "", |spans| spans.span(&span)));
    let reply = house.post(PROTOBUF, writer.finish().bytes());
    assert_eq!((reply.status, house.shelf.spans()), (200, 1));
    let chunks = house.shelf.chunks.lock().unwrap();
    let (_, _, span) = chunks[0].spans().next().unwrap();
    assert_eq!(span.attributes().iter().count(), 1_000_000);
}

#[test]
fn json_of_ten_thousand_levels_is_refused() {
    let house = House::open(&options());
    let open = r#"{"arrayValue":{"values":["#.repeat(10_000);
    let text =
        format!(r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"a","value":{open}"#);
    let reply = house.post(JSON, text.as_bytes());
    assert!(reply.status == 400 && reply.text().contains("recursion"), "{reply:?}");
    let zipped = compress(text.as_bytes()).unwrap();
    assert_eq!(house.post(&format!("{JSON}Content-Encoding: gzip\r\n"), &zipped).status, 400);
}

#[test]
fn headers_have_bounds() {
    let house = House::open(&options());
    let many: String = (0..200).map(|number| format!("X-{number}: a\r\n")).collect();
    assert_eq!(house.ask(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n")).status, 431);
    let long = "a".repeat(100_000);
    assert_eq!(
        house.ask(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {long}\r\n\r\n")).status,
        431
    );
    let reply = house.ask(format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert!([414, 431].contains(&reply.status), "{}", reply.status);
    assert_eq!(house.ask("\0\0\0\r\n\r\n").status, 400);
    assert_eq!(house.get("/healthz").status, 200);
}

#[test]
fn who_sends_nothing_or_too_slowly_is_hung_up_on() {
    let house = House::open(&Options { limits: short(), ..options() });
    let address = house.at("http");
    let begin = |text: &str| {
        let mut client = Client::at(address);
        client.send(text);
        client
    };
    let head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    assert!(begin("").is_hung_up());
    assert!(begin("GET / HTTP/1.1\r\nHost: localh").is_hung_up());
    assert!(begin("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").is_hung_up());
    let mut slow = begin(&format!("{head}Content-Length: 9\r\n\r\n{{"));
    assert_eq!(slow.reply().unwrap().status, 408);
    let mut idle = begin("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(idle.reply().unwrap().status, 200);
    assert!(idle.is_hung_up());
    // One byte at a time is no more than nothing.
    let mut drip = begin("G");
    drip.stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    while drip.stream.write_all(b"X").is_ok() {
        match drip.stream.read(&mut [0]) {
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ) => {}
            _ => break,
        }
    }
    let overdue = house.metric("spandrel_http_ended_connections_total{reason=\"overdue\"}");
    assert!(overdue.parse::<u64>().unwrap() >= 5, "{overdue}");
}

#[test]
fn who_does_not_take_his_answer_is_hung_up_on() {
    use crate::web::{Answer, Family};

    let long =
        Route::get(Family::JaegerHttp, "/long", "", |_, _| Answer::json(vec![b'1'; 32 << 20]));
    let house = House::with_routes(&Options { limits: short(), ..options() }, vec![long]);
    let free = house.metric("spandrel_http_free_bytes").parse::<u64>().unwrap();
    let mut client = Client::at(house.at("http"));
    client.send("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client.more().unwrap();
    let left = || house.metric("spandrel_http_free_bytes").parse::<u64>().unwrap();
    assert!(left() < free, "the answer waits");
    while left() != free {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(client.is_hung_up());
}

#[test]
fn health_does_not_wait_for_queries() {
    use crate::web::{Answer, Family};
    use std::sync::Barrier;

    // Met once within the query, and once more before it ends.
    let barrier = Arc::new(Barrier::new(2));
    let met = barrier.clone();
    let slow = Route::get(Family::JaegerHttp, "/slow", "", move |_, _| {
        met.wait();
        met.wait();
        Answer::json("1")
    });
    let limits = Limits { queries: 1, query_wait: Duration::from_millis(50), ..Limits::default() };
    let house = House::with_routes(&Options { limits, ..options() }, vec![slow]);
    let mut busy = Client::at(house.at("http"));
    busy.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
    barrier.wait();
    let waited = house.get("/slow");
    assert_eq!((waited.status, waited.header("retry-after")), (503, Some("1")));
    assert_eq!((house.get("/healthz").status, house.get("/metrics").status), (200, 200));
    barrier.wait();
    assert_eq!(busy.reply().unwrap().status, 200);
}

#[test]
fn idle_connections_make_room_for_others() {
    let house = House::open(&Options { max_connections: 8, ..options() });
    let address = house.at("http");
    let mut idle: Vec<_> = (0..20).map(|_| Client::at(address)).collect();
    assert_eq!(house.get("/healthz").status, 200);
    assert!(idle[0].is_hung_up(), "the first goes first");
    let evicted = house.metric("spandrel_http_ended_connections_total{reason=\"evicted\"}");
    assert!(evicted.parse::<u64>().unwrap() >= 12, "{evicted}");
}

#[test]
fn who_does_not_send_the_rest_of_a_request_makes_room_for_others() {
    // Nothing of it is late while the test runs.
    let limits = Limits { body_time: 10 * PATIENCE, ..Limits::default() };
    let house = House::open(&Options { max_connections: 8, limits, ..options() });
    let head = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let begin = || {
        let mut client = Client::at(house.at("http"));
        client.send(format!("{head}Content-Length: 9\r\n\r\n{{"));
        client
    };
    let slow: Vec<_> = (0..20).map(|_| begin()).collect();
    // Who comes while the requests of all others are being read is turned away, and comes again; and it
    // takes a moment until all of those are gone that made room.
    let began = std::time::Instant::now();
    let open = |client: &mut Client| {
        client.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let page = client.reply()?.text();
        let line = page.lines().find_map(|line| line.strip_prefix("spandrel_http_connections "));
        Some(line.unwrap().parse::<usize>().unwrap())
    };
    let mut client = Client::at(house.at("http"));
    loop {
        match open(&mut client) {
            Some(open) if open <= 9 => break,
            Some(_) => std::thread::yield_now(),
            None => client = Client::at(house.at("http")),
        }
        assert!(began.elapsed() < PATIENCE, "nobody makes room of {}", slow.len());
    }
}

#[test]
fn thousands_of_idle_connections_do_not_stop_others() {
    let house = House::open(&options());
    let address = house.at("http");
    // Each takes two of this process's files, one for each side.
    let most = super::super::files::raise(8000) / 2 - 200;
    let idle: Vec<_> = (0..most.min(3000)).map(|_| TcpStream::connect(address).unwrap()).collect();
    for _ in 0..10 {
        assert_eq!(house.post(PROTOBUF, spans(1).bytes()).status, 200);
    }
    let open = house.metric("spandrel_http_connections").parse::<usize>().unwrap();
    assert!(open > idle.len(), "{open} of {}", idle.len());
}
