//! A gRPC client, that of Go: `tests/peers/jaeger/ask`.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::go::GoProgram;
use super::lines;
use crate::skip::Skip;

const CLIENT: GoProgram = GoProgram {
    name: "the gRPC client",
    program: "grpc",
    module: "jaeger",
    package: "./ask",
    sources: &["go.mod", "go.sum", "ask/main.go"],
    takes: "half a minute",
};

/// The client.
#[derive(Debug, Clone)]
pub struct GrpcClient(PathBuf);

impl GrpcClient {
    /// The program, built on the first call and after a change of its sources.
    ///
    /// # Errors
    /// If it can't be built here; the reason says what would help.
    pub fn ensure_built() -> Result<Self, Skip> {
        CLIENT.build().map(Self).map_err(|e| Skip::new(format!("{e:#}")))
    }

    /// What a server answers to a call; `tests/peers/jaeger/ask/main.go` says what is in both.
    ///
    /// # Errors
    /// If the client fails. An error of the server is an answer.
    pub fn ask(&self, call: &Value) -> Result<Value> {
        let answers = lines::ask(CLIENT.name, &self.0, core::slice::from_ref(call))?;
        answers.into_iter().next().context("the gRPC client answered nothing")
    }
}
