//! [`Keys`]: what can be configured, as the command line declares it.

use clap::{Arg, ArgAction, Command};
use std::collections::BTreeMap;

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// True or false. Where the option is called `no-x`, the key is `x` and true is what it is without.
    Switch {
        /// Whether the option says no to what the key says.
        inverted: bool,
    },
    /// One value.
    One,
    /// Any number of values.
    Many,
}

/// A key of the file, which is a variable of the environment and an option, too.
#[derive(Clone, Debug)]
pub struct Key {
    /// The section that it stands in.
    pub section: String,
    /// Its name there.
    pub name: String,
    /// What clap calls the option.
    pub(super) id: String,
    /// The option, without its dashes.
    pub option: String,
    /// What it takes.
    pub kind: Kind,
    /// What a value looks like, as the help has it.
    pub looks: String,
    /// What it takes when nobody says anything.
    pub defaults: Vec<String>,
    /// What it does.
    pub help: String,
    /// Another variable that it is taken from, if its own is not there.
    pub(super) other_variable: Option<String>,
    /// Whether it must not be shown.
    pub is_secret: bool,
}

/// Whatever can be configured, by section and name.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<(String, String), Key>);

/// Names of what nobody should read over a shoulder; a file with it in may be named.
const SECRETS: [&str; 5] = ["password", "secret", "token", "header", "headers"];

/// Whether values of what is called so must not be shown.
pub(super) fn is_secret(name: &str) -> bool {
    name.rsplit('-').next().is_some_and(|word| SECRETS.contains(&word))
}

impl Key {
    /// None if the option is about this one run: if it has no heading.
    fn of(option: &Arg) -> Option<Self> {
        let (long, heading) = (option.get_long()?, option.get_help_heading()?);
        // "Receive over RTT" is [rtt].
        let section = heading.split_whitespace().last()?.to_lowercase();
        let kind = match option.get_action() {
            ArgAction::SetTrue => Kind::Switch { inverted: long.starts_with("no-") },
            ArgAction::Set => Kind::One,
            ArgAction::Append => Kind::Many,
            _ => return None,
        };
        let values = option.get_value_names().unwrap_or_default();
        let mut looks = values.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" ");
        let possible = option.get_possible_values();
        if let Kind::Switch { .. } = kind {
            looks = "true or false".to_owned();
        } else if !possible.is_empty() {
            let names: Vec<_> = possible.iter().map(|value| value.get_name()).collect();
            looks = names.join(" or ");
        }
        let name = name(&section, long, kind, &looks);
        let is_secret = option.is_hide_env_values_set() || is_secret(&name);
        let defaults = match kind {
            Kind::Switch { inverted } => vec![inverted.to_string()],
            _ => option.get_default_values().iter().map(|v| v.to_string_lossy().into()).collect(),
        };
        Some(Self {
            section,
            name,
            id: option.get_id().to_string(),
            option: long.to_owned(),
            kind,
            looks,
            defaults,
            help: option.get_help().map(ToString::to_string).unwrap_or_default(),
            other_variable: option.get_env().map(|name| name.to_string_lossy().into_owned()),
            is_secret,
        })
    }

    /// Section and name, as they are written in one word.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The variable of the environment.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("SPANDREL_{}_{}", self.section, self.name).replace('-', "_").to_uppercase()
    }

    /// Whether a variable of this name does something for it.
    pub(super) fn is_set_by(&self, variable: &str) -> bool {
        self.variable() == variable || self.other_variable.as_deref() == Some(variable)
    }
}

/// What an option is called within its section: `rtt-tcp` is `tcp` of [rtt], and `no-tcp` is `tcp`, too.
fn name(section: &str, long: &str, kind: Kind, looks: &str) -> String {
    let positive = match kind {
        Kind::Switch { inverted: true } => long.strip_prefix("no-").unwrap_or(long),
        _ => long,
    };
    if positive != section {
        let rest = positive.strip_prefix(section).and_then(|rest| rest.strip_prefix('-'));
        return rest.unwrap_or(positive).to_owned();
    }
    match kind {
        Kind::Switch { .. } => "enabled".to_owned(),
        // `--store FOLDER` is `folder` of [store].
        _ => {
            let word =
                looks.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty());
            word.unwrap_or(positive).to_lowercase()
        }
    }
}

impl Keys {
    /// Those of a command and of all commands below it.
    #[must_use]
    pub fn of(command: &Command) -> Self {
        let mut keys = Self::default();
        keys.add(command);
        keys
    }

    fn add(&mut self, command: &Command) {
        for key in command.get_arguments().filter_map(Key::of) {
            self.0.entry((key.section.clone(), key.name.clone())).or_insert(key);
        }
        command.get_subcommands().for_each(|command| self.add(command));
    }

