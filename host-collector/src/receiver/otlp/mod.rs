//! OTLP as it comes: JSON becomes the protobuf that it stands for.
//!
//! Protobuf needs nothing here: [`Chunk::check`](crate::model::Chunk::check) reads it as it is.

mod json;

pub use json::{JsonError, from_json};
