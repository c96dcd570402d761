//! Clients for Go that propagate contexts: `tests/peers/carriers`.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use super::go::GoProgram;
use super::lines;
use crate::skip::Skip;

const CARRIERS: GoProgram = GoProgram {
    name: "the clients that propagate contexts",
    program: "carriers",
    module: "carriers",
    package: ".",
    sources: &["go.mod", "go.sum", "main.go"],
    takes: "about a minute",
};

/// The clients, as a program that answers lines of JSON.
#[derive(Debug)]
pub struct CarrierPeers(PathBuf);

impl CarrierPeers {
    /// The program, built on the first call and after a change of its sources.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<Self, Skip> {
        CARRIERS.build().map(Self).map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// What the clients answer to each request; `tests/peers/carriers/main.go` says what is in both.
    ///
    /// # Errors
    /// If they end without an answer to each; the message has what they wrote.
    pub fn ask(&self, requests: &[Value]) -> Result<Vec<Value>> {
        lines::ask(CARRIERS.name, &self.0, requests)
    }
}
