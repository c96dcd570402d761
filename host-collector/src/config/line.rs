//! The words of the command line, before and behind what clap makes of them.

use super::setting::{Setting, Values};
use super::{Keys, Kind, Origin};
use std::ffi::OsString;

/// Takes the words like `--no-tcp=false` out, which clap does not know, and says what they set. They are
/// how a switch that the file turns on is turned off again.
pub(super) fn switches(words: Vec<OsString>, keys: &Keys) -> (Vec<OsString>, Vec<Setting>) {
    let (mut rest, mut settings) = (Vec::new(), Vec::new());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        if word == "--" {
            rest.push(word);
            rest.extend(words);
            break;
        }
        match word.to_str().and_then(|word| switch(word, keys)) {
            Some(setting) => settings.push(setting),
            None => rest.push(word),
        }
    }
    (rest, settings)
}

fn switch(word: &str, keys: &Keys) -> Option<Setting> {
    let (option, value) = word.strip_prefix("--")?.split_once('=')?;
    let given = value.parse().ok()?;
    let is_it = |kind| matches!(kind, Kind::Switch { .. });
    let key = keys.iter().find(|key| key.option == option && is_it(key.kind))?;
    let origin = Origin::CommandLine(option.to_owned());
    Some(Setting { id: key.id.clone(), values: Values::Given(given), origin })
}

/// The words that say what a setting says.
pub(super) fn words(option: &str, values: &Values) -> Vec<OsString> {
    match values {
        Values::Given(true) => vec![format!("--{option}").into()],
        Values::Given(false) => Vec::new(),
        Values::Words(words) => words.iter().map(|(word, _)| joined(option, word)).collect(),
    }
}

/// One word, so that a value with a dash in front of it is none of clap's options.
pub(super) fn joined(option: &str, value: &OsString) -> OsString {
    let mut word = OsString::from(format!("--{option}="));
    word.push(value);
    word
}

/// The words with others added where options may stand.
pub(super) fn with(words: &[OsString], more: Vec<OsString>) -> Vec<OsString> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let (options, rest) = words.split_at_checked(end).unwrap_or((words, &[]));
    options.iter().cloned().chain(more).chain(rest.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::command;

    fn line(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn a_switch_can_be_turned_off_by_its_option() {
        let keys = Keys::of(&command());
        let (rest, settings) = switches(
            line("x serve --no-tcp=false --listen a --rtt-tcp=true -- --no-tcp=true"),
            &keys,
        );
        assert_eq!(rest, line("x serve --listen a --rtt-tcp=true -- --no-tcp=true"));
        let origin = Origin::CommandLine("no-tcp".into());
        let values = Values::Given(false);
        assert_eq!(settings, [Setting { id: "no_tcp".into(), values, origin }]);
    }

    #[test]
    fn what_a_layer_says_goes_before_what_is_no_option() {
        let words = with(&line("x import -- -file"), line("--a=1 --b"));
        assert_eq!(words, line("x import --a=1 --b -- -file"));
        assert_eq!(with(&line("x"), line("--b")), line("x --b"));
    }
}
