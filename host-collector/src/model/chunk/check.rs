//! Whether bytes are what a chunk promises, read once from front to back.

use super::sanitize;
use super::{AttributeView, Chunk, ValueView};
use crate::model::SERVICE_NAME;
use crate::protobuf::{Field, Fields, Malformed};
use bytes::Bytes;

/// Values may hold values to this depth, as protobuf's own readers limit it.
pub const MAX_DEPTH: u32 = 100;

/// Why bytes are no spans at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// They are no protobuf.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// They are protobuf, but of another message.
    #[error(
        "no OTLP trace data: field {number} of {message} has another type; send an \
         ExportTraceServiceRequest"
    )]
    OtherMessage {
        /// OTLP's name of the message.
        message: &'static str,
        /// The field.
        number: u32,
    },
    /// A value holds values that hold values, and so on.
    #[error("an attribute is nested deeper than {MAX_DEPTH} values")]
    TooDeep,
}

/// A chunk, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// What is in order, or was put in order.
    pub chunk: Chunk,
    /// How many spans were left out.
    pub rejected: usize,
    /// Why the first of them was; empty if none was.
    pub why: &'static str,
}

impl Chunk {
    /// Checks an `ExportTraceServiceRequest` or `TracesData`, and puts in order what can be.
    ///
    /// What is in order already is not copied.
    /// As a Jaeger does it: a name that is missing is said to be, and a span ends a nanosecond after it
    /// starts where it would end before, with a warning. What is no UTF-8 becomes bytes under a key that
    /// says so.
    /// Spans without a trace id of 16 bytes and a span id of 8, neither of them 0, are left out.
    ///
    /// # Errors
    /// Where the bytes are not the protobuf of spans; nothing of them can be used then.
    pub fn check(bytes: impl Into<Bytes>) -> Result<Checked, CheckError> {
        let bytes = bytes.into();
        let mut scan = Scan { is_clean: true, ..Scan::default() };
        scan.trace_data(&bytes)?;
        if scan.is_clean {
            let chunk = Self { bytes, spans: scan.spans };
            return Ok(Checked { chunk, rejected: 0, why: "" });
        }
        Ok(sanitize::rebuild(&bytes))
    }
}

impl<'a> AttributeView<'a> {
    /// Checks a key and its value that somebody sent; none where a text in it is no UTF-8.
    pub(crate) fn check(raw: &'a [u8]) -> Result<Option<Self>, CheckError> {
        let mut scan = Scan { is_clean: true, ..Scan::default() };
        scan.attribute(raw, 0)?;
        Ok(scan.is_clean.then_some(Self { raw }))
    }
}

/// What was seen on the way through a message.
#[derive(Default)]
struct Scan {
    spans: usize,
    /// Whether nothing needs to be changed.
    is_clean: bool,
}

/// Why a span with these ids cannot be shown, if it cannot.
pub(super) fn fault_of_ids(trace_id: &[u8], span_id: &[u8], parent: &[u8]) -> Option<&'static str> {
    let is_id = |id: &[u8], length| id.len() == length && id.iter().any(|byte| *byte != 0);
    if !is_id(trace_id, 16) {
        Some("a span has no trace id of 16 bytes, or one of zeros")
    } else if !is_id(span_id, 8) {
        Some("a span has no span id of 8 bytes, or one of zeros")
    } else if ![0, 8].contains(&parent.len()) {
        Some("the parent of a span is no id of 8 bytes")
    } else {
        None
    }
}

/// Whether a link's ids are of a length that an id has, or not given.
pub(super) fn are_ids_of_link(trace_id: &[u8], span_id: &[u8]) -> bool {
    [0, 16].contains(&trace_id.len()) && [0, 8].contains(&span_id.len())
}

