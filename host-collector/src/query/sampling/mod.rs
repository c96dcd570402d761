//! Remote sampling: what services ask a Jaeger about how much to sample, answered from a file of
//! strategies as Jaeger has it.

mod call;
mod devices;

use super::{Answer, Context, Endpoint, Method, Request, TEXT};
use crate::json::Writer;
use crate::storage::Reader;
use serde::Deserialize;
use std::collections::HashMap;

/// The share that is sampled where no strategy says another.
pub const DEFAULT_SHARE: f64 = 0.001;

/// What can be asked.
pub const ENDPOINTS: [Endpoint; 3] = [
    get("/sampling", "how a service is to sample", by_name),
    get("/api/sampling", "the same", by_name),
    get("/", "the same, with types as numbers", by_number),
];

/// What can be called.
pub const METHODS: [Method; 1] = [Method {
    path: "/jaeger.api_v2.SamplingManager/GetSamplingStrategy",
    about: "how a service is to sample",
    handler: call::strategy,
}];

const fn get(pattern: &'static str, about: &'static str, handler: super::Handler) -> Endpoint {
    Endpoint { method: "GET", pattern, about, handler }
}

/// Strategies for all services.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategies {
    default: Strategy,
    /// Whether the file says so.
    has_default: bool,
    by_service: HashMap<String, Strategy>,
    /// What of the file was not as it should be, and what was made of it.
    pub warnings: Vec<String>,
}

/// How one service is to sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Strategy {
    /// In general.
    pub kind: Kind,
    /// By operation, if at all: the share of all others, and the shares of these.
    pub operations: Option<(f64, Vec<(String, f64)>)>,
}

/// How to sample in general.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A share of the traces.
    Share(f64),
    /// So many traces a second.
    Rate(i32),
}

impl Default for Strategies {
    fn default() -> Self {
        let default = Strategy { kind: Kind::Share(DEFAULT_SHARE), operations: None };
        Self { default, has_default: false, by_service: HashMap::new(), warnings: Vec::new() }
    }
}

#[derive(Deserialize)]
struct File {
    default_strategy: Option<OfService>,
    service_strategies: Option<Vec<OfService>>,
}

#[derive(Deserialize)]
struct OfService {
    #[serde(default)]
    service: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    param: f64,
    operation_strategies: Option<Vec<OfOperation>>,
}

#[derive(Deserialize)]
struct OfOperation {
    #[serde(default)]
    operation: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    param: f64,
}

impl Strategies {
    /// Reads a file of strategies.
    ///
    /// # Errors
    /// If it is no JSON of that form; with the place.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        let mut strategies = Self::default();
        let Some(file) = serde_json::from_str::<Option<File>>(json)? else {
            return Ok(strategies);
        };
        if let Some(default) = file.default_strategy {
            strategies.default = strategies.strategy(&default);
            strategies.has_default = true;
        }
        for service in file.service_strategies.unwrap_or_default() {
            let mut strategy = strategies.strategy(&service);
            if let Some((share, list)) = &strategies.default.operations {
                // Operations that the service does not name itself are sampled as those of all.
                let own_share = match strategy.kind {
                    Kind::Share(share) => share,
                    Kind::Rate(_) => *share,
                };
                let (_, own) = strategy.operations.get_or_insert((own_share, Vec::new()));
                let is_new = |name: &str| !own.iter().any(|(known, _)| known == name);
                let more: Vec<_> = list.iter().filter(|(name, _)| is_new(name)).cloned().collect();
                own.extend(more);
            }
            strategies.by_service.insert(service.service, strategy);
        }
        Ok(strategies)
    }

    fn kind(&mut self, kind: &str, param: f64, of: &str) -> Kind {
        match kind {
            "probabilistic" => Kind::Share(param),
            #[expect(clippy::cast_possible_truncation, reason = "as Jaeger has it: whole traces")]
            "ratelimiting" => Kind::Rate(param as i32),
            other => {
                self.warnings.push(format!(
                    "there is no sampling of the type \"{other}\", as {of} asks: write probabilistic or \
                     ratelimiting; {DEFAULT_SHARE} of its traces are sampled"
                ));
                Kind::Share(DEFAULT_SHARE)
            }
        }
    }

    fn strategy(&mut self, of: &OfService) -> Strategy {
        let name = if of.service.is_empty() { "the default strategy" } else { &of.service };
        let kind = self.kind(&of.kind, of.param, name);
        let list = of.operation_strategies.as_deref().unwrap_or_default();
        if list.is_empty() {
            return Strategy { kind, operations: None };
        }
        let share = match kind {
            Kind::Share(share) => share,
            Kind::Rate(_) => DEFAULT_SHARE,
        };
        let mut operations = Vec::new();
        for one in list {
            match self.kind(&one.kind, one.param, &one.operation) {
                Kind::Share(share) => operations.push((one.operation.clone(), share)),
                Kind::Rate(_) => self.warnings.push(format!(
                    "an operation is sampled by a share alone: \"{}\" of {name} is sampled as others are",
                    one.operation
                )),
            }
        }
        Strategy { kind, operations: Some((share, operations)) }
    }

    /// The strategy for a service.
    #[must_use]
    pub fn of(&self, service: &str) -> &Strategy {
        self.by_service.get(service).unwrap_or(&self.default)
    }
}

