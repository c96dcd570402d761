//! Child processes for tests and the demo: output captured line by line, waits bounded, always stopped.
//!
//! Every wait ends by its condition, its time limit, the child's end or a stop request, and an error
//! shows the child's last lines. A [`Proc`] that is dropped kills its child, so no exit path leaks one.

use core::fmt::Write as _;
use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::collections::{HashSet, VecDeque};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, bail};

/// Lines kept per child: enough for a whole build, bounded for a child that never stops talking.
const KEPT_LINES: usize = 4000;
/// Lines shown in an error.
const SHOWN_LINES: usize = 20;
/// How often a wait looks at what no condition variable announces: the child's end, a stop request.
const POLL: Duration = Duration::from_millis(20);

/// The flag that ends every wait once set; a signal handler is its usual writer.
#[must_use]
pub fn stop_flag() -> Arc<AtomicBool> {
    Arc::clone(&STOP)
}

static STOP: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// A running child and the lines that it has written.
#[derive(Debug)]
pub struct Proc {
    name: String,
    child: Child,
    log: Arc<Log>,
}

impl Proc {
    /// Starts `command` without standard input; `name` is what errors call it.
    ///
    /// # Errors
    /// If the program can't be started.
    pub fn spawn(name: &str, command: &mut Command) -> Result<Self> {
        Self::start(name, command, false)
    }

    /// As [`Proc::spawn`], and every line also goes to standard error behind the child's name.
    ///
    /// # Errors
    /// If the program can't be started.
    pub fn spawn_shown(name: &str, command: &mut Command) -> Result<Self> {
        Self::start(name, command, true)
    }

    fn start(name: &str, command: &mut Command, shown: bool) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| {
            format!("cannot start {name} ({})", command.get_program().to_string_lossy())
        })?;
        let log = Arc::new(Log::default());
        let prefix = shown.then(|| format!("[{name}] "));
        if let Some(stream) = child.stdout.take() {
            log.follow(stream, prefix.clone());
        }
        if let Some(stream) = child.stderr.take() {
            log.follow(stream, prefix);
        }
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// The name given at the start.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits for a line that contains `pattern`, or begins with what follows a leading `^`, and
    /// returns the first such line, also when it was written before the call.
    ///
    /// # Errors
    /// If the time is over, the child ended first, or a stop was requested.
    pub fn wait_for_line(&mut self, pattern: &str, timeout: Duration) -> Result<String> {
        let matches = |line: &str| match pattern.strip_prefix('^') {
            Some(start) => line.starts_with(start),
            None => line.contains(pattern),
        };
        let begun = Instant::now();
        let mut seen = 0;
        loop {
            // The child's end is read before the lines: what it wrote last is then among them.
            let ended = self.try_wait()?;
            if let Some(line) = self.log.find_from(&mut seen, matches) {
                return Ok(line);
            }
            if let Some(status) = ended {
                bail!(self.tell(&format!("ended ({status}) before it printed {pattern:?}")));
            }
            if begun.elapsed() >= timeout {
                bail!(self.tell(&format!("did not print {pattern:?} within {timeout:?}")));
            }
            check_stop()?;
            self.log.wait_for_change(seen);
        }
    }

    /// Waits for the child's end.
    ///
    /// # Errors
    /// If the time is over (the child then still runs) or a stop was requested.
    pub fn wait_for_exit(&mut self, timeout: Duration) -> Result<ExitStatus> {
        self.wait_with_progress(timeout, timeout, |_| ())
    }

    /// As [`Proc::wait_for_exit`], and calls `tick` with the newest line once per `interval`.
    ///
    /// # Errors
    /// As [`Proc::wait_for_exit`].
    pub fn wait_with_progress(
        &mut self,
        timeout: Duration,
        interval: Duration,
        mut tick: impl FnMut(&str),
    ) -> Result<ExitStatus> {
        let begun = Instant::now();
        let mut next_tick = interval;
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            if begun.elapsed() >= timeout {
                bail!(self.tell(&format!("did not end within {timeout:?}")));
            }
            check_stop()?;
            if begun.elapsed() >= next_tick {
                next_tick += interval;
                tick(self.log.last(1).first().map_or("", String::as_str));
            }
            std::thread::sleep(POLL);
        }
    }

    /// Asks the child to end, as Ctrl-C does.
    ///
    /// # Errors
    /// If the child has ended already.
    pub fn interrupt(&mut self) -> Result<()> {
        // The process number of a child that was waited for may be somebody else's by now.
        if let Some(status) = self.try_wait()? {
            bail!(self.tell(&format!("had ended ({status}) before it was asked to")));
        }
        rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::INT,
        )
        .with_context(|| format!("cannot interrupt {}", self.name))
    }

    /// Kills the child and waits until it is gone. Harmless when it has ended already.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether the child still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The newest `count` lines, oldest first.
    #[must_use]
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        self.log.last(count)
    }

    /// All lines that are kept, oldest first: the newest 4000.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.log.last(KEPT_LINES)
    }

    /// A sentence about this child, with its last lines below.
    #[must_use]
    pub fn tell(&self, what: &str) -> String {
        let mut text = format!("{} {what}", self.name);
        let lines = self.log.last(SHOWN_LINES);
        text.push_str(if lines.is_empty() { "; it printed nothing" } else { "; its last lines:" });
        for line in lines {
            let _ = write!(text, "\n  | {line}");
        }
        text
    }

    /// The child's status once it has ended and its output was read.
    fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        let status = self
            .child
            .try_wait()
            .with_context(|| format!("cannot ask for the state of {}", self.name))?;
        if status.is_some() {
            self.log.wait_until_read();
        }
        Ok(status)
    }
}

