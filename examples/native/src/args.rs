//! The program's arguments, `key=value` each, with the names that the boards have for them.
//!
//! What is wrong is told in one line, with the form that it must have, and ends the program with
//! code 2.

use core::fmt::Display;
use core::net::SocketAddrV4;
use core::num::NonZeroU32;
use std::env;
use std::process;

const USAGE_ERROR: i32 = 2;

/// The arguments of this run.
#[derive(Clone, Debug)]
pub struct Args {
    pairs: Vec<(String, String)>,
}

impl Args {
    /// Reads the arguments. A key that is not in `known` is refused, since a misspelt one would
    /// otherwise silently mean that it is missing.
    #[must_use]
    pub fn load(known: &[&str]) -> Self {
        parse(env::args().skip(1), known).unwrap_or_else(|why| usage_error(why))
    }

    /// The value of `key`, or the program ends.
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.get(key).unwrap_or_else(|| usage_error(format_args!("argument {key}: missing")))
    }

    /// The address that `key` must name, or the program ends.
    #[must_use]
    pub fn address(&self, key: &str) -> SocketAddrV4 {
        let form = "must have the form IP:PORT, for example 127.0.0.1:7726";
        let text = self.text(key);
        text.parse().unwrap_or_else(|_| usage_error(format_args!("argument {key}={text}: {form}")))
    }

    /// The number of the device, or the program ends.
    #[must_use]
    pub fn device(&self) -> NonZeroU32 {
        let (key, form) = ("device", "must be a number from 1, of each device another");
        let text = self.text(key);
        text.parse().unwrap_or_else(|_| usage_error(format_args!("argument {key}={text}: {form}")))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

fn parse(words: impl Iterator<Item = String>, known: &[&str]) -> Result<Args, String> {
    let pair = |word: String| match word.split_once('=') {
        Some((key, value)) if known.contains(&key) => Ok((key.to_owned(), value.to_owned())),
        Some((key, _)) => {
            Err(format!("argument {key}: this program does not know it, it takes {known:?}"))
        }
        None => Err(format!("argument {word:?}: must have the form KEY=VALUE")),
    };
    Ok(Args { pairs: words.map(pair).collect::<Result<_, _>>()? })
}

/// Prints what is wrong and ends the program with code 2.
pub(crate) fn usage_error(message: impl Display) -> ! {
    eprintln!("error: {message}");
    process::exit(USAGE_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Result<Args, String> {
        parse(words.iter().map(|&word| word.to_owned()), &["name", "device"])
    }

    #[test]
    fn a_value_is_everything_behind_the_first_equals_sign() {
        let args = args(&["device=7", "name=a=b c"]).unwrap();
        assert_eq!((args.text("name"), args.device().get()), ("a=b c", 7));
    }

    #[test]
    fn what_is_not_known_is_refused_by_name() {
        assert!(args(&["nam=x"]).unwrap_err().starts_with("argument nam: "));
        assert!(args(&["name"]).unwrap_err().contains("KEY=VALUE"));
    }
}
