//! What the terminal can show: how wide it is, whether in colour, and whether more than ASCII.

use super::ColourWhen;
use crate::config::Environment;
use crate::tree::{Glyphs, Painted, Style};
use std::io::{self, IsTerminal as _};

/// Columns where nobody says how many there are: a file, or the input of another program.
const UNKNOWN_WIDTH: usize = 160;
/// Nothing can be shown in less.
const NARROWEST: usize = 20;
/// Wider lines are not read.
const WIDEST: usize = 1_000;

/// What can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Columns of a line.
    pub(super) width: usize,
    /// Lines of the screen, where it is one.
    pub(super) height: Option<usize>,
    /// Whether in colour.
    pub(super) colour: bool,
    /// Whether there is more than ASCII.
    pub(super) is_unicode: bool,
}

impl Look {
    /// That of standard output.
    pub(super) fn here(colour: ColourWhen) -> Self {
        let environment = Environment::here();
        let is_terminal = io::stdout().is_terminal();
        let size = is_terminal.then(|| size(io::stdout())).flatten();
        Self::of(&environment, size, is_terminal, colour)
    }

    /// That of standard error, without colour; none where it is no terminal.
    pub(super) fn of_errors() -> Option<Self> {
        io::stderr()
            .is_terminal()
            .then(|| Self::of(&Environment::here(), size(io::stderr()), true, ColourWhen::Never))
    }

    fn of(
        environment: &Environment,
        size: Option<(usize, usize)>,
        is_terminal: bool,
        colour: ColourWhen,
    ) -> Self {
        let text = |name| environment.get(name).and_then(|value| value.to_str());
        let columns = text("COLUMNS").and_then(|columns| columns.parse().ok());
        let width = columns.filter(|columns| *columns > 0).or(size.map(|(width, _)| width));
        let usual = if is_terminal { 80 } else { UNKNOWN_WIDTH };
        let is_dull = text("NO_COLOR").is_some() || text("TERM") == Some("dumb");
        Self {
            width: width.unwrap_or(usual).clamp(NARROWEST, WIDEST),
            height: is_terminal.then(|| size.map_or(24, |(_, height)| height)),
            colour: match colour {
                ColourWhen::Auto => is_terminal && !is_dull,
                ColourWhen::Always => true,
                ColourWhen::Never => false,
            },
            is_unicode: cfg!(windows) || is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(text)),
        }
    }

    /// Text in a style, if there are any.
    pub(super) fn paint<T>(self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.colour.then_some(style), text }
    }

    /// Lines of trees.
    pub(super) fn glyphs(self) -> Glyphs {
        if self.is_unicode { Glyphs::LINES } else { Glyphs::ASCII }
    }
}

/// Whether the first of these that is set says so.
fn is_utf8(variables: [Option<&str>; 3]) -> bool {
    let locale = variables.into_iter().flatten().next().unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Columns and lines of a terminal.
#[cfg(unix)]
fn size(of: impl std::os::fd::AsFd) -> Option<(usize, usize)> {
    let size = rustix::termios::tcgetwinsize(of).ok()?;
    // A terminal that does not know says 0.
    (size.ws_col > 0 && size.ws_row > 0).then(|| (size.ws_col.into(), size.ws_row.into()))
}

#[cfg(not(unix))]
fn size<T>(_: T) -> Option<(usize, usize)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)], is_terminal: bool) -> Look {
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        let size = is_terminal.then_some((100, 30));
        Look::of(&Environment::from(variables), size, is_terminal, ColourWhen::Auto)
    }

    #[test]
    fn a_terminal_says_how_wide_it_is_and_columns_outweighs_it() {
        assert_eq!((look(&[], true).width, look(&[], true).height), (100, Some(30)));
        assert_eq!((look(&[], false).width, look(&[], false).height), (160, None));
        for (columns, width) in
            [("40", 40), ("3", 20), ("0", 100), ("wide", 100), ("999999", 1_000)]
        {
            assert_eq!(look(&[("COLUMNS", columns)], true).width, width, "{columns}");
        }
    }

    #[test]
    fn colour_is_for_terminals_that_want_it() {
        assert!(look(&[], true).colour && !look(&[], false).colour);
        assert!(!look(&[("NO_COLOR", "1")], true).colour && look(&[("NO_COLOR", "")], true).colour);
        assert!(!look(&[("TERM", "dumb")], true).colour);
        let look = |when| Look::of(&Environment::default(), None, false, when).colour;
        assert!(look(ColourWhen::Always) && !look(ColourWhen::Never));
    }

    #[test]
    fn the_locale_says_whether_there_is_more_than_ascii() {
        if cfg!(windows) {
            return;
        }
        assert!(!look(&[], true).is_unicode && !look(&[("LANG", "C")], true).is_unicode);
        assert!(look(&[("LANG", "de_DE.UTF-8")], true).is_unicode);
        assert!(look(&[("LC_CTYPE", "C.utf8"), ("LANG", "C")], true).is_unicode);
        assert!(!look(&[("LC_ALL", "C"), ("LANG", "C.UTF-8")], true).is_unicode);
    }
}
