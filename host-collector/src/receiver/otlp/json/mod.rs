//! OTLP's JSON: protobuf's JSON mapping, but ids are hexadecimal and enums are numbers.
//!
//! Nothing is built in between: the text is read once, from front to back, and each field is written as
//! protobuf where it is met, as the tables of OTLP's messages have it. What is no valid text
//! stays as it is, for [`Chunk::check`](crate::model::Chunk::check) to make something of.
//!
//! It takes more than OTLP asks for, since senders differ: names with underscores, enums by name,
//! numbers as strings and strings of digits as numbers, `null` for what is absent. Unknown fields are
//! skipped, however deep they are.

mod field;
mod number;
mod table;
#[cfg(test)]
mod tests;

use crate::protobuf::Writer;
use field::Message;
use serde::de::DeserializeSeed as _;

/// Why a text is no OTLP.
#[derive(Debug, thiserror::Error)]
#[error("no OTLP in JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

/// The `ExportTraceServiceRequest` in protobuf that `text` stands for.
///
/// # Errors
/// Where it is no JSON, a field is of another type than OTLP's, or values are nested too deep.
pub fn from_json(text: &[u8]) -> Result<Vec<u8>, JsonError> {
    let mut writer = Writer::default();
    let mut reader = serde_json::Deserializer::from_slice(text);
    Message { fields: &table::TRACES_DATA, out: &mut writer }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(writer.into_bytes())
}
