//! The same strategies for devices, which do not ask: they are told.

use super::{Kind, Strategies, Strategy};
use crate::order::{MOST_STANDING, Order, Standing};
use std::sync::Arc;

impl Strategies {
    /// The same as what stands for devices, and what of it these cannot be told: a share that is none, a
    /// name that is too long, more operations than a device is told.
    ///
    /// A service without a strategy goes by the default one of the file. Without that its devices are told
    /// nothing, since they have samplers of their own.
    #[must_use]
    pub fn standing(&self) -> (Standing, Vec<String>) {
        let mut warnings = Vec::new();
        let services = self.by_service.iter().map(|(name, strategy)| {
            let orders = orders(&format!("{name}/"), strategy, &mut warnings);
            (name.clone(), orders)
        });
        let services = services.collect();
        let others = self.has_default.then(|| orders("", &self.default, &mut warnings));
        warnings.sort();
        (Standing::new(services, others.unwrap_or_default()), warnings)
    }
}

fn orders(prefix: &str, strategy: &Strategy, warnings: &mut Vec<String>) -> Arc<[Order]> {
    let general = match strategy.kind {
        Kind::Share(share) => format!("{prefix}sample={share}"),
        Kind::Rate(rate) => format!("{prefix}sample={rate}/s"),
    };
    let operations = strategy.operations.iter().flat_map(|(_, list)| list);
    let operations = operations.map(|(name, share)| format!("{prefix}operation={name}:{share}"));
    let mut orders = Vec::new();
    for text in core::iter::once(general).chain(operations) {
        match text.parse() {
            Ok(_) if orders.len() == MOST_STANDING => {
                warnings.push(format!(
                    "devices are told {MOST_STANDING} strategies of a service at most: not {text}"
                ));
                break;
            }
            Ok(order) => orders.push(order),
            Err(why) => warnings.push(format!("devices cannot be told {text}: {why}")),
        }
    }
    orders.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(standing: &Standing, service: &str) -> Vec<String> {
        standing.of(service).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn devices_are_told_the_same() {
        let strategies = Strategies::parse(
            r#"{"default_strategy": {"type": "ratelimiting", "param": 5},
                "service_strategies": [{"service": "sensor/a", "type": "probabilistic", "param": 0.5,
                    "operation_strategies": [
                        {"operation": "GET /x", "type": "probabilistic", "param": 1}]}]}"#,
        );
        let (standing, warnings) = strategies.unwrap().standing();
        assert_eq!(warnings, [""; 0]);
        assert_eq!(
            told(&standing, "sensor/a"),
            ["sensor/a/sample=0.5", "sensor/a/operation=GET /x:1"]
        );
        assert_eq!(told(&standing, "motor"), ["sample=5/s"]);
    }

    #[test]
    fn without_a_default_others_are_left_alone() {
        let only = r#"{"service_strategies": [
            {"service": "sensor", "type": "probabilistic", "param": 0.25}]}"#;
        let (standing, _) = Strategies::parse(only).unwrap().standing();
        assert_eq!(told(&standing, "sensor"), ["sensor/sample=0.25"]);
        assert_eq!(told(&standing, "motor"), [""; 0]);
        assert!(Strategies::default().standing().0.is_empty());
    }

    #[test]
    fn what_a_device_cannot_be_told_is_said_and_the_rest_is_told() {
        let long = "n".repeat(80);
        let file = format!(
            r#"{{"default_strategy": {{"type": "probabilistic", "param": 7, "operation_strategies": [
                {{"operation": "{long}", "type": "probabilistic", "param": 1}},
                {{"operation": "read", "type": "probabilistic", "param": 0.5}}]}}}}"#
        );
        let (standing, warnings) = Strategies::parse(&file).unwrap().standing();
        assert_eq!(told(&standing, "sensor"), ["operation=read:0.5"]);
        assert!(warnings.iter().any(|why| why.contains("told sample=7: ")), "{warnings:?}");
        assert_eq!(warnings.len(), 2);

        let operation =
            |n: usize| format!(r#"{{"operation": "o{n}", "type": "probabilistic", "param": 1}}"#);
        let many: Vec<_> = (0..100).map(operation).collect();
        let file = format!(
            r#"{{"default_strategy": {{"type": "probabilistic", "param": 1, "operation_strategies": [{}]}}}}"#,
            many.join(",")
        );
        let (standing, warnings) = Strategies::parse(&file).unwrap().standing();
        assert_eq!((standing.of("sensor").len(), warnings.len()), (MOST_STANDING, 1));
    }
}