impl Strategy {
    fn write(&self, out: &mut Writer, [share, rate]: [&str; 2]) {
        match self.kind {
            Kind::Share(value) => {
                out.raw("{\"strategyType\":");
                out.raw(share);
                out.raw(",\"probabilisticSampling\":{\"samplingRate\":");
                out.double(value);
            }
            Kind::Rate(value) => {
                out.raw("{\"strategyType\":");
                out.raw(rate);
                out.raw(",\"rateLimitingSampling\":{\"maxTracesPerSecond\":");
                out.signed(value.into());
            }
        }
        out.raw("}");
        if let Some((share, list)) = &self.operations {
            out.raw(",\"operationSampling\":{\"defaultSamplingProbability\":");
            out.double(*share);
            out.raw(",\"defaultLowerBoundTracesPerSecond\":0,\"perOperationStrategies\":");
            out.list(list, |out, (name, share)| {
                out.raw("{\"operation\":");
                out.string(name);
                out.raw(",\"probabilisticSampling\":{\"samplingRate\":");
                out.double(*share);
                out.raw("}}");
            });
            out.raw(",\"defaultUpperBoundTracesPerSecond\":0}");
        }
        out.raw("}");
    }
}

/// Answers with the types of strategies as names, which clients of Jaeger read.
fn by_name(request: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    answer(request, context, ["\"PROBABILISTIC\"", "\"RATE_LIMITING\""])
}

/// Answers with the types of strategies as numbers, as Jaeger's oldest clients ask for.
fn by_number(request: &Request<'_>, _: &dyn Reader, context: &Context) -> Answer {
    answer(request, context, ["0", "1"])
}

fn answer(request: &Request<'_>, context: &Context, types: [&str; 2]) -> Answer {
    let mut services = request.all("service");
    let (Some(service), None) = (services.next(), services.next()) else {
        let text = "'service' parameter must be provided once\n";
        return Answer::new(400, TEXT, text.as_bytes().to_vec());
    };
    let mut out = Writer::default();
    context.strategies.of(service).write(&mut out, types);
    Answer::json(out.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_said_and_the_rest_counts() {
        let strategies = Strategies::parse(
            r#"{"service_strategies": [
                {"service": "a", "type": "adaptive"},
                {"service": "b", "type": "probabilistic", "param": 0.5, "operation_strategies": [
                    {"operation": "x", "type": "ratelimiting", "param": 3},
                    {"operation": "y", "type": "probabilistic", "param": 0.25}
                ]}
            ]}"#,
        );
        let strategies = strategies.unwrap();
        assert_eq!(strategies.of("a").kind, Kind::Share(DEFAULT_SHARE));
        let operations = Some((0.5, vec![("y".to_owned(), 0.25)]));
        assert_eq!(strategies.of("b"), &Strategy { kind: Kind::Share(0.5), operations });
        assert_eq!(strategies.warnings.len(), 2, "{:?}", strategies.warnings);
        let error = Strategies::parse("{\n\"default_strategy\": 3}").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert_eq!(Strategies::parse("null").unwrap(), Strategies::default());
    }
}
