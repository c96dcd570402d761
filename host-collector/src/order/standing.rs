//! [`Standing`]: what devices are told as long as it stands, and what changes when it does not.

use super::Order;
use spandrel::wire::Command;
use std::collections::HashMap;
use std::sync::Arc;

/// More orders than this do not stand for one service.
pub(crate) const MOST_STANDING: usize = 48;

/// What devices are told as long as it stands: for each service what counts there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    services: HashMap<String, Arc<[Order]>>,
    others: Arc<[Order]>,
}

impl Standing {
    /// These orders for these services, and those for all others.
    #[must_use]
    pub fn new(services: HashMap<String, Arc<[Order]>>, others: Arc<[Order]>) -> Self {
        Self { services, others }
    }

    /// What counts for a service.
    #[must_use]
    pub fn of(&self, service: &str) -> &Arc<[Order]> {
        self.services.get(service).unwrap_or(&self.others)
    }

    /// Whether nobody is told anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.others.is_empty() && self.services.values().all(|orders| orders.is_empty())
    }
}

/// What stands for a device from `now` on for which something stood before.
///
/// A device has no way to forget an operation, so that one without a share of its own any more has that of
/// all. More than [`MOST_STANDING`] of these are not kept in mind.
pub(crate) fn after(before: &[Order], now: &Arc<[Order]>) -> Arc<[Order]> {
    let is_known = |name| now.iter().filter_map(operation).any(|known| known == name);
    let is_gone = |order: &&Order| operation(order).is_some_and(|name| !is_known(name));
    let mut gone = before.iter().filter(is_gone).take(MOST_STANDING).peekable();
    if gone.peek().is_none() {
        return now.clone();
    }
    let general = now.iter().find_map(|order| general(order.command));
    let as_all = |order: &Order| match (operation(order), general) {
        (Some(name), Some((share, at_least))) => {
            let command = Command::Operation { name, share, at_least };
            let text = format!("operation={name}:{share}:{at_least}/s");
            Order { service: None, text, command }
        }
        _ => order.clone(),
    };
    now.iter().cloned().chain(gone.map(as_all)).collect()
}

fn operation(order: &Order) -> Option<&'static str> {
    match order.command {
        Command::Operation { name, .. } => Some(name),
        _ => None,
    }
}

/// A share and a least rate that come to the same for one operation.
fn general(command: Command<'_>) -> Option<(f32, f32)> {
    Some(match command {
        Command::SampleAlways => (1.0, 0.0),
        Command::SampleNever => (0.0, 0.0),
        Command::SampleShare(share) => (share, 0.0),
        Command::SampleRate(rate) => (0.0, rate),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(texts: &[&str]) -> Arc<[Order]> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn stands(before: &[&str], now: &[&str]) -> Vec<String> {
        after(&orders(before), &orders(now)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stands_now_stands_as_it_is() {
        let now = ["sample=0.5", "operation=read:1"];
        assert_eq!(stands(&[], &now), now);
        assert_eq!(stands(&["sample=3/s", "operation=read:0.5", "budget=7"], &now), now);
        assert_eq!(stands(&["sample=3/s"], &[]), [""; 0]);
    }

    #[test]
    fn an_operation_without_a_share_of_its_own_is_sampled_as_all_are() {
        let before = ["sample=0.5", "operation=read:1"];
        let share = ["sample=0.25", "operation=read:0.25:0/s"];
        assert_eq!(stands(&before, &["sample=0.25"]), share);
        let rate = ["sample=3/s", "operation=write:1", "operation=read:0:3/s"];
        assert_eq!(stands(&share, &["sample=3/s", "operation=write:1"]), rate, "also later");
        assert_eq!(
            stands(&rate, &["sample=3/s", "operation=read:1"]),
            ["sample=3/s", "operation=read:1", "operation=write:0:3/s"]
        );
        // Nobody knows how the program samples by itself.
        assert_eq!(stands(&before, &[]), ["operation=read:1"]);
    }

    #[test]
    fn what_is_kept_in_mind_is_bounded() {
        let name = |n: usize| format!("operation=o{n}:1");
        let many: Vec<_> = (0..500).map(name).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(stands(&many, &["sample=1"]).len(), MOST_STANDING + 1);
    }
}
