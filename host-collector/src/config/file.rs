//! What a TOML file says of the keys.

use super::setting::{Setting, Values};
use super::{Key, Keys, Kind, Origin, Problem};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A configuration is some lines; what is longer is another file.
pub(super) const LONGEST: u64 = 1 << 20;

/// Reads the text of the file at `path`.
pub(super) fn settings(text: &str, path: PathBuf, keys: &Keys) -> (Vec<Setting>, Vec<Problem>) {
    let path = Arc::new(path);
    let mut reader = Reader { text, path, keys, settings: BTreeMap::new(), problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        reader.refuse(error.span().unwrap_or_default(), error.message().to_owned());
    }
    // What is read of a file that is none says more of the mistake than of what was meant.
    if errors.is_empty() {
        reader.sections(table.get_ref());
    }
    (reader.settings.into_values().collect(), reader.problems)
}

struct Reader<'a> {
    text: &'a str,
    path: Arc<PathBuf>,
    keys: &'a Keys,
    settings: BTreeMap<String, Setting>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn origin(&self, span: &Range<usize>) -> Origin {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
        Origin::File { path: self.path.clone(), line }
    }

    fn refuse(&mut self, span: Range<usize>, what: String) {
        self.problems.push(Problem { origin: self.origin(&span), what });
    }

    fn sections(&mut self, table: &DeTable<'_>) {
        for (section, value) in table {
            let name: &str = section.get_ref();
            match value.get_ref() {
                DeValue::Table(table) if self.keys.has_section(name) => self.section(name, table),
                DeValue::Table(table) => {
                    // A section with one slip in its name is one mistake, however many keys it has.
                    let what = match self.nearest_section(name, table) {
                        Some(nearest) => {
                            format!("there is no section [{name}]: did you mean [{nearest}]?")
                        }
                        None => format!("there is no section [{name}]: {}", self.all_sections()),
                    };
                    self.refuse(section.span(), what);
                }
                _ if self.keys.has_section(name) => {
                    self.refuse(
                        section.span(),
                        format!("{name} is a section: write [{name}], and its keys below"),
                    );
                }
                _ => self.unknown("", section),
            }
        }
    }

    fn nearest_section(&self, name: &str, table: &DeTable<'_>) -> Option<String> {
        let by_name = self.keys.nearest_section(name).map(str::to_owned);
        let by_keys = || {
            let mut keys = table.keys();
            keys.find_map(|key| self.keys.nearest(name, key.get_ref()))
                .map(|key| key.section.clone())
        };
        by_name.or_else(by_keys)
    }

    fn all_sections(&self) -> String {
        let mut sections: Vec<_> =
            self.keys.iter().map(|key| format!("[{}]", key.section)).collect();
        sections.dedup();
        format!("there are {}", sections.join(", "))
    }

    fn unknown(&mut self, section: &str, name: &Spanned<std::borrow::Cow<'_, str>>) {
        let key: &str = name.get_ref();
        let in_section =
            if section.is_empty() { String::new() } else { format!(" in [{section}]") };
        let what = match self.keys.nearest(section, key) {
            Some(nearest) if nearest.section == section.replace('_', "-") => {
                format!("there is no key {key}{in_section}: did you mean {}?", nearest.name)
            }
            Some(nearest) => {
                let (name, section) = (&nearest.name, &nearest.section);
                format!("there is no key {key}{in_section}: did you mean {name} in [{section}]?")
            }
            None => {
                format!("there is no key {key}{in_section}: `spandrel config` shows all there are")
            }
        };
        self.refuse(name.span(), what);
    }

    fn section(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let Some(key) = self.keys.get(section, name.get_ref()) else {
                self.unknown(section, name);
                continue;
            };
            if self.settings.contains_key(&key.id) {
                self.refuse(name.span(), format!("{} is given twice", key.path()));
                continue;
            }
            if matches!(value.get_ref(), DeValue::Array(values) if values.is_empty())
                && !key.defaults.is_empty()
            {
                let what = format!(
                    "{} is empty: leave it out for {}",
                    key.path(),
                    key.defaults.join(", ")
                );
                self.refuse(name.span(), what);
                continue;
            }
            match self.values(key, value) {
                Ok(values) => {
                    let origin = self.origin(&name.span());
                    let setting = Setting { id: key.id.clone(), values, origin };
                    self.settings.insert(key.id.clone(), setting);
                }
                Err(span) => {
                    let what = format!("{} is {}, {}", key.path(), key.takes(), key.looks_like());
                    self.refuse(span, what);
                }
            }
        }
    }

    /// The values as words; or where the one is that cannot be.
    fn values(&self, key: &Key, value: &Spanned<DeValue<'_>>) -> Result<Values, Range<usize>> {
        match (key.kind, value.get_ref()) {
            (Kind::Switch { inverted }, DeValue::Boolean(on)) => Ok(Values::Given(*on != inverted)),
            (Kind::Many, DeValue::Array(values)) => Ok(Values::Words(
                values.iter().map(|value| self.word(value)).collect::<Result<_, _>>()?,
            )),
            (Kind::One | Kind::Many, _) => Ok(Values::Words(vec![self.word(value)?])),
            (Kind::Switch { .. }, _) => Err(value.span()),
        }
    }

    fn word(&self, value: &Spanned<DeValue<'_>>) -> Result<(OsString, Origin), Range<usize>> {
        let word = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.to_string(),
            DeValue::Boolean(on) => on.to_string(),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                return Err(value.span());
            }
        };
        Ok((word.into(), self.origin(&value.span())))
    }
}

