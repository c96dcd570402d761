//! The terminal's commands as a user runs them, on a collector that runs, on a store, and on servers that fail.
#![cfg(unix)]
#![expect(clippy::std_instead_of_alloc, reason = "a test runs on a host")]

mod bar;
mod collector;
mod live;
mod screen;

use collector::Collector;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread;

const TRACE: &str = "0123456789abcdef0123456789abcdef";

fn spandrel(at: &str, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.arg("--no-config").args(line.split(' ')).args(["--at", at]);
    // Nobody's store, and a screen that is known.
    command.env("XDG_DATA_HOME", folder("nobody")).env("LC_ALL", "C.UTF-8").env("COLUMNS", "80");
    command.env_remove("SPANDREL_TOKEN").stdin(Stdio::null());
    command
}

fn run(at: &str, line: &str) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = spandrel(at, line).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal-{name}"));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_running_collector_is_asked() {
    let collector = Collector::start(0);
    let at = collector.at();
    let (code, out, err) = run(&at, "search");
    assert_eq!((code, &*out), (Some(1), ""), "{err}");
    assert!(err.contains("no trace matches"), "{err}");
    collector.receive(TRACE);

    assert_eq!(run(&at, "health").0, Some(0));
    let (code, out, _) = run(&at, "services");
    assert_eq!((code, &*out), (Some(0), "panel\n"));
    let (_, out, _) = run(&at, "services --operations");
    assert!(out.contains("panel    greet") && out.contains("re\\u{1b}[2Jad"), "{out}");
    let (code, out, _) = run(&at, "search --service panel --tag bus=1 --failed --min 1ms");
    assert!(code == Some(0) && out.starts_with(&format!("{TRACE}\n  panel greet\n")), "{out}");
    assert_eq!(run(&at, "search --service other").0, Some(1));

    let (code, out, _) = run(&at, &format!("show {TRACE}"));
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("panel greet") && out.contains("└─ re\\u{1b}[2Jad [failed]"), "{out}");
    let (code, out, _) = run(&at, &format!("show {TRACE} --span a2"));
    assert!(code == Some(0) && out.contains("parent    00000000000000a1"), "{out}");
    let (code, out, err) = run(&at, "show 77");
    assert_eq!((code, &*out), (Some(1), ""));
    assert!(err.contains("there is no trace"), "{err}");
    assert_eq!(run(&at, "show ../../x").0, Some(1));
    assert_eq!(run(&at, "show").0, Some(2));
    let (code, _, err) = run(&at, "search --min soon");
    assert!(code == Some(3) && err.contains("1.5ms"), "{err}");
    // No device is there: the spans came by another way.
    assert_eq!(run(&at, "devices").0, Some(1));
}

#[test]
fn all_of_it_is_json_that_acts_on_nothing() {
    let collector = Collector::start(0);
    collector.receive(TRACE);
    let show = format!("show {TRACE} --json");
    let span = format!("show {TRACE} --span a2 --json");
    for line in [
        "services --json",
        "services --operations --json",
        "search --json",
        &show,
        &span,
        "health --json",
    ] {
        let (code, out, err) = run(&collector.at(), line);
        assert_eq!(code, Some(0), "{line}: {err}");
        assert!(
            out.starts_with('{') && out.trim_end().ends_with('}') && !out.contains('\x1b'),
            "{line}: {out}"
        );
    }
    assert_eq!(run(&collector.at(), "devices --json").0, Some(1));
}