    /// All of them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.values()
    }

    /// The key with this name; dashes and underscores are one.
    #[must_use]
    pub fn get(&self, section: &str, name: &str) -> Option<&Key> {
        self.0.get(&(section.replace('_', "-"), name.replace('_', "-")))
    }

    /// Whether there is such a section.
    #[must_use]
    pub fn has_section(&self, section: &str) -> bool {
        let section = section.replace('_', "-");
        self.iter().any(|key| key.section == section)
    }

    /// The key that somebody means who writes this.
    #[must_use]
    pub fn nearest(&self, section: &str, name: &str) -> Option<&Key> {
        let (section, name) = (section.replace('_', "-"), name.replace('_', "-"));
        // Its right name in the wrong place, or the name of the option.
        let known = |key: &&Key| key.name == name || key.option == name;
        let mut known = self.iter().filter(known);
        if let (Some(key), None) = (known.next(), known.next()) {
            return Some(key);
        }
        let path = format!("{section}.{name}");
        let mut best =
            self.iter().map(|key| (distance(&path, key, &name), key)).collect::<Vec<_>>();
        best.sort_by_key(|(distance, _)| *distance);
        best.into_iter().find(|(distance, _)| is_near(*distance, &path)).map(|(_, key)| key)
    }

    /// The section that somebody means who writes this.
    #[must_use]
    pub fn nearest_section(&self, section: &str) -> Option<&str> {
        let near =
            |key: &&Key| is_near(strsim::damerau_levenshtein(section, &key.section), section);
        let by_distance = |key: &&Key| strsim::damerau_levenshtein(section, &key.section);
        self.iter().filter(near).min_by_key(by_distance).map(|key| &*key.section)
    }

    /// The variable that somebody means who sets this.
    #[must_use]
    pub fn nearest_variable(&self, variable: &str) -> Option<String> {
        let distance = |name: &String| strsim::damerau_levenshtein(variable, name);
        let nearest = self.iter().map(Key::variable).min_by_key(distance)?;
        is_near(distance(&nearest), variable).then_some(nearest)
    }
}

/// How many slips of the fingers lie between what was written and the key; the name counts, wherever it is.
fn distance(path: &str, key: &Key, name: &str) -> usize {
    let whole = strsim::damerau_levenshtein(path, &key.path());
    whole.min(1 + strsim::damerau_levenshtein(name, &key.name))
}

/// Whether so many slips are likely.
fn is_near(distance: usize, written: &str) -> bool {
    distance <= 1 + written.len() / 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::command;

    fn keys() -> Keys {
        Keys::of(&command())
    }

    #[test]
    fn an_option_is_a_key_by_its_heading() {
        let keys = keys();
        let paths: Vec<_> = keys.iter().map(Key::path).collect();
        let all = [
            "export.headers",
            "export.otlp",
            "log.format",
            "receive.listen",
            "receive.serial",
            "receive.tcp",
            "rtt.channel",
            "rtt.jlink-channel",
            "rtt.tcp",
            "store.folder",
        ];
        assert_eq!(paths, all);
        let tcp = keys.get("receive", "tcp").unwrap();
        assert_eq!((tcp.kind, &*tcp.option), (Kind::Switch { inverted: true }, "no-tcp"));
        assert_eq!((&tcp.defaults[..], &*tcp.looks), (&["true".to_owned()][..], "true or false"));
        assert_eq!(
            keys.get("rtt", "jlink_channel").unwrap().variable(),
            "SPANDREL_RTT_JLINK_CHANNEL"
        );
        assert_eq!(keys.get("log", "format").unwrap().looks, "text or json");
        assert!(keys.get("export", "headers").unwrap().is_secret);
    }

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let keys = keys();
        let nearest = |section, name| keys.nearest(section, name).map(Key::path);
        for (section, name, meant) in [
            ("receive", "lisen", "receive.listen"),
            ("recieve", "listen", "receive.listen"),
            // In the wrong section, and called as the option is.
            ("rtt", "listen", "receive.listen"),
            ("", "rtt-channel", "rtt.channel"),
            ("store", "export_otlp", "export.otlp"),
        ] {
            assert_eq!(nearest(section, name).as_deref(), Some(meant), "{section}.{name}");
        }
        assert_eq!(nearest("receive", "colour-of-the-sky"), None);
        assert_eq!(keys.nearest_section("recieve"), Some("receive"));
        assert_eq!(keys.nearest_section("weather"), None);
        let variable = keys.nearest_variable("SPANDREL_RECIEVE_LISTEN");
        assert_eq!(variable.as_deref(), Some("SPANDREL_RECEIVE_LISTEN"));
    }
}
