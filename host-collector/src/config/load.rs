//! [`load`]: from words and variables to what the program does.

use super::layers::merge;
use super::setting::{Setting, Values};
use super::show::without_secrets;
use super::{Effective, Environment, Failure, Keys, Origin, Problem, dirs, file, line};
use clap::error::ErrorKind;
use clap::{ArgMatches, Command};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

/// A configuration.
#[derive(Debug)]
pub struct Loaded {
    /// The options of the command line, with what the layers below it say.
    pub matches: ArgMatches,
    /// The values of all keys of the command, and where they come from.
    pub effective: Effective,
    /// What looks like a mistake and is none.
    pub warnings: Vec<String>,
}

/// Reads file, environment and command line, in growing weight.
///
/// The file is that of `--config`, of `SPANDREL_CONFIG`, or the user's; `--no-config` is for none.
///
/// # Errors
/// There is a mistake in one of them, or help was asked for.
pub fn load(
    mut command: Command,
    words: Vec<OsString>,
    environment: &Environment,
) -> Result<Loaded, Failure> {
    command.build();
    let keys = Keys::of(&command);
    let (words, mut layers) = line::switches(words, &keys);
    // Whatever is wrong with it is told of the whole, below.
    let given = command.clone().ignore_errors(true).try_get_matches_from(&words);
    let given = given.map_err(|error| Failure::Usage(Box::new(error), Vec::new()))?;
    let (leaf, given) = leaf(&command, &given);

    let mut problems = Vec::new();
    if let Some((text, path)) = read_file(given, environment)? {
        let (settings, wrong) = file::settings(&text, path, &keys);
        layers.extend(settings);
        problems.extend(wrong);
    }
    let (settings, wrong) = environment.settings(&keys);
    layers.extend(settings);
    problems.extend(wrong);
    // Also of what another layer replaces: it is a mistake where it stands.
    for setting in &layers {
        problems.extend(wrong_values(&command, &keys, setting));
    }
    if !problems.is_empty() {
        problems.sort_by_key(|problem| problem.origin.clone());
        return Err(Failure::Problems(problems));
    }

    let merged = merge(layers, leaf, given);
    let with_option = |setting: &Setting| {
        let key = keys.iter().find(|key| key.id == setting.id);
        key.map(|key| line::words(&key.option, &setting.values)).unwrap_or_default()
    };
    let more = merged.values().flat_map(with_option).collect();
    let matches = command.clone().try_get_matches_from(line::with(&words, more));
    let matches = matches.map_err(|error| usage(error, &merged, &keys))?;
    let (leaf, in_leaf) = self::leaf(&command, &matches);
    let effective = Effective::new(&keys, leaf, in_leaf, &merged);
    Ok(Loaded { effective, matches, warnings: environment.unknown(&keys) })
}

/// The command that was chosen, at the end of its names.
fn leaf<'a>(mut command: &'a Command, mut given: &'a ArgMatches) -> (&'a Command, &'a ArgMatches) {
    while let Some((name, below)) = given.subcommand()
        && let Some(chosen) = command.find_subcommand(name)
    {
        (command, given) = (chosen, below);
    }
    (command, given)
}

/// The file, if there should be one.
fn read_file(
    given: &ArgMatches,
    environment: &Environment,
) -> Result<Option<(String, PathBuf)>, Failure> {
    if given.get_flag("no_config") {
        return Ok(None);
    }
    let by_option = given.get_raw("config").and_then(|mut values| values.next());
    let by_option = by_option.map(|path| (path, Origin::CommandLine("config".into())));
    let by_variable = || {
        let path = environment.get("SPANDREL_CONFIG")?;
        Some((path, Origin::Environment("SPANDREL_CONFIG".into())))
    };
    let asked_for = by_option.or_else(by_variable).map(|(path, why)| (PathBuf::from(path), why));
    let candidates = match &asked_for {
        Some((path, _)) => vec![path.clone()],
        None => dirs::config_files(environment),
    };
    for path in candidates {
        let why = match read(&path) {
            Ok(text) => return Ok(Some((text, path))),
            Err(why) if asked_for.is_none() && why.kind() == io::ErrorKind::NotFound => continue,
            Err(why) => why,
        };
        let what = format!("cannot read {}: {why}", path.display());
        let usual = Origin::File { path: Arc::new(path), line: 1 };
        let origin = asked_for.map_or(usual, |(_, origin)| origin);
        return Err(Failure::Problems(vec![Problem { origin, what }]));
    }
    Ok(None)
}

fn read(path: &PathBuf) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(file::LONGEST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > file::LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB, so it is no configuration"));
    }
    Ok(text)
}

/// What the option itself says to each of the values.
fn wrong_values(command: &Command, keys: &Keys, setting: &Setting) -> Vec<Problem> {
    let (Some(key), Values::Words(words)) =
        (keys.iter().find(|key| key.id == setting.id), &setting.values)
    else {
        return Vec::new();
    };
    // A command of this one option, so that nothing else can be wrong.
    let Some(option) = find(command, &key.id) else { return Vec::new() };
    let plain = clap::Arg::new("value").long("value").action(clap::ArgAction::Set);
    let plain = plain.value_parser(option.get_value_parser().clone());
    let alone = Command::new("alone").disable_help_flag(true).arg(plain);
    let refused = |(word, origin): &(OsString, Origin)| {
        let words = [OsString::from("alone"), line::joined("value", word)];
        let error = alone.clone().try_get_matches_from(words).err()?;
        let shown = match key.is_secret {
            true => "this".to_owned(),
            false => without_secrets(&word.to_string_lossy()),
        };
        let mut what = format!("{} cannot be {shown}", key.path());
        if let Some(source) = core::error::Error::source(&error) {
            what.push_str(&format!(": {source}"));
        }
        if !key.looks.is_empty() {
            what.push_str(&format!("; it is {}", key.looks));
        }
        Some(Problem { origin: origin.clone(), what })
    };
    words.iter().filter_map(refused).collect()
}

fn find<'a>(command: &'a Command, id: &str) -> Option<&'a clap::Arg> {
    let own = command.get_arguments().find(|option| *option.get_id() == *id);
    own.or_else(|| command.get_subcommands().find_map(|below| find(below, id)))
}

/// Options that a mistake names may stand elsewhere than in the command line.
fn usage(error: clap::Error, merged: &BTreeMap<String, Setting>, keys: &Keys) -> Failure {
    let text = error.to_string();
    let is_named = |option: &str| {
        let option = format!("--{option}");
        let mut behind = text.split(&*option).skip(1);
        behind.any(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-'))
    };
    let note = |setting: &Setting| {
        let key = keys.iter().find(|key| key.id == setting.id)?;
        let is_elsewhere = !matches!(setting.origin, Origin::CommandLine(_));
        let is_told = is_elsewhere
            && is_named(&key.option)
            && !matches!(error.kind(), ErrorKind::DisplayHelp);
        is_told.then(|| format!("--{} is {}, set by {}", key.option, key.path(), setting.origin))
    };
    let notes = merged.values().filter_map(note).collect();
    Failure::Usage(Box::new(error), notes)
}
