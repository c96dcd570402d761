//! [`Order`]: what devices are told to do, as a person writes it.
//!
//! ```
//! use spandrel_collector::Order;
//!
//! let order: Order = "sensor/sample=0.1".parse()?;
//! assert!(order.is_for("sensor") && !order.is_for("motor"));
//! # Ok::<(), spandrel_collector::OrderError>(())
//! ```

mod standing;

use core::fmt;
use core::str::FromStr;
use spandrel::wire::{Command, MAX_PARAMS};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

pub use standing::Standing;
pub(crate) use standing::{MOST_STANDING, after};

/// A command for the devices of one service, or for all.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// None: for all.
    service: Option<String>,
    /// What was written.
    text: String,
    command: Command<'static>,
}

/// Why a text is no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write [SERVICE/]COMMAND, where COMMAND is one of sample=always, sample=never, sample=0.1 (a share), \
     sample=5/s (traces a second), operation=NAME:0.1, operation=NAME:0.1:2/s (at least 2 a second), \
     budget=20000 (bytes a second, 0 for no limit), flush, sites"
)]
pub struct OrderError;

impl Order {
    /// Whether it is for the devices of this service.
    #[must_use]
    pub fn is_for(&self, service: &str) -> bool {
        self.service.as_deref().is_none_or(|known| known == service)
    }

    /// Whether it is about what is recorded.
    #[must_use]
    pub(crate) fn is_sampling(&self) -> bool {
        !matches!(self.command, Command::Budget(_) | Command::Flush | Command::Sites { .. })
    }

    /// Whether it is for devices that come later, too.
    #[must_use]
    pub(crate) fn lasts(&self) -> bool {
        !matches!(self.command, Command::Flush | Command::Sites { .. })
    }

    /// Whether it says another thing than `other` about the same.
    #[must_use]
    pub(crate) fn replaces(&self, other: &Self) -> bool {
        let about = |order: &Self| match order.command {
            Command::Operation { name, .. } => Some(name),
            _ => None,
        };
        let is_same = self.is_sampling() == other.is_sampling() && about(self) == about(other);
        is_same && self.service == other.service && self.lasts() && other.lasts()
    }

    /// What they are told.
    #[must_use]
    pub fn command(&self) -> Command<'static> {
        self.command
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Order {
    type Err = OrderError;

    fn from_str(text: &str) -> Result<Self, OrderError> {
        // The names of services and operations may have slashes; those of commands do not.
        let whole = command(text).map(|command| (None, command));
        let (service, command) = whole
            .or_else(|| {
                text.match_indices('/').find_map(|(at, _)| {
                    let (service, rest) = (text.get(..at)?, text.get(at + 1..)?);
                    Some((Some(service.to_owned()), command(rest)?))
                })
            })
            .ok_or(OrderError)?;
        Ok(Self { service, text: text.to_owned(), command })
    }
}

fn command(text: &str) -> Option<Command<'static>> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    Some(match (name, value) {
        ("sample", "always") => Command::SampleAlways,
        ("sample", "never") => Command::SampleNever,
        ("sample", value) => match value.strip_suffix("/s") {
            Some(rate) => Command::SampleRate(number(rate)?),
            None => Command::SampleShare(share(value)?),
        },
        ("operation", value) => {
            let (rest, at_least) = match value.rsplit_once(':') {
                Some((rest, last)) if last.ends_with("/s") => {
                    (rest, number(last.trim_end_matches("/s"))?)
                }
                _ => (value, 0.0),
            };
            let (name, part) = rest.rsplit_once(':')?;
            let is_short = !name.is_empty() && name.len() <= MAX_PARAMS - 9;
            let share = share(part).filter(|_| is_short)?;
            Command::Operation { name: forever(name), share, at_least }
        }
        ("budget", value) => Command::Budget(value.parse().ok()?),
        ("flush", "") => Command::Flush,
        ("sites", "") => Command::Sites { from: 1 },
        _ => return None,
    })
}

/// A name for as long as the program. Each is there once, however often a file with it is read.
fn forever(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let name: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(name);
    name
}

fn number(text: &str) -> Option<f32> {
    text.parse().ok().filter(|number: &f32| *number >= 0.0 && number.is_finite())
}

fn share(text: &str) -> Option<f32> {
    number(text).filter(|share| *share <= 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_they_are_written() {
        let command = |text: &str| text.parse::<Order>().unwrap().command();
        assert_eq!(command("sample=always"), Command::SampleAlways);
        assert_eq!(command("sample=0.25"), Command::SampleShare(0.25));
        assert_eq!(command("sample=5/s"), Command::SampleRate(5.0));
        assert_eq!(command("a/b/budget=20000"), Command::Budget(20_000));
        assert_eq!(command("flush"), Command::Flush);
        let operation = Command::Operation { name: "GET /a:b", share: 0.5, at_least: 2.0 };
        assert_eq!(command("web/operation=GET /a:b:0.5:2/s"), operation);
        let order: Order = "web/front/sample=never".parse().unwrap();
        assert!(order.is_for("web/front") && !order.is_for("web"));
        assert_eq!(order.to_string(), "web/front/sample=never");
        assert!("sites".parse::<Order>().unwrap().is_for("anything"));
    }

    #[test]
    fn a_name_that_is_read_again_is_kept_once() {
        let name = || match "operation=often read:1".parse::<Order>().unwrap().command() {
            Command::Operation { name, .. } => name.as_ptr(),
            other => panic!("{other:?}"),
        };
        assert_eq!(name(), name());
    }

    #[test]
    fn an_order_takes_the_place_of_one_about_the_same() {
        let replaces = |one: &str, other: &str| {
            one.parse::<Order>().unwrap().replaces(&other.parse().unwrap())
        };
        assert!(replaces("sample=never", "sample=0.5"));
        assert!(replaces("web/sample=5/s", "web/sample=always"));
        assert!(replaces("operation=read:1", "operation=read:0.5:2/s"));
        for (one, other) in [
            ("sample=never", "web/sample=never"),
            ("sample=never", "budget=1"),
            ("sample=never", "operation=read:1"),
            ("operation=read:1", "operation=write:1"),
            ("flush", "budget=1"),
            ("sites", "sites"),
        ] {
            assert!(!replaces(one, other) && !replaces(other, one), "{one} {other}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for text in
            ["", "sample=", "sample=2", "sample=-1/s", "sample=inf/s", "operation=:0.1", "x"]
        {
            assert_eq!(text.parse::<Order>(), Err(OrderError), "{text}");
        }
        let long = format!("operation={}:0.1", "n".repeat(60));
        assert_eq!(long.parse::<Order>(), Err(OrderError));
        assert!(OrderError.to_string().contains("sample=5/s"));
    }
}
