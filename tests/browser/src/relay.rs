//! What stands between a browser and a collector, or in a collector's place, so that a test has it as slow and
//! as broken as a network may be.

use std::io::{Read as _, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use anyhow::{Context as _, Result};

use crate::Collector;

/// Answers whatever comes to a port of its own, which it gives: `answer` gets the head of each request, and
/// writes. What has a body is not for it. It ends with the program.
///
/// # Errors
/// If there is no free port.
pub fn listen(
    answer: impl Fn(&str, &mut TcpStream) -> Result<()> + Send + Sync + 'static,
) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            thread::spawn(move || {
                let Ok(head) = head(&mut stream) else { return };
                // Who hung up wants no answer.
                let _ = answer(&head, &mut stream);
            });
        }
    });
    Ok(port)
}

fn head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// Asks what is at a port of 127.0.0.1 for the same, and writes what it answers as it comes.
///
/// # Errors
/// If either hangs up.
pub fn forward(port: u16, head: &str, to: &mut impl Write) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let lines = head.lines().filter(|line| {
        let name = line.to_ascii_lowercase();
        !name.starts_with("connection:")
            && !name.starts_with("accept-encoding:")
            && !line.is_empty()
    });
    let head: String = lines.map(|line| format!("{line}\r\n")).collect();
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes())?;
    std::io::copy(&mut stream, to).context("the collector hung up")?;
    Ok(())
}

/// A collector that answers some requests only once it is told to.
#[derive(Debug)]
pub struct Slow {
    port: u16,
    gate: Arc<Gate>,
}

/// Which requests wait, and how many of them may go on.
#[derive(Debug, Default)]
struct Gate {
    state: Mutex<(String, usize)>,
    changed: Condvar,
}

impl Slow {
    /// Stands before this collector.
    ///
    /// # Errors
    /// If there is no free port.
    pub fn start(collector: &Collector) -> Result<Self> {
        let (gate, behind) = (Arc::new(Gate::default()), collector.port());
        let held = gate.clone();
        let port = listen(move |head, stream| {
            held.wait(head.split(' ').nth(1).unwrap_or_default());
            forward(behind, head, stream)
        })?;
        Ok(Self { port, gate })
    }

    /// The address of a view, as [`Collector::page`].
    #[must_use]
    pub fn page(&self, search: &str) -> String {
        format!("http://127.0.0.1:{}/?{search}", self.port)
    }

    /// Has requests wait from now on whose paths begin so.
    pub fn hold(&self, path: &str) {
        self.gate.set(|state| *state = (path.to_owned(), 0));
    }

    /// Has one of them go on, now or once it comes.
    pub fn let_one(&self) {
        self.gate.set(|(_, may)| *may = may.saturating_add(1));
    }

    /// Has all of them go on.
    pub fn let_all(&self) {
        self.gate.set(|(_, may)| *may = usize::MAX);
    }
}

impl Gate {
    fn set(&self, change: impl FnOnce(&mut (String, usize))) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    fn wait(&self, path: &str) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_held = |(held, may): &mut (String, usize)| {
            !held.is_empty() && path.starts_with(&**held) && *may == 0
        };
        let gone_on = self.changed.wait_while(state, is_held);
        let mut state = gone_on.unwrap_or_else(PoisonError::into_inner);
        let (held, may) = &mut *state;
        if path.starts_with(&**held) && *may != usize::MAX {
            *may = may.saturating_sub(1);
        }
    }
}
