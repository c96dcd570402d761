//! `spandrel serve` as a child process, with its doors on free ports.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::client::{Client, Reply};

pub(crate) const PROTOBUF: &str = "application/x-protobuf";

/// It is killed when this is dropped.
pub(crate) struct Collector {
    pub(crate) child: Child,
    doors: HashMap<String, SocketAddr>,
    said: Arc<Mutex<Vec<String>>>,
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_spandrel"));
    command.args(["--no-config", "serve", "--listen", "127.0.0.1:0", "--no-tcp", "--no-tree"]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// One that is to end by itself, with what it says.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(&[arguments, &["--http", "off"]].concat()).output().unwrap()
}

impl Collector {
    /// Starts it with its main door, and waits until that is open.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::with_doors(&["http"], arguments)
    }

    /// With these doors; `otlp_http` is the one of `--otlp-http`.
    pub(crate) fn with_doors(doors: &[&str], arguments: &[&str]) -> Self {
        let flags: Vec<_> =
            doors.iter().map(|door| format!("--{}=127.0.0.1:0", door.replace('_', "-"))).collect();
        let flags = flags.iter().map(String::as_str);
        let arguments: Vec<_> = flags.chain(arguments.iter().copied()).collect();
        let mut child = command(&arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::<Mutex<Vec<String>>>::default();
        let mut open = HashMap::new();
        while open.len() < doors.len() {
            let Some(Ok(line)) = lines.next() else {
                panic!("it ended: {:#?}", said.lock().unwrap())
            };
            let door = line.strip_prefix("door ").and_then(|door| door.split_once(" is open at "));
            if let Some((name, address)) = door {
                open.insert(name.to_owned(), address.parse().unwrap());
            }
            said.lock().unwrap().push(line);
        }
        // Whoever reads must go on reading, or the collector would stand still.
        let kept = Arc::clone(&said);
        thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        Self { child, doors: open, said }
    }

    pub(crate) fn at(&self, door: &str) -> SocketAddr {
        self.doors[door]
    }

    /// What it has said so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    pub(crate) fn client(&self) -> Client {
        Client::at(self.at("http")).unwrap()
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.client().get(path).unwrap()
    }

    /// Hands in OTLP.
    #[track_caller]
    pub(crate) fn post(&self, body: &[u8]) -> Reply {
        self.client().post("/v1/traces", PROTOBUF, body).unwrap()
    }

    /// A value of `/metrics`, by its name with its labels.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let page = self.get("/metrics").text();
        let line = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        let value = line.unwrap_or_else(|| panic!("no {name} in {page}"));
        value.parse().unwrap_or_else(|error| panic!("{error}: {value}"))
    }

    /// Its resident memory, in KiB.
    pub(crate) fn memory_kib(&self) -> Option<u64> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Kills it with -9, whatever it does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("it said:\n{}", self.said());
        }
    }
}

/// A folder of that name, with nothing in it.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
