//! The hello-world of three services: running it on boards or as processes, judging and showing its trace.

pub mod check;
pub mod run;
pub mod services;
pub mod tree;

/// A right trace, as a collector would write it.
#[cfg(test)]
fn fixture() -> serde_json::Value {
    serde_json::from_str(include_str!("good.json")).expect("the fixture is JSON")
}
