//! [`Filter`]: which lines are written.

use core::fmt::{self, Display, Formatter};
use core::str::FromStr;
use log::{Level, LevelFilter};

/// Levels for parts of the program, such as `warn,spandrel=debug`.
///
/// A part is a module or what its path begins with; the longest that fits has the say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// By length of the part, the longest first; that of everything is the empty part.
    parts: Vec<(String, LevelFilter)>,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no level: write off, error, warn, info, debug or trace, or PART=LEVEL, with commas between"
)]
pub struct FilterError(String);

impl Filter {
    /// What of ours is worth knowing, and what of libraries is wrong.
    pub const USUAL: &str = "warn,spandrel=info";

    /// Whether a line of this module is written.
    #[must_use]
    pub fn lets(&self, target: &str, level: Level) -> bool {
        let part = self.parts.iter().find(|(part, _)| target.starts_with(&**part));
        part.is_some_and(|(_, most)| level <= *most)
    }

    /// The level beyond which nothing is written.
    #[must_use]
    pub fn most(&self) -> LevelFilter {
        self.parts.iter().map(|(_, level)| *level).max().unwrap_or(LevelFilter::Off)
    }

    /// Says more of our own with one `-v`, and everything with two.
    #[must_use]
    pub(super) fn with_verbosity(mut self, verbose: u8) -> Self {
        match verbose {
            0 => {}
            1 => self.set("spandrel", LevelFilter::Debug),
            _ => self.parts = vec![(String::new(), LevelFilter::Trace)],
        }
        self
    }

    fn set(&mut self, part: &str, level: LevelFilter) {
        self.parts.retain(|(known, _)| known != part);
        let place = self.parts.partition_point(|(known, _)| known.len() >= part.len());
        self.parts.insert(place, (part.to_owned(), level));
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let mut filter = Self { parts: Vec::new() };
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (part, level) = word.split_once('=').unwrap_or(("", word));
            let level = level.parse().map_err(|_| FilterError(word.to_owned()))?;
            filter.set(part, level);
        }
        Ok(filter)
    }
}

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, (part, level)) in self.parts.iter().rev().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let equals = if part.is_empty() { "" } else { "=" };
            write!(f, "{comma}{part}{equals}{}", level.as_str().to_lowercase())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Filter {
        text.parse().unwrap()
    }

    #[test]
    fn the_longest_part_has_the_say() {
        let filter = filter("warn,spandrel=debug, spandrel_collector::session=error");
        assert!(filter.lets("spandrel_collector::serve", Level::Debug));
        assert!(!filter.lets("spandrel_collector::serve", Level::Trace));
        assert!(!filter.lets("spandrel_collector::session::emit", Level::Warn));
        assert!(filter.lets("library", Level::Warn) && !filter.lets("library", Level::Info));
        assert_eq!(filter.most(), LevelFilter::Debug);
        assert_eq!(filter.to_string(), "warn,spandrel=debug,spandrel_collector::session=error");
    }

    #[test]
    fn what_is_not_named_is_silent_and_off_silences() {
        assert!(!filter("spandrel=info").lets("library", Level::Error));
        let some = filter("info,library=off");
        assert!(!some.lets("library", Level::Error) && some.lets("other", Level::Info));
        assert_eq!(filter("").most(), LevelFilter::Off);
        assert!(!filter("").lets("spandrel", Level::Error));
    }

    #[test]
    fn each_v_says_more() {
        let usual = filter(Filter::USUAL);
        let lets = |verbose, target| {
            let filter = usual.clone().with_verbosity(verbose);
            let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
            levels.into_iter().filter(|level| filter.lets(target, *level)).max()
        };
        let (own, others) = ("spandrel_collector", "library");
        assert_eq!((lets(0, own), lets(0, others)), (Some(Level::Info), Some(Level::Warn)));
        assert_eq!((lets(1, own), lets(1, others)), (Some(Level::Debug), Some(Level::Warn)));
        assert_eq!((lets(2, own), lets(2, others)), (Some(Level::Trace), Some(Level::Trace)));
    }

    #[test]
    fn a_word_that_is_no_level_is_named() {
        for text in ["loud", "warn,spandrel=loud", "warn,spandrel="] {
            let error = text.parse::<Filter>().unwrap_err().to_string();
            assert!(error.contains("is no level: write off, error"), "{error}");
        }
    }
}
