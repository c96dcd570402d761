//! OTLP: the same `ExportTraceServiceRequest` as protobuf and as JSON.

pub use crate::model::PROCESS_WARNINGS;
use crate::model::{Batch, encode};
use crate::protobuf::{Field, Fields, Writer};

mod json;

pub use json::{json, to_json};

/// An OTLP request with these batches, as protobuf. Batches without spans are left out.
#[must_use]
pub fn to_protobuf<'a>(batches: impl IntoIterator<Item = &'a Batch>) -> Vec<u8> {
    let mut writer = Writer::default();
    for batch in batches.into_iter().filter(|batch| !batch.spans.is_empty()) {
        encode::batch(&mut writer, batch);
    }
    writer.into_bytes()
}

/// What a server says about a request that it took: how many spans it refused, and why.
///
/// A server that took everything says nothing, or sends a warning with 0 refused spans.
#[must_use]
pub fn partial_success(response: &[u8]) -> (u64, String) {
    let (mut rejected, mut message) = (0, String::new());
    let fields = |bytes| Fields::new(bytes).map_while(Result::ok);
    for (number, field) in fields(response) {
        let (1, Field::Bytes(partial)) = (number, field) else { continue };
        for entry in fields(partial) {
            match entry {
                (1, Field::Varint(count)) => rejected = count,
                (2, Field::Bytes(text)) => message = String::from_utf8_lossy(text).into_owned(),
                _ => {}
            }
        }
    }
    (rejected, message)
}

#[cfg(test)]
mod tests;