impl Scan {
    fn trace_data(&mut self, message: &[u8]) -> Result<(), CheckError> {
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(group)) => self.resource_spans(group)?,
                (number @ 1, _) => return other("TracesData", number),
                _ => {}
            }
        }
        Ok(())
    }

    fn resource_spans(&mut self, message: &[u8]) -> Result<(), CheckError> {
        let mut is_named = false;
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(resource)) => is_named = self.resource(resource)?,
                (2, Field::Bytes(group)) => self.scope_spans(group)?,
                (3, Field::Bytes(url)) => self.text(url),
                (number @ 1..=3, _) => return other("ResourceSpans", number),
                _ => {}
            }
        }
        self.is_clean &= is_named;
        Ok(())
    }

    /// Says whether the resource has a service's name.
    fn resource(&mut self, message: &[u8]) -> Result<bool, CheckError> {
        let mut is_named = None;
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(attribute)) => {
                    let (key, value) = self.attribute(attribute, 0)?;
                    if key == SERVICE_NAME.as_bytes() && is_named.is_none() {
                        let name = ValueView::new(value);
                        is_named = Some(matches!(name, ValueView::Str(name) if !name.is_empty()));
                    }
                }
                (2, Field::Varint(_)) => {}
                (number @ 1..=2, _) => return other("Resource", number),
                _ => {}
            }
        }
        Ok(is_named.unwrap_or(false))
    }

    fn scope_spans(&mut self, message: &[u8]) -> Result<(), CheckError> {
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(scope)) => self.scope(scope)?,
                (2, Field::Bytes(span)) => self.span(span)?,
                (3, Field::Bytes(url)) => self.text(url),
                (number @ 1..=3, _) => return other("ScopeSpans", number),
                _ => {}
            }
        }
        Ok(())
    }

    fn scope(&mut self, message: &[u8]) -> Result<(), CheckError> {
        for field in Fields::new(message) {
            match field? {
                (1 | 2, Field::Bytes(text)) => self.text(text),
                (3, Field::Bytes(attribute)) => drop(self.attribute(attribute, 0)?),
                (4, Field::Varint(_)) => {}
                (number @ 1..=4, _) => return other("InstrumentationScope", number),
                _ => {}
            }
        }
        Ok(())
    }

    fn span(&mut self, message: &[u8]) -> Result<(), CheckError> {
        let (mut ids, mut name): ([&[u8]; 3], &[u8]) = ([&[]; 3], &[]);
        let (mut start_ns, mut end_ns) = (0, 0);
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(id)) => ids[0] = id,
                (2, Field::Bytes(id)) => ids[1] = id,
                (3, Field::Bytes(state)) => self.text(state),
                (4, Field::Bytes(id)) => ids[2] = id,
                (5, Field::Bytes(text)) => {
                    name = text;
                    self.text(text);
                }
                (7, Field::Fixed64(time_ns)) => start_ns = time_ns,
                (8, Field::Fixed64(time_ns)) => end_ns = time_ns,
                (9, Field::Bytes(attribute)) => drop(self.attribute(attribute, 0)?),
                (11, Field::Bytes(event)) => self.event(event)?,
                (13, Field::Bytes(link)) => self.link(link)?,
                (15, Field::Bytes(status)) => self.status(status)?,
                (6 | 10 | 12 | 14, Field::Varint(_)) | (16, Field::Fixed32(_)) => {}
                (number @ 1..=16, _) => return other("Span", number),
                _ => {}
            }
        }
        let [trace_id, span_id, parent] = ids;
        let has_ids = fault_of_ids(trace_id, span_id, parent).is_none();
        self.is_clean &= has_ids && !name.is_empty() && start_ns < end_ns;
        self.spans += 1;
        Ok(())
    }

    fn event(&mut self, message: &[u8]) -> Result<(), CheckError> {
        for field in Fields::new(message) {
            match field? {
                (2, Field::Bytes(name)) => self.text(name),
                (3, Field::Bytes(attribute)) => drop(self.attribute(attribute, 0)?),
                (1, Field::Fixed64(_)) | (4, Field::Varint(_)) => {}
                (number @ 1..=4, _) => return other("Event", number),
                _ => {}
            }
        }
        Ok(())
    }

    fn link(&mut self, message: &[u8]) -> Result<(), CheckError> {
        let mut ids: [&[u8]; 2] = [&[]; 2];
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(id)) => ids[0] = id,
                (2, Field::Bytes(id)) => ids[1] = id,
                (3, Field::Bytes(state)) => self.text(state),
                (4, Field::Bytes(attribute)) => drop(self.attribute(attribute, 0)?),
                (5, Field::Varint(_)) | (6, Field::Fixed32(_)) => {}
                (number @ 1..=6, _) => return other("Link", number),
                _ => {}
            }
        }
        let [trace_id, span_id] = ids;
        self.is_clean &= are_ids_of_link(trace_id, span_id);
        Ok(())
    }

    fn status(&mut self, message: &[u8]) -> Result<(), CheckError> {
        for field in Fields::new(message) {
            match field? {
                (2, Field::Bytes(text)) => self.text(text),
                (3, Field::Varint(_)) => {}
                (number @ 2..=3, _) => return other("Status", number),
                _ => {}
            }
        }
        Ok(())
    }

    /// Gives the key and the message of the value.
    fn attribute<'a>(
        &mut self,
        message: &'a [u8],
        depth: u32,
    ) -> Result<(&'a [u8], &'a [u8]), CheckError> {
        let (mut key, mut value): (&[u8], &[u8]) = (&[], &[]);
        // Most are a short key and a short value, and nothing else.
        if let Some([key, value]) = AttributeView::split_short(message) {
            self.text(key);
            self.value(value, depth)?;
            return Ok((key, value));
        }
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(text)) => {
                    key = text;
                    self.text(text);
                }
                (2, Field::Bytes(message)) => {
                    value = message;
                    self.value(message, depth)?;
                }
                (number @ 1..=2, _) => return other("KeyValue", number),
                _ => {}
            }
        }
        Ok((key, value))
    }

    fn value(&mut self, message: &[u8], depth: u32) -> Result<(), CheckError> {
        if depth > MAX_DEPTH {
            return Err(CheckError::TooDeep);
        }
        // Most are a short text, or a number below 2^14.
        if let Some(text) = ValueView::short_text(message) {
            self.text(text);
            return Ok(());
        }
        if let [0x10 | 0x18, ..0x80] | [0x10 | 0x18, 0x80..=0xff, ..0x80] = message {
            return Ok(());
        }
        for field in Fields::new(message) {
            match field? {
                (1, Field::Bytes(text)) => self.text(text),
                (2 | 3, Field::Varint(_)) | (4, Field::Fixed64(_)) | (7, Field::Bytes(_)) => {}
                (5, Field::Bytes(list)) => {
                    for field in Fields::new(list) {
                        match field? {
                            (1, Field::Bytes(value)) => self.value(value, depth + 1)?,
                            (number @ 1, _) => return other("ArrayValue", number),
                            _ => {}
                        }
                    }
                }
                (6, Field::Bytes(list)) => {
                    for field in Fields::new(list) {
                        match field? {
                            (1, Field::Bytes(entry)) => drop(self.attribute(entry, depth + 1)?),
                            (number @ 1, _) => return other("KeyValueList", number),
                            _ => {}
                        }
                    }
                }
                (number @ 1..=7, _) => return other("AnyValue", number),
                _ => {}
            }
        }
        Ok(())
    }

    fn text(&mut self, bytes: &[u8]) {
        self.is_clean &= is_ascii(bytes) || str::from_utf8(bytes).is_ok();
    }
}

/// Whether there is nothing but ASCII, as in most texts: several bytes at once, also of a short one.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;

    let all = if let Some(last) = bytes.last_chunk() {
        let (words, _) = bytes.as_chunks();
        words.iter().chain([last]).fold(0, |all, word| all | u64::from_le_bytes(*word))
    } else if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u64::from(u32::from_le_bytes(*first) | u32::from_le_bytes(*last))
    } else {
        bytes.iter().fold(0, |all, byte| all | byte).into()
    };
    all & HIGH == 0
}

fn other<T>(message: &'static str, number: u32) -> Result<T, CheckError> {
    Err(CheckError::OtherMessage { message, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_of_every_length_is_told_from_other_bytes() {
        for length in 0..40 {
            let mut text = vec![b'a'; length];
            assert!(is_ascii(&text), "{length}");
            for at in 0..length {
                text[at] = 0x80;
                assert!(!is_ascii(&text), "{at} of {length}");
                text[at] = 0x7f;
            }
        }
    }
}
