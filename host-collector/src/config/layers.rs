//! Which layer has the say.

use super::setting::{Setting, Values};
use clap::{ArgMatches, Command, parser::ValueSource};
use std::collections::BTreeMap;

/// For each option of a command, what the heaviest layer says that says anything. Options that the command
/// line itself has are not in it.
pub(super) fn merge(
    layers: Vec<Setting>,
    command: &Command,
    given: &ArgMatches,
) -> BTreeMap<String, Setting> {
    let mut merged: BTreeMap<String, Setting> = BTreeMap::new();
    let is_given = |id: &str| given.value_source(id) == Some(ValueSource::CommandLine);
    for setting in layers {
        let is_option = command.get_arguments().any(|option| *option.get_id() == *setting.id);
        if !is_option || is_given(&setting.id) {
            continue;
        }
        let weight = |setting: &Setting| setting.origin.weight();
        let known = merged.get(&setting.id).map_or(0, weight);
        if known <= weight(&setting) {
            merged.insert(setting.id.clone(), setting);
        }
    }
    // What excludes another takes its place; within one layer it stays a mistake.
    let weights: Vec<_> = command
        .get_arguments()
        .map(|option| option.get_id().as_str())
        .filter_map(|id| match merged.get(id) {
            Some(setting) if setting.is_there() => Some((id.to_owned(), setting.origin.weight())),
            Some(_) => None,
            None => is_given(id).then(|| (id.to_owned(), u8::MAX)),
        })
        .collect();
    merged.retain(|id, setting| {
        let weight = setting.origin.weight();
        !weights.iter().any(|(other, heavier)| *heavier > weight && exclude(command, id, other))
    });
    merged
}

impl Setting {
    fn is_there(&self) -> bool {
        match &self.values {
            Values::Given(given) => *given,
            Values::Words(words) => !words.is_empty(),
        }
    }
}

/// Whether two options cannot stand together.
fn exclude(command: &Command, one: &str, other: &str) -> bool {
    let says_so = |one: &str, other: &str| {
        let option = command.get_arguments().find(|option| *option.get_id() == *one);
        option.is_some_and(|option| {
            command.get_arg_conflicts_with(option).iter().any(|option| *option.get_id() == *other)
        })
    };
    let share_a_group = || {
        command.get_groups().any(|group| {
            let has = |id: &str| group.get_args().any(|member| *member == *id);
            one != other && has(one) && has(other) && !group.clone().is_multiple()
        })
    };
    says_so(one, other) || says_so(other, one) || share_a_group()
}
