//! The doors over real sockets of loopback.

mod calls;
mod hostile;
mod http;
mod names;
mod pages;
mod secrets;
mod zipkin;

use super::{Options, Parts, Place, Route, Running, Server};
use crate::metrics::Metrics;
use crate::model::{Chunk, ChunkWriter, Kind, TraceId};
use crate::rules::SourceLimit;
use crate::storage::{
    Dependency, Found, Intake, Operation, Promise, ReadError, Reader, Refused, Search, Ticket,
    Window,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Runtime;

/// So long a test waits for what must come. Nothing is measured by it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps what it is given, or does what it is told to.
#[derive(Default)]
struct Shelf {
    chunks: Mutex<Vec<Chunk>>,
    refuse: Mutex<Option<Refused>>,
    /// Tickets stay open where this is set.
    hold: Mutex<Option<Vec<Promise>>>,
}

impl Shelf {
    fn spans(&self) -> usize {
        self.chunks.lock().unwrap().iter().map(Chunk::len).sum()
    }
}

impl Intake for Shelf {
    fn offer(&self, chunk: Chunk) -> Result<Ticket, Refused> {
        if let Some(refused) = &*self.refuse.lock().unwrap() {
            return Err(refused.clone());
        }
        self.chunks.lock().unwrap().push(chunk);
        let (ticket, promise) = Ticket::new();
        match &mut *self.hold.lock().unwrap() {
            Some(held) => held.push(promise),
            None => promise.keep(Ok(())),
        }
        Ok(ticket)
    }
}

impl Reader for Shelf {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        let chunks = self.chunks.lock().unwrap();
        let spans = chunks.iter().flat_map(|chunk| chunk.spans());
        Ok(spans.map(|(resource, ..)| resource.service_name().to_owned()).collect())
    }

    fn operations(&self, _: &str, _: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        Ok(Vec::new())
    }

    fn peers(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }

    fn values(&self, _: &str) -> Result<Vec<String>, ReadError> {
        Ok(Vec::new())
    }

    fn get(&self, _: TraceId) -> Result<Option<Chunk>, ReadError> {
        Ok(None)
    }

    fn find(&self, _: &Search) -> Result<Vec<Found>, ReadError> {
        Ok(Vec::new())
    }

    fn dependencies(&self, _: Window) -> Result<Vec<Dependency>, ReadError> {
        Ok(Vec::new())
    }
}

/// A server on free ports, and what is behind it.
struct House {
    shelf: Arc<Shelf>,
    running: Option<Running>,
    // Dropped last.
    _runtime: Runtime,
}

impl House {
    fn open(options: &Options) -> Self {
        Self::with_routes(options, Vec::new())
    }

    fn with_routes(options: &Options, routes: Vec<Route>) -> Self {
        Self::try_open(options, routes).unwrap()
    }

    fn try_open(options: &Options, routes: Vec<Route>) -> Result<Self, super::StartError> {
        Self::limited(options, routes, None)
    }

    fn limited(
        options: &Options,
        routes: Vec<Route>,
        source_limit: Option<Arc<SourceLimit>>,
    ) -> Result<Self, super::StartError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.unwrap();
        let shelf = Arc::new(Shelf::default());
        let parts = Parts {
            intake: shelf.clone(),
            reader: shelf.clone(),
            routes,
            metrics: Metrics::default(),
            source_limit,
            runtime: runtime.handle().clone(),
        };
        let running = Some(Server::start(options, parts)?);
        Ok(Self { shelf, running, _runtime: runtime })
    }

    fn at(&self, door: &str) -> SocketAddr {
        let doors = self.running.as_ref().unwrap().addresses();
        doors.iter().find(|(known, _)| known.name == door).unwrap().1
    }

    /// Sends a request to the main door, and reads the answer.
    fn ask(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut client = Client::at(self.at("http"));
        client.send(request);
        client.reply().expect("an answer")
    }

    fn get(&self, path: &str) -> Reply {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    fn metric(&self, line: &str) -> String {
        let page = self.get("/metrics").text();
        let found = page.lines().find_map(|known| known.strip_prefix(line));
        found.unwrap_or_else(|| panic!("no {line} in {page}")).trim().to_owned()
    }

    fn post(&self, headers: &str, body: &[u8]) -> Reply {
        self.ask(post("/v1/traces", headers, body))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

fn post(path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let len = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {len}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// The main door on a free port.
fn options() -> Options {
    at(&["http"])
}

/// These doors on free ports.
fn at(doors: &[&str]) -> Options {
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }
    let mut options = Program::parse_from(["spandrel", "--http", "off"]).options;
    let free = || vec![Place(Some("127.0.0.1:0".parse().unwrap()))];
    for name in doors {
        match *name {
            "http" => options.http = free(),
            "otlp_http" => options.otlp_http = free(),
            "otlp_grpc" => options.otlp_grpc = free(),
            "jaeger_health" => options.jaeger_health = free(),
            "zipkin_http" => options.zipkin_http = free(),
            other => panic!("{other}"),
        }
    }
    options
}

/// So many spans of the service "sensor".
fn spans(count: u64) -> Chunk {
    let mut writer = ChunkWriter::default();
    let mut resource = crate::protobuf::Writer::default();
    resource.message(1, |attribute| {
        attribute.bytes(1, b"service.name");
        attribute.message(2, |value| value.bytes(1, b"sensor"));
    });
    writer.resource_spans(&resource.into_bytes(), "", |scopes| {
        scopes.scope_spans(b"", "", |spans| {
            for number in 1..=count {
                spans.span_with(|span| {
                    span.bytes(1, &[7; 16]);
                    span.bytes(2, &number.to_be_bytes());
                    span.bytes(5, b"read");
                    span.fixed64(7, 1_000);
                    span.fixed64(8, 2_000);
                });
            }
        });
    });
    writer.finish()
}

/// A client that speaks HTTP/1.1 as badly as it likes.
struct Client<S = TcpStream> {
    stream: S,
    rest: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .into_iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }
}

impl Client {
    fn at(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self::over(stream)
    }
}

impl<S: Read + Write> Client<S> {
    fn over(stream: S) -> Self {
        Self { stream, rest: Vec::new() }
    }

    /// The other side may have hung up already.
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).and_then(|()| self.stream.flush());
    }

    /// The next answer; none once the other side hung up.
    fn reply(&mut self) -> Option<Reply> {
        let end = loop {
            if let Some(end) = self.rest.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            self.more()?;
        };
        let head = String::from_utf8(self.rest.drain(..end + 4).collect()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let mut reply = Reply { status, head, body: Vec::new() };
        let len = reply.header("content-length").map_or(0, |len| len.parse().unwrap());
        while self.rest.len() < len {
            self.more()?;
        }
        reply.body = self.rest.drain(..len).collect();
        Some(reply)
    }

    fn more(&mut self) -> Option<()> {
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => None,
            Ok(len) => {
                self.rest.extend_from_slice(&buffer[..len]);
                Some(())
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("nothing came: {error}"),
        }
    }

    /// Waits until the other side hangs up, whatever it says before.
    fn is_hung_up(&mut self) -> bool {
        while self.more().is_some() {}
        true
    }
}
