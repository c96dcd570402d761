//! How far long work is, on a terminal and nowhere else.

use super::look::Look;
use std::io::{self, Read, Write as _};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Builder, Scope, ScopedJoinHandle, park_timeout, scope};
use std::time::{Duration, Instant};

/// What is done sooner needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// So often it is drawn at most.
const PAUSE: Duration = Duration::from_millis(100);
/// Columns of the bar itself, where there is room.
const LONGEST: usize = 40;

/// A line on standard error that says how far something is. It is gone once this is dropped.
#[derive(Debug)]
pub struct Bar {
    what: &'static str,
    /// None where nobody sees it.
    look: Option<Look>,
    /// When it is drawn next.
    next: Instant,
    is_drawn: bool,
}

impl Bar {
    /// Nothing of it is seen at first, and nothing ever where standard error is no terminal.
    #[must_use]
    pub fn new(what: &'static str) -> Self {
        Self { what, look: Look::of_errors(), next: Instant::now() + PATIENCE, is_drawn: false }
    }

    /// So much is done, of so much; 0 where nobody knows of how much.
    pub fn at(&mut self, done: u64, all: u64) {
        self.draw(done, all, || format!("{done} steps"));
    }

    /// Does what takes long, and shows meanwhile how far it says that it is, or else how long it takes by now.
    pub fn during<T>(mut self, work: impl FnOnce(&Meter) -> T) -> T {
        let meter = Meter::default();
        if self.look.is_none() {
            return work(&meter);
        }
        scope(|scope| {
            let _drawn = Drawn::new(scope, &mut self, &meter);
            work(&meter)
        })
    }

    fn draw(&mut self, done: u64, all: u64, unknown: impl FnOnce() -> String) {
        let Some(look) = self.look.filter(|_| Instant::now() >= self.next) else { return };
        self.next = Instant::now() + PAUSE;
        self.is_drawn = true;
        // Whoever closed standard error does not want to know.
        let _ = write!(io::stderr(), "\r{}", line(self.what, done, all, unknown, look));
    }
}

/// How far something is that is shown meanwhile.
#[derive(Debug, Default)]
pub struct Meter {
    done: AtomicU64,
    all: AtomicU64,
    is_over: AtomicBool,
}

impl Meter {
    /// So much is done, of so much; 0 where nobody knows of how much.
    pub fn at(&self, done: u64, all: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.all.store(all, Ordering::Relaxed);
    }

    /// What was said last.
    #[must_use]
    pub fn now(&self) -> (u64, u64) {
        (self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }

    /// The same reader, of which it is told how much was read, of so many bytes.
    pub fn reading<R: Read>(&self, reader: R, all: u64) -> impl Read {
        Metered { reader, done: 0, all, meter: self }
    }
}

struct Metered<'a, R> {
    reader: R,
    done: u64,
    all: u64,
    meter: &'a Meter,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(to)?;
        self.done += count as u64;
        self.meter.at(self.done, self.all);
        Ok(count)
    }
}

/// A thread that draws a bar until this is dropped.
struct Drawn<'scope, 'a> {
    meter: &'a Meter,
    thread: Option<ScopedJoinHandle<'scope, ()>>,
}

impl<'scope, 'a: 'scope> Drawn<'scope, 'a> {
    fn new(scope: &'scope Scope<'scope, '_>, bar: &'a mut Bar, meter: &'a Meter) -> Self {
        let begun = Instant::now();
        let draw = move || {
            while !meter.is_over.load(Ordering::Relaxed) {
                let (done, all) = meter.now();
                bar.draw(done, all, || format!("{} s", begun.elapsed().as_secs()));
                park_timeout(PAUSE);
            }
        };
        // Where there is no thread to be had, nothing is drawn.
        Self { meter, thread: Builder::new().spawn_scoped(scope, draw).ok() }
    }
}

impl Drop for Drawn<'_, '_> {
    fn drop(&mut self) {
        self.meter.is_over.store(true, Ordering::Relaxed);
        self.thread.iter().for_each(|thread| thread.thread().unpark());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(look) = self.look.filter(|_| self.is_drawn) {
            let _ = write!(io::stderr(), "\r{:1$}\r", "", look.width.saturating_sub(1));
        }
    }
}

/// One line, as long as whatever it stands in the place of.
fn line(what: &str, done: u64, all: u64, unknown: impl FnOnce() -> String, look: Look) -> String {
    let width = look.width.saturating_sub(1);
    let text = if all == 0 {
        format!("{what}: {}", unknown())
    } else {
        let done = done.min(all);
        let parts = |of: usize| {
            let part = u128::from(done) * of as u128 / u128::from(all);
            usize::try_from(part).unwrap_or(of)
        };
        let columns = width.saturating_sub(what.len() + 9).min(LONGEST);
        let full = if look.is_unicode { '\u{2588}' } else { '#' };
        let bar: String = core::iter::repeat_n(full, parts(columns)).collect();
        format!("{what} [{bar:columns$}] {:3} %", parts(100))
    };
    let cut: String = text.chars().take(width).collect();
    format!("{cut:width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(done: u64, all: u64, width: usize, is_unicode: bool) -> String {
        let look = Look { width, height: None, colour: false, is_unicode };
        line("checking", done, all, || format!("{done} steps"), look)
    }

    #[test]
    fn a_bar_is_as_long_as_there_is_room() {
        assert_eq!(shown(1, 2, 28, false), "checking [#####     ]  50 %");
        assert_eq!(shown(0, 2, 28, true), "checking [          ]   0 %");
        assert_eq!(
            shown(9, 2, 28, true),
            "checking [\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}\u{2588}] 100 %"
        );
        assert_eq!(shown(7, 0, 24, false).trim_end(), "checking: 7 steps");
        assert_eq!(shown(1, 2, 5, false), "chec");
        assert_eq!(
            shown(u64::MAX, u64::MAX, 200, false).trim_end().len(),
            "checking [] 100 %".len() + LONGEST
        );
    }

    #[test]
    fn it_stands_in_the_place_of_what_was_there() {
        let lengths = [(0, 2), (2, 2), (5, 0)].map(|(done, all)| shown(done, all, 60, false).len());
        assert_eq!(lengths, [59; 3]);
    }

    #[test]
    fn what_is_read_is_told() {
        let meter = Meter::default();
        let mut reader = meter.reading(&[7; 30][..], 30);
        let mut bytes = [0; 20];
        assert_eq!((reader.read(&mut bytes).unwrap(), meter.now()), (20, (20, 30)));
        assert_eq!((reader.read(&mut bytes).unwrap(), meter.now()), (10, (30, 30)));
    }

    #[test]
    fn nobody_waits_for_a_bar() {
        let look = Look { width: 40, height: None, colour: false, is_unicode: false };
        let bar = || Bar { look: Some(look), next: Instant::now() + PATIENCE, ..Bar::new("x") };
        assert_eq!(bar().during(|meter| meter.now()), (0, 0));
        // Also where what it is about comes to a bad end.
        let work = || bar().during(|_| panic!("a bad end"));
        assert!(std::panic::catch_unwind(work).is_err());
    }
}