#[test]
fn a_store_is_looked_into_where_no_collector_runs() {
    let folder = folder("store");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let trace = r#"{"traceID":"ab","spans":[{"traceID":"ab","spanID":"1","operationName":"read",
        "references":[{"refType":"FOLLOWS_FROM","traceID":"cd","spanID":"2"}],
        "startTime":1790000000000000,"duration":5,"logs":[],"processID":"p","tags":[]}],
        "processes":{"p":{"serviceName":"sensor","tags":[]}}}"#;
    fs::write(folder.join("a.json"), trace).unwrap();
    let nobody = "http://127.0.0.1:1";
    let store = folder.join("data/spandrel/store");
    let mut import = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    import.args(["--no-config", "import", "--keep-days", "0"]).arg(folder.join("a.json"));
    import.arg("--store").arg(&store);
    assert!(import.output().unwrap().status.success());
    let named = run(nobody, &format!("services --store {}", store.display()));
    assert_eq!((named.0, &*named.1), (Some(0), "sensor\n"), "{}", named.2);
    for (line, says) in
        [("search", "sensor read"), ("show ab", "sensor read"), ("services", "sensor")]
    {
        let output =
            spandrel(nobody, line).env("XDG_DATA_HOME", folder.join("data")).output().unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && out.contains(says), "{line}: {out}");
    }
    let (_, out, _) = run(nobody, &format!("show ab --store {}", store.display()));
    let other = format!("{:0>32}", "cd");
    assert!(out.contains(&format!("↳ follows from 0000000000000002 of trace {other}\n")), "{out}");
    // What cannot be is said of whoever was asked.
    let (code, _, err) = run(nobody, &format!("search --min soon --store {}", store.display()));
    assert!(code == Some(3) && err.contains("the store in ") && err.contains("1.5ms"), "{err}");
    // Neither a collector nor a store.
    let (code, _, err) = run(nobody, "search");
    assert!(code == Some(3) && err.contains("spandrel serve"), "{err}");
    let (code, _, err) = run(nobody, "tail");
    assert!(code == Some(3) && err.contains("spandrel serve"), "{err}");
}

#[test]
fn what_was_archived_is_shown_out_of_the_store_while_a_collector_has_it_and_when_none_does() {
    let folder = folder("archived");
    let _ = fs::remove_dir_all(&folder);
    let store = folder.join("spandrel/store");
    let path = store.display().to_string();
    let collector = Collector::keeping(&["--store", &path], 0);
    collector.receive(TRACE);
    collector.receive("77");
    collector.post(&format!("/api/archive/{TRACE}"), "");
    // The trace is gone from the store itself, as it is when its days are over.
    let nobody = "http://127.0.0.1:1";
    drop(collector);
    for file in fs::read_dir(&store).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "spans") {
            fs::remove_file(file).unwrap();
        }
    }
    let there = |line: &str| {
        let output = spandrel(nobody, line).env("XDG_DATA_HOME", &folder).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let shown = |line: &str| {
        let (code, out) = there(line);
        assert!(code == Some(0) && out.contains("└─ re\\u{1b}[2Jad [failed]"), "{line}: {out}");
    };
    shown(&format!("show {TRACE}"));
    shown(&format!("show {TRACE} --store {path}"));
    let (code, out) = there(&format!("show {TRACE} --span a2"));
    assert!(code == Some(0) && out.contains("parent    00000000000000a1"), "{out}");
    // What was not archived is gone, and a search is one through the store, as the collector's is.
    assert_eq!(there("show 77").0, Some(1));
    assert_eq!(there("search").0, Some(1));
    // A collector that has both is no hindrance.
    let collector = Collector::keeping(&["--store", &path], 0);
    assert_eq!(run(&collector.at(), &format!("show {TRACE}")).0, Some(0));
    shown(&format!("show {TRACE} --store {path}"));
}

struct Tail {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
}

