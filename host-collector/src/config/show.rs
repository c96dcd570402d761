//! [`Effective`]: all values as a file would have them, and where each comes from.

use super::key::is_secret;
use super::setting::{Setting, Values};
use super::{Key, Keys, Kind, Origin};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use core::fmt::{self, Display, Formatter};
use std::collections::BTreeMap;

/// The configuration that a command runs with. It displays as a TOML file that says the same.
#[derive(Clone, Debug)]
pub struct Effective(Vec<(Key, Vec<String>, Origin)>);

impl Effective {
    pub(super) fn new(
        keys: &Keys,
        command: &Command,
        matches: &ArgMatches,
        merged: &BTreeMap<String, Setting>,
    ) -> Self {
        let has = |key: &&Key| command.get_arguments().any(|o| *o.get_id() == *key.id);
        let value = |key: &Key| {
            let source = matches.value_source(&key.id);
            let origin = match merged.get(&key.id) {
                Some(setting) => setting.origin.clone(),
                None if source == Some(ValueSource::CommandLine) => {
                    Origin::CommandLine(key.option.clone())
                }
                None => Origin::Default,
            };
            let values = match (key.kind, merged.get(&key.id).map(|setting| &setting.values)) {
                (Kind::Switch { inverted }, Some(Values::Given(given))) => {
                    vec![(*given != inverted).to_string()]
                }
                (Kind::Switch { inverted }, _) => {
                    vec![(matches.get_flag(&key.id) != inverted).to_string()]
                }
                _ => {
                    let raw = matches.get_raw(&key.id).into_iter().flatten();
                    raw.map(|value| value.to_string_lossy().into_owned()).collect()
                }
            };
            (key.clone(), values, origin)
        };
        Self(keys.iter().filter(has).map(value).collect())
    }
}

impl Display for Effective {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut section = "";
        for (key, values, origin) in &self.0 {
            if key.section != section {
                let gap = if section.is_empty() { "" } else { "\n" };
                writeln!(f, "{gap}[{}]", key.section)?;
                section = &key.section;
            }
            let name = &key.name;
            let value = match (key.kind, &values[..]) {
                _ if key.is_secret && !values.is_empty() => {
                    writeln!(f, "# {name} is set, and not shown  # {origin}")?;
                    continue;
                }
                (Kind::Many, values) => {
                    let values: Vec<_> = values.iter().map(|value| literal(value)).collect();
                    format!("[{}]", values.join(", "))
                }
                (Kind::Switch { .. }, [value]) => value.clone(),
                (Kind::One, [.., value]) => literal(value),
                (_, _) => {
                    writeln!(f, "# {name} = {} is not set", key.looks)?;
                    continue;
                }
            };
            writeln!(f, "{name} = {value}  # {origin}")?;
        }
        Ok(())
    }
}

/// A value as TOML has it, without what is secret in it.
fn literal(value: &str) -> String {
    match value.parse::<i64>() {
        Ok(number) if number.to_string() == value => return value.to_owned(),
        _ => {}
    }
    let mut text = String::from('"');
    for c in without_secrets(value).chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if c.is_control() => text.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// A value with stars for what of it nobody should read: the password of an URL, and behind an URL what such
/// words as `header=` stand before.
pub(super) fn without_secrets(value: &str) -> String {
    let mut is_behind_url = false;
    let word = |word: &str| match word.split_once('=') {
        _ if word.contains("://") => {
            is_behind_url = true;
            without_password(word)
        }
        Some((key, _)) if is_behind_url && is_secret(key) => format!("{key}=***"),
        _ => without_password(word),
    };
    value.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// `scheme://user:password@host` with stars for the password.
fn without_password(value: &str) -> String {
    let hidden = || {
        let (scheme, rest) = value.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        let (login, _) = authority.rsplit_once('@')?;
        let (user, _) = login.split_once(':')?;
        let behind = rest.get(login.len()..)?;
        Some(format!("{scheme}://{user}:***{behind}"))
    };
    hidden().unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_literal_that_reads_back() {
        for (value, shown) in [
            ("7", "7"),
            ("-7", "-7"),
            ("007", r#""007""#),
            ("0.5", r#""0.5""#),
            (r#"a"b\c"#, r#""a\"b\\c""#),
            ("a\nb\u{1}", r#""a\nb\u0001""#),
        ] {
            assert_eq!(literal(value), shown);
            let text = format!("x = {shown}");
            let table = toml::de::DeTable::parse(&text).unwrap();
            let back = match table.get_ref().values().next().unwrap().get_ref() {
                toml::de::DeValue::String(text) => text.to_string(),
                other => other.as_integer().unwrap().to_string(),
            };
            assert_eq!(back, value);
        }
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("http://me:secret@host:1/a@b"), "http://me:***@host:1/a@b");
        for plain in ["http://host:1/a:b@c", "mqtt://me@host", "127.0.0.1:7726", "a:b@c"] {
            assert_eq!(without_password(plain), plain);
        }
        let all = "http://me:a@h protocol=grpc header=authorization=b token-file=c api-token=d";
        let shown = "http://me:***@h protocol=grpc header=*** token-file=c api-token=***";
        assert_eq!(without_secrets(all), shown);
        for plain in ["a  b = c", "service=web and operation=GET /token*", "password=hash"] {
            assert_eq!(without_secrets(plain), plain);
        }
    }
}
