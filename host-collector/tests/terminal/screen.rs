//! A real terminal, the screen of which is looked at.

use core::num::NonZeroU16;
use core::time::Duration;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Instant;
use vt100::Parser;

/// Nothing that is waited for takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program in a terminal.
pub(crate) struct Screen {
    child: Child,
    terminal: Arc<File>,
    before: Termios,
    shown: Arc<Mutex<Shown>>,
    reader: Option<JoinHandle<()>>,
}

/// What it shows, and all that it was sent.
pub(crate) struct Shown {
    pub(crate) parser: Parser,
    pub(crate) sent: Vec<u8>,
}

/// How a program left its terminal.
pub(crate) struct Left {
    /// The signal that ended it.
    pub(crate) signal: Option<i32>,
    pub(crate) before: Termios,
    pub(crate) after: Termios,
    pub(crate) shown: Shown,
}

impl Screen {
    /// Starts a program in a terminal of so many columns and lines.
    pub(crate) fn start(mut command: Command, columns: u16, lines: u16) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let terminal = Arc::new(File::from(terminal));
        let screen = Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&*terminal, screen).unwrap();
        let inside = || {
            let name = std::path::Path::new(name.to_str().unwrap());
            File::options().read(true).write(true).open(name).unwrap()
        };
        command.env_remove("COLUMNS");
        let child = command.stdin(inside()).stdout(inside()).stderr(inside()).spawn().unwrap();
        let [rows, wide] = [lines, columns].map(|size| NonZeroU16::new(size).unwrap());
        let parser = Parser::new(rows, wide, 10_000);
        let shown = Arc::new(Mutex::new(Shown { parser, sent: Vec::new() }));
        let (outside, showing) = (terminal.clone(), shown.clone());
        let reader = thread::spawn(move || read(&outside, &showing));
        Self { child, terminal, before, shown, reader: Some(reader) }
    }

    /// What is shown now. Nothing more is read from the program as long as this is held.
    pub(crate) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap()
    }

    /// Waits until the screen is as it should be.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Shown) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(&self.shown()) {
            let text = self.shown().text();
            assert!(Instant::now() < until, "{what} is never so, but:\n{text}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The screen gets another size, as a window does.
    pub(crate) fn resize(&self, columns: u16, lines: u16) {
        let screen = Winsize { ws_row: lines, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let [rows, wide] = [lines, columns].map(|size| NonZeroU16::new(size).unwrap());
        self.shown().parser.set_size(rows, wide);
        tcsetwinsize(&*self.terminal, screen).unwrap();
    }

    /// Interrupts the program, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    /// Waits until the program has ended.
    pub(crate) fn end(mut self) -> Left {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let after = tcgetattr(&*self.terminal).unwrap();
        let mut shown = self.shown();
        let parser = core::mem::take(&mut shown.parser);
        let shown = Shown { parser, sent: core::mem::take(&mut shown.sent) };
        Left { signal: status.signal(), before: self.before.clone(), after, shown }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads until the program has ended, which is an error at the terminal's other end.
fn read(mut terminal: &File, shown: &Mutex<Shown>) {
    let mut bytes = [0; 1_000];
    loop {
        match terminal.read(&mut bytes) {
            Ok(0) => return,
            Ok(count) => {
                let mut shown = shown.lock().unwrap();
                shown.parser.process(&bytes[..count]);
                shown.sent.extend_from_slice(&bytes[..count]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

impl Shown {
    /// What `look` says of each line, also of those that scrolled away, the oldest first.
    fn each<T>(&self, look: impl Fn(&vt100::Screen, u16) -> T) -> Vec<T> {
        let mut screen = self.parser.screen().clone();
        let mut lines = Vec::new();
        for above in (1..=screen.scrollback_len()).rev() {
            screen.set_scrollback(above);
            lines.push(look(&screen, 0));
        }
        screen.set_scrollback(0);
        lines.extend((0..screen.size().0.get()).map(|line| look(&screen, line)));
        lines
    }

    /// All lines, without those that are blank at the end.
    pub(crate) fn text(&self) -> String {
        let width = self.parser.screen().size().1.get();
        let line = |screen: &vt100::Screen, line: u16| {
            let text = screen.rows(0, width).nth(line.into()).unwrap_or_default();
            text.trim_end().to_owned()
        };
        self.each(line).join("\n").trim_end().to_owned()
    }

    /// Whether any line was longer than the screen is wide.
    pub(crate) fn is_wrapped(&self) -> bool {
        self.each(vt100::Screen::row_wrapped).contains(&true)
    }

    /// Whether any letter is in a style.
    pub(crate) fn is_styled(&self) -> bool {
        let width = self.parser.screen().size().1.get();
        let is_plain = |cell: &vt100::Cell| {
            cell.fgcolor() == vt100::Color::Default && !cell.bold() && !cell.dim()
        };
        let line = |screen: &vt100::Screen, line: u16| {
            (0..width).any(|at| screen.cell(line, at).is_some_and(|cell| !is_plain(cell)))
        };
        self.each(line).contains(&true)
    }
}