impl Drop for Proc {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sleeps, unless a stop was requested.
///
/// # Errors
/// If one was.
pub fn pause(duration: Duration) -> Result<()> {
    check_stop()?;
    std::thread::sleep(duration);
    Ok(())
}

fn check_stop() -> Result<()> {
    if STOP.load(Ordering::Relaxed) {
        return Err(anyhow!("stopped on request"));
    }
    Ok(())
}

/// What a child has written so far, shared with the threads that read it.
#[derive(Debug, Default)]
struct Log {
    state: Mutex<LogState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct LogState {
    lines: VecDeque<String>,
    /// Lines that had to make room, so that a line's number never changes.
    dropped: usize,
    open_streams: usize,
}

impl Log {
    fn lock(&self) -> MutexGuard<'_, LogState> {
        // A reader that panicked leaves whole lines behind: they are still worth showing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads `stream` to its end on a thread of its own.
    fn follow(self: &Arc<Self>, stream: impl Read + Send + 'static, prefix: Option<String>) {
        self.lock().open_streams += 1;
        let log = Arc::clone(self);
        std::thread::spawn(move || {
            let mut reader = BufReader::new(stream);
            let mut bytes = Vec::new();
            while matches!(reader.read_until(b'\n', &mut bytes), Ok(1..)) {
                let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
                if let Some(prefix) = &prefix {
                    let _ = writeln!(std::io::stderr(), "{prefix}{line}");
                }
                log.push(line);
                bytes.clear();
            }
            log.lock().open_streams -= 1;
            log.changed.notify_all();
        });
    }

    fn push(&self, line: String) {
        let mut state = self.lock();
        if state.lines.len() == KEPT_LINES {
            state.lines.pop_front();
            state.dropped += 1;
        }
        state.lines.push_back(line);
        drop(state);
        self.changed.notify_all();
    }

    /// The first line from number `seen` on that matches; `seen` moves past what was looked at.
    fn find_from(&self, seen: &mut usize, matches: impl Fn(&str) -> bool) -> Option<String> {
        let state = self.lock();
        let skip = seen.saturating_sub(state.dropped);
        *seen = state.dropped + state.lines.len();
        state.lines.iter().skip(skip).find(|line| matches(line)).cloned()
    }

    fn wait_for_change(&self, seen: usize) {
        let state = self.lock();
        let _ = self
            .changed
            .wait_timeout_while(state, POLL, |state| state.dropped + state.lines.len() == seen);
    }

    /// Waits until the streams are closed; bounded, since a grandchild can keep them open for ever.
    fn wait_until_read(&self) {
        let state = self.lock();
        let _ = self
            .changed
            .wait_timeout_while(state, Duration::from_millis(500), |state| state.open_streams > 0);
    }

    fn last(&self, count: usize) -> Vec<String> {
        let state = self.lock();
        state.lines.iter().skip(state.lines.len().saturating_sub(count)).cloned().collect()
    }
}

/// A UDP port of 127.0.0.1 that was free a moment ago and that this process was not given before.
///
/// # Panics
/// If the system has no free port.
#[must_use]
pub fn free_udp_port() -> u16 {
    free_port(|| Ok(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port()))
}

/// A TCP port of 127.0.0.1 that was free a moment ago and that this process was not given before.
///
/// # Panics
/// If the system has no free port.
#[must_use]
pub fn free_tcp_port() -> u16 {
    free_port(|| Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port()))
}

fn free_port(bind: impl Fn() -> std::io::Result<u16>) -> u16 {
    // Tests of one binary run in parallel, and the port is only bound later, by a child.
    static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        let port = bind().expect("the loopback interface has a free port");
        if given.insert(port) {
            return port;
        }
    }
}
