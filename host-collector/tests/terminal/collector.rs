//! A collector as a process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;

/// A collector in memory, with its door on any free port or on this one.
pub(crate) struct Collector {
    child: Child,
    pub(crate) port: u16,
}

/// A span that is handed in.
#[derive(Clone, Copy)]
pub(crate) struct Span<'a> {
    pub(crate) id: u64,
    /// 0: a root.
    pub(crate) parent: u64,
    /// As JSON says it.
    pub(crate) name: &'a str,
    /// Microseconds after a fixed moment.
    pub(crate) times_us: [u64; 2],
    pub(crate) failed: bool,
}

impl Collector {
    pub(crate) fn start(port: u16) -> Self {
        Self::keeping(&["--memory"], port)
    }

    pub(crate) fn keeping(how: &[&str], port: u16) -> Self {
        let door = format!("127.0.0.1:{port}");
        let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
        command.args(["--no-config", "serve", "--listen", "127.0.0.1:0", "--no-tree"]).args(how);
        command.args(["--http", &door]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let is_door = |line: &String| line.contains("door http is open at 127.0.0.1:");
        let line = lines.find(is_door).unwrap();
        let digits = line.rsplit(':').next().unwrap();
        let port = digits.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
        // Whoever reads must go on reading, or the collector would stand still.
        thread::spawn(move || lines.for_each(|line| eprintln!("{line}")));
        Self { child, port }
    }

    pub(crate) fn at(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Hands in a root and a child that failed, of this trace.
    pub(crate) fn receive(&self, trace: &str) {
        let span =
            |id, parent, name| Span { id, parent, name, times_us: [0, 1_500], failed: false };
        let failed = Span { failed: true, ..span(0xa2, 0xa1, "re\\u001b[2Jad") };
        self.hand_in(trace, &[span(0xa1, 0, "greet"), failed]);
    }

    /// Hands in spans of this trace.
    pub(crate) fn hand_in(&self, trace: &str, spans: &[Span<'_>]) {
        let span = |span: &Span<'_>| {
            let Span { id, parent, name, times_us, failed } = span;
            let parent = if *parent == 0 { String::new() } else { format!("{parent:016x}") };
            let [from, to] = times_us.map(|time| 1_790_000_000_000_000_000 + time * 1_000);
            let code = if *failed { 2 } else { 0 };
            format!(
                r#"{{"traceId":"{trace:0>32}","spanId":"{id:016x}","parentSpanId":"{parent}","name":"{name}",
                "startTimeUnixNano":"{from}","endTimeUnixNano":"{to}",
                "status":{{"code":{code}}},"attributes":[{{"key":"bus","value":{{"intValue":"1"}}}}]}}"#
            )
        };
        let spans: Vec<_> = spans.iter().map(span).collect();
        let body = format!(
            r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"panel"}}}}]}},
            "scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
            spans.join(",")
        );
        self.post("/v1/traces", &body);
    }

    pub(crate) fn post(&self, path: &str, body: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