impl Key {
    /// What kind of value it takes, for whoever gave another.
    fn takes(&self) -> &'static str {
        match self.kind {
            Kind::Switch { .. } => "a switch",
            Kind::One => "one text or number",
            Kind::Many => "an array of texts or numbers",
        }
    }

    /// What its values look like.
    pub(super) fn looks_like(&self) -> String {
        match self.kind {
            Kind::Switch { .. } => self.looks.clone(),
            _ => format!("such as {}", self.looks),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::command;
    use proptest::prelude::*;

    fn read(text: &str) -> (Vec<Setting>, Vec<String>) {
        let (settings, mut problems) = settings(text, "c.toml".into(), &Keys::of(&command()));
        problems.sort_by_key(|problem| problem.origin.clone());
        (settings, problems.iter().map(ToString::to_string).collect())
    }

    fn at(line: usize) -> Origin {
        Origin::File { path: Arc::new("c.toml".into()), line }
    }

    #[test]
    fn a_file_sets_keys_and_knows_the_lines() {
        let text = "# ours\n[receive]\nlisten = '[::1]:7'\ntcp = false\nserial = [\n 'a',\n 'b',\n]\n\n\
                    [rtt]\njlink_channel = 0x10\n";
        let (settings, problems) = read(text);
        assert_eq!(problems, [""; 0]);
        let setting = |id: &str, values, line| Setting { id: id.into(), values, origin: at(line) };
        let expected = [
            setting("listen", Values::Words(vec![("[::1]:7".into(), at(3))]), 3),
            setting("no_tcp", Values::Given(true), 4),
            setting("rtt-jlink-channel", Values::Words(vec![("0x10".into(), at(11))]), 11),
            setting("serial", Values::Words(vec![("a".into(), at(6)), ("b".into(), at(7))]), 5),
        ];
        assert_eq!(settings, expected);
    }

    #[test]
    fn a_slip_names_what_was_meant_and_the_line() {
        for (text, what) in [
            (
                "[receive]\nlisen = 1",
                "c.toml:2: there is no key lisen in [receive]: did you mean listen?",
            ),
            (
                "[rtt]\n\nlisten = 1",
                "c.toml:3: there is no key listen in [rtt]: did you mean listen in [receive]?",
            ),
            ("no-tcp = true", "c.toml:1: there is no key no-tcp: did you mean tcp in [receive]?"),
            (
                "[recieve]\nlisten = 1",
                "c.toml:1: there is no section [recieve]: did you mean [receive]?",
            ),
            (
                "[web]\nexport-otlp = 1",
                "c.toml:1: there is no section [web]: did you mean [export]?",
            ),
            ("receive = 1", "c.toml:1: receive is a section: write [receive], and its keys below"),
            ("[receive]\ntcp = 'yes'", "c.toml:2: receive.tcp is a switch, true or false"),
            (
                "[receive]\nlisten = ['a']",
                "c.toml:2: receive.listen is one text or number, such as ADDRESS:PORT",
            ),
            (
                "[receive]\nserial = ['a',\n{b=1}]",
                "c.toml:3: receive.serial is an array of texts or numbers, such as PATH",
            ),
            (
                "[rtt]\njlink-channel = 1\njlink_channel = 2",
                "c.toml:3: rtt.jlink-channel is given twice",
            ),
        ] {
            assert_eq!(read(text), (read(text).0, vec![what.to_owned()]), "{text}");
        }
        let (_, problems) = read("[shoe]\nsize = 1");
        assert_eq!(
            problems,
            [
                "c.toml:1: there is no section [shoe]: there are [export], [log], [receive], [rtt], [store]"
            ]
        );
        let (settings, problems) = read("[receive]\ntcp = false\nlisten = \n[rtt");
        assert!(settings.is_empty() && problems[0].starts_with("c.toml:3: "), "{problems:?}");
    }

    #[test]
    fn all_mistakes_are_told_at_once_and_in_order() {
        let (_, problems) = read("[rtt]\nx = 1\n[receive]\ntcp = 1\nlisen = 1\n");
        let lines: Vec<_> = problems.iter().map(|problem| problem[..9].to_owned()).collect();
        assert_eq!(lines, ["c.toml:2:", "c.toml:4:", "c.toml:5:"]);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\[\\]a-z=\"'\\n. ,{}#0-9\\-]{0,80}") {
            read(&text);
        }

        #[test]
        fn any_bytes_are_read_or_refused(text in any::<String>()) {
            read(&text);
        }
    }
}
