//! What a person uses at a terminal: questions to the collector that runs, or to the store where none does.
//!
//! All that is known of a collector is its API (`docs/api.md`).
//!
//! | part | is |
//! |---|---|
//! | `options`, `error` | what the commands are given, and why there is no answer |
//! | `ask` | who is asked: a collector over HTTP, or a store |
//! | `look`, `fit` | what the terminal can show, and text that fits |
//! | `answers`, `shape` | what the API answers: JSON, and the columns of a trace |
//! | `table` | tables that fit |
//! | `drawing`, `bar`, `notes` | a trace as rows with bars, and what stands below a row |
//! | `document` | a trace as JSON |
//! | `search`, `show`, `services`, `devices`, `tail` | the commands of these names |
//! | `health` | `spandrel health` |
//! | `manual` | completions for shells, and pages for `man` |

mod answers;
mod ask;
mod bar;
mod devices;
mod document;
mod drawing;
mod error;
mod fit;
mod health;
mod look;
mod manual;
mod notes;
mod options;
mod progress;
mod search;
mod services;
mod shape;
mod show;
mod span;
mod table;
mod tail;
#[cfg(test)]
mod testing;

pub use devices::DevicesOf;
pub use error::Error;
pub use manual::{Completions, Manual, complete, manual};
pub use options::{Asking, ColourWhen, Looking};
pub use progress::{Bar, Meter};
pub use search::{Conditions, Search};
pub use services::ServicesOf;
pub use shape::{Shape, ShapeError};
pub use show::Show;
pub use tail::Tail;

use crate::text::{TimeNs, acts_on_a_terminal};
use clap::Subcommand;
use std::io::{self, BufWriter, Write as _};

/// What a collector is asked.
#[derive(Clone, Debug, Subcommand)]
pub enum Question {
    /// Show spans as they come: on a terminal as growing trees, elsewhere as lines.
    ///
    /// It goes on until it is stopped, and gets back by itself to a collector that was away.
    Tail(Tail),
    /// Find traces: the newest of those that have a span as it is described.
    ///
    /// All conditions hold for one span. Exits with 1 where nothing is found.
    Search(Search),
    /// Show a trace as a tree with bars, or everything of one of its spans.
    ///
    /// Bars say when a span lasted; what the trace's duration hangs on is drawn stronger. Exits with 1 where
    /// there is no such trace.
    Show(Show),
    /// List the devices that the collector hears, or show the boots of one.
    ///
    /// How sure their clocks are, what was lost, and how full their rings were.
    Devices(DevicesOf),
    /// List the services that sent traces.
    Services(ServicesOf),
    /// Say whether a collector takes spans and answers.
    Health(Asking),
}

/// How a question ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was something.
    Found,
    /// There was nothing.
    Nothing,
}

impl Outcome {
    fn of(is_found: bool) -> Self {
        if is_found { Self::Found } else { Self::Nothing }
    }

    /// What the program exits with.
    #[must_use]
    pub fn status(self) -> u8 {
        match self {
            Self::Found => 0,
            Self::Nothing => 1,
        }
    }
}

/// What the program exits with where a question has no answer.
pub const FAILED: u8 = 3;

/// Asks, and writes the answer to standard output.
///
/// # Errors
/// There is no answer; whoever stopped reading has had enough, which is none.
pub fn ask(question: &Question) -> Result<Outcome, Error> {
    let mut out = BufWriter::new(io::stdout().lock());
    let asked = match question {
        Question::Tail(options) => tail::tail(options, &mut out),
        Question::Search(options) => search::search(options, &mut out),
        Question::Show(options) => show::show(options, &mut out),
        Question::Devices(options) => devices::devices(options, &mut out),
        Question::Services(options) => services::services(options, &mut out),
        Question::Health(asking) => health::health(asking, &mut out),
    };
    match asked.and_then(|outcome| Ok(out.flush().map(|()| outcome)?)) {
        Err(error) if error.is_unread() => Ok(Outcome::Found),
        other => other,
    }
}

/// Whether text may be an id: it becomes a part of a path.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Says that there is nothing, and what to do.
fn empty(what: &str) -> Result<Outcome, Error> {
    writeln!(io::stderr().lock(), "{what}")?;
    Ok(Outcome::Nothing)
}

/// JSON without anything in it that acts on a terminal. It stands in texts alone, where escapes mean the same.
fn harmless(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for letter in json.chars() {
        if letter == '\n' || !acts_on_a_terminal(letter) {
            text.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut units) {
            text.push_str(&format!("\\u{unit:04x}"));
        }
    }
    text
}

/// A moment as people read it, in UTC, to the millisecond.
fn when(time_ns: u64) -> String {
    let text = TimeNs(time_ns).to_string();
    let to_millis = text.get(..23).unwrap_or(&text);
    to_millis.replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_and_does_nothing() {
        let text = "{\"a\":\"\u{9b}31m\u{202e}\u{e0041}ü\"}\n";
        let harmless = harmless(text);
        assert_eq!(harmless, "{\"a\":\"\\u009b31m\\u202e\\udb40\\udc41ü\"}\n");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(read(&harmless), read(text));
    }
}
