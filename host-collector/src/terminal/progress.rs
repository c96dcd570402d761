//! How far long work is, on a terminal and nowhere else.

use super::look::Look;
use std::io::{self, Write as _};
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
        let Some(look) = self.look.filter(|_| Instant::now() >= self.next) else { return };
        self.next = Instant::now() + PAUSE;
        self.is_drawn = true;
        // Whoever closed standard error does not want to know.
        let _ = write!(io::stderr(), "\r{}", line(self.what, done, all, look));
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
fn line(what: &str, done: u64, all: u64, look: Look) -> String {
    let width = look.width.saturating_sub(1);
    let text = if all == 0 {
        format!("{what}: {done} steps")
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
        line("checking", done, all, Look { width, height: None, colour: false, is_unicode })
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
}
