//! [`Environment`]: the variables of the process, and what they say of keys.

use super::setting::{Setting, Values};
use super::{Key, Keys, Kind, Origin, Problem};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// Variables that are no keys.
const OTHERS: [&str; 4] =
    ["SPANDREL_CONFIG", "SPANDREL_KEYS", "SPANDREL_MQTT_PASSWORD", "SPANDREL_TOKEN"];

/// Variables of an environment, which may be that of a test.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// That of this process.
    #[must_use]
    pub fn here() -> Self {
        Self::from(std::env::vars_os())
    }

    /// One of these variables.
    pub fn from(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// What the variable holds; one that is empty is as good as none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(|value| &**value).filter(|value| !value.is_empty())
    }

    /// The folder that a variable names; a relative one would be another from each place.
    pub(super) fn folder(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    }

    /// What the variables say of the keys.
    pub(super) fn settings(&self, keys: &Keys) -> (Vec<Setting>, Vec<Problem>) {
        let (mut settings, mut problems) = (Vec::new(), Vec::new());
        for key in keys.iter() {
            let own = key.variable();
            let found = [Some(&own), key.other_variable.as_ref()].into_iter().flatten();
            let Some((name, value)) = found.filter_map(|name| Some((name, self.get(name)?))).next()
            else {
                continue;
            };
            let origin = Origin::Environment(name.clone());
            match values(key, value, &origin) {
                Ok(values) => settings.push(Setting { id: key.id.clone(), values, origin }),
                Err(what) => problems.push(Problem { origin, what }),
            }
        }
        (settings, problems)
    }

    /// A line for each variable that looks as if it should do something and does not.
    pub(super) fn unknown(&self, keys: &Keys) -> Vec<String> {
        let is_known =
            |name: &str| OTHERS.contains(&name) || keys.iter().any(|key| key.is_set_by(name));
        let names = self.0.keys().filter_map(|name| name.to_str());
        let unknown = names.filter(|name| name.starts_with("SPANDREL_") && !is_known(name));
        let tell = |name: &str| match keys.nearest_variable(name) {
            Some(nearest) => format!("{name} in the environment is not known: {nearest} is"),
            None => {
                format!("{name} in the environment is not known: `spandrel config` shows what is")
            }
        };
        unknown.map(tell).collect()
    }
}

fn values(key: &Key, value: &OsStr, origin: &Origin) -> Result<Values, String> {
    let word = |word: OsString| (word, origin.clone());
    match (key.kind, value.to_str()) {
        (Kind::Switch { inverted }, text) => match text.unwrap_or_default() {
            "true" | "1" => Ok(Values::Given(!inverted)),
            "false" | "0" => Ok(Values::Given(inverted)),
            _ => Err(format!("{} is true or false, not {value:?}", key.path())),
        },
        (Kind::Many, Some(text)) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Ok(Values::Words(parts.map(|part| word(part.into())).collect()))
        }
        // A path need not be text.
        (Kind::Many | Kind::One, _) => Ok(Values::Words(vec![word(value.into())])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{command, environment};

    fn settings(variables: &[(&str, &str)]) -> Result<Vec<(String, Values)>, String> {
        let (settings, problems) = environment(variables).settings(&Keys::of(&command()));
        match problems.first() {
            Some(problem) => Err(problem.to_string()),
            None => Ok(settings.into_iter().map(|setting| (setting.id, setting.values)).collect()),
        }
    }

    fn words(words: &[&str], name: &str) -> Values {
        let origin = Origin::Environment(name.into());
        Values::Words(words.iter().map(|&word| (word.into(), origin.clone())).collect())
    }

    #[test]
    fn a_variable_sets_a_key() {
        let listen = settings(&[("SPANDREL_RECEIVE_LISTEN", "[::1]:7")]).unwrap();
        let expected = words(&["[::1]:7"], "SPANDREL_RECEIVE_LISTEN");
        assert_eq!(listen, [("listen".into(), expected)]);
        let serial = settings(&[("SPANDREL_RECEIVE_SERIAL", "/dev/a, /dev/b:9600,")]).unwrap();
        let expected = words(&["/dev/a", "/dev/b:9600"], "SPANDREL_RECEIVE_SERIAL");
        assert_eq!(serial, [("serial".into(), expected)]);
        let tcp = settings(&[("SPANDREL_RECEIVE_TCP", "false")]).unwrap();
        assert_eq!(tcp, [("no_tcp".into(), Values::Given(true))]);
        assert!(settings(&[("SPANDREL_RECEIVE_TCP", "")]).unwrap().is_empty());
        let error = settings(&[("SPANDREL_RECEIVE_TCP", "perhaps")]).unwrap_err();
        assert_eq!(error, r#"SPANDREL_RECEIVE_TCP: receive.tcp is true or false, not "perhaps""#);
    }

    #[test]
    fn a_variable_that_nobody_reads_is_told() {
        let keys = Keys::of(&command());
        let told = |name| environment(&[(name, "x")]).unknown(&keys);
        let known = ["SPANDREL_RTT_TCP", "SPANDREL_KEYS", "SPANDREL_CONFIG", "HOME", "SPANDRELLA"];
        assert!(known.into_iter().all(|name| told(name).is_empty()));
        let near = "SPANDREL_RTT_TPC in the environment is not known: SPANDREL_RTT_TCP is";
        assert_eq!(told("SPANDREL_RTT_TPC"), [near]);
        assert!(told("SPANDREL_SHOE_SIZE")[0].ends_with("`spandrel config` shows what is"));
    }
}