impl Tail {
    fn start(collector: &Collector, line: &str) -> Self {
        let mut command = spandrel(&collector.at(), line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, out, err }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn said(&mut self) -> String {
        let mut line = String::new();
        self.err.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Hands in traces until somebody has heard one, since nobody knows when a tail listens.
fn receive_until_heard(collector: &Collector, tail: &mut Tail) -> String {
    thread::scope(|scope| {
        let (told, heard) = std::sync::mpsc::channel();
        scope.spawn(move || {
            for number in 1.. {
                collector.receive(&format!("{number:032x}"));
                let wait = core::time::Duration::from_millis(50);
                if heard.recv_timeout(wait) != Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        let line = tail.line();
        let _ = told.send(());
        line
    })
}

#[test]
fn spans_are_lines_as_they_come_and_a_collector_that_was_away_is_found_again() {
    let collector = Collector::start(0);
    let port = collector.port;
    let mut tail = Tail::start(&collector, "tail --operation greet");
    let line = receive_until_heard(&collector, &mut tail);
    assert!(line.contains("panel greet  1.500 ms") && line.contains("bus=1"), "{line}");
    // Colours are for terminals.
    assert!(!line.contains('\x1b'), "{line}");
    drop(collector);
    let said = tail.said();
    assert!(said.contains("is gone") && said.contains("trying to get back"), "{said}");
    let collector = Collector::start(port);
    assert!(tail.said().contains("is back"));
    let line = receive_until_heard(&collector, &mut tail);
    assert!(line.contains("panel greet"), "{line}");
}

#[test]
fn a_tail_ends_when_it_is_enough_or_when_nobody_reads_it() {
    let collector = Collector::start(0);
    let mut tail = Tail::start(&collector, "tail --json --count 1 --failed");
    let line = receive_until_heard(&collector, &mut tail);
    assert!(line.starts_with('{') && line.contains("\"failed\":true"), "{line}");
    assert!(tail.child.wait().unwrap().success());

    let mut unread = Tail::start(&collector, "tail");
    receive_until_heard(&collector, &mut unread);
    let (one, _) = std::io::pipe().unwrap();
    unread.out = BufReader::new(ChildStdout::from(std::os::fd::OwnedFd::from(one)));
    while unread.child.try_wait().unwrap().is_none() {
        collector.receive(TRACE);
    }
    assert!(unread.child.wait().unwrap().success());
}

/// A server that says this to whoever asks, and hangs up.
fn server(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let _ = (&stream).write_all(answer);
        }
    });
    format!("http://127.0.0.1:{port}")
}

#[test]
fn an_answer_that_breaks_off_or_is_none_is_an_error() {
    let cut = server(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"services\":[");
    let (code, out, err) = run(&cut, "services");
    assert_eq!((code, &*out), (Some(3), ""));
    assert!(err.contains("broke off"), "{err}");
    let other = server(b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    let (code, _, err) = run(&other, "show 1");
    assert!(code == Some(3) && err.contains("no collector of this version"), "{err}");
    let closed =
        server(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 20\r\n\r\n{\"error\":\"who are\"}\n");
    for line in ["search", "tail", "devices"] {
        let (code, _, err) = run(&closed, line);
        assert!(code == Some(3) && err.contains("--token-file"), "{line}: {err}");
    }
    let page = server(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\x02\0\0\0{}");
    let (code, _, err) = run(&page, "show 1");
    assert!(code == Some(3) && err.contains("version 0"), "{err}");
}

#[test]
fn the_first_start_says_where_the_page_is_where_frames_go_and_what_firmware_needs() {
    let store = folder("first").join("store");
    let _ = fs::remove_dir_all(&store);
    let start = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
        command.args(["--no-config", "serve", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        command.arg("--store").arg(&store).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said: Vec<String> = Vec::new();
        while !said.iter().any(|line| line.contains("door http is open")) {
            said.push(lines.next().unwrap());
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        said.extend(lines);
        assert!(child.wait().unwrap().success(), "{said:?}");
        said.retain(|line| {
            ["page: ", "frames: ", "firmware: "].iter().any(|start| line.starts_with(start))
        });
        said
    };
    let first = start();
    assert_eq!(first.len(), 3, "{first:?}");
    assert!(
        first[0].starts_with("page: http://127.0.0.1:") && first[1].contains("over UDP and TCP")
    );
    assert_eq!(start(), [""; 0]);
}
