//! OTLP's messages of traces: names, numbers and types of their fields.

/// The fields of a message. Messages may hold themselves, so they refer to each other.
pub(super) struct Table(pub(super) &'static [Field]);

/// A field.
pub(super) struct Field {
    /// Its name in JSON.
    pub(super) name: &'static str,
    /// Its name in protobuf.
    pub(super) other_name: &'static str,
    /// Its number in protobuf.
    pub(super) number: u32,
    /// What it holds.
    pub(super) holds: Holds,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    /// A `string`.
    Text,
    /// A `string` that is there even if it is empty, since it is one of several things.
    TextValue,
    /// `bytes` that OTLP writes in hexadecimal.
    Hex,
    /// `bytes`.
    Base64,
    /// A `bool`.
    Bool,
    /// A `uint32`.
    Uint32,
    /// A `fixed32`.
    Fixed32,
    /// An enum, and what its names begin with; they follow in the order of their numbers.
    Enum(&'static str, &'static [&'static str]),
    /// A `fixed64`.
    Fixed64,
    /// An `int64`.
    Int64,
    /// A `double`.
    Double,
    /// A message.
    One(&'static Table),
    /// Any number of messages.
    Many(&'static Table),
}

/// A field of one word, which has the same name in both.
const fn word(name: &'static str, number: u32, holds: Holds) -> Field {
    Field { name, other_name: name, number, holds }
}

const fn field(name: &'static str, other_name: &'static str, number: u32, holds: Holds) -> Field {
    Field { name, other_name, number, holds }
}

pub(super) static TRACES_DATA: Table =
    Table(&[field("resourceSpans", "resource_spans", 1, Holds::Many(&RESOURCE_SPANS))]);

static RESOURCE_SPANS: Table = Table(&[
    word("resource", 1, Holds::One(&RESOURCE)),
    field("scopeSpans", "scope_spans", 2, Holds::Many(&SCOPE_SPANS)),
    field("schemaUrl", "schema_url", 3, Holds::Text),
]);

static RESOURCE: Table = Table(&[
    word("attributes", 1, Holds::Many(&KEY_VALUE)),
    field("droppedAttributesCount", "dropped_attributes_count", 2, Holds::Uint32),
]);

static SCOPE_SPANS: Table = Table(&[
    word("scope", 1, Holds::One(&SCOPE)),
    word("spans", 2, Holds::Many(&SPAN)),
    field("schemaUrl", "schema_url", 3, Holds::Text),
]);

static SCOPE: Table = Table(&[
    word("name", 1, Holds::Text),
    word("version", 2, Holds::Text),
    word("attributes", 3, Holds::Many(&KEY_VALUE)),
    field("droppedAttributesCount", "dropped_attributes_count", 4, Holds::Uint32),
]);

static SPAN: Table = Table(&[
    field("traceId", "trace_id", 1, Holds::Hex),
    field("spanId", "span_id", 2, Holds::Hex),
    field("traceState", "trace_state", 3, Holds::Text),
    field("parentSpanId", "parent_span_id", 4, Holds::Hex),
    word("flags", 16, Holds::Fixed32),
    word("name", 5, Holds::Text),
    word("kind", 6, Holds::Enum("SPAN_KIND_", KINDS)),
    field("startTimeUnixNano", "start_time_unix_nano", 7, Holds::Fixed64),
    field("endTimeUnixNano", "end_time_unix_nano", 8, Holds::Fixed64),
    word("attributes", 9, Holds::Many(&KEY_VALUE)),
    field("droppedAttributesCount", "dropped_attributes_count", 10, Holds::Uint32),
    word("events", 11, Holds::Many(&EVENT)),
    field("droppedEventsCount", "dropped_events_count", 12, Holds::Uint32),
    word("links", 13, Holds::Many(&LINK)),
    field("droppedLinksCount", "dropped_links_count", 14, Holds::Uint32),
    word("status", 15, Holds::One(&STATUS)),
]);

const KINDS: &[&str] = &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

static EVENT: Table = Table(&[
    field("timeUnixNano", "time_unix_nano", 1, Holds::Fixed64),
    word("name", 2, Holds::Text),
    word("attributes", 3, Holds::Many(&KEY_VALUE)),
    field("droppedAttributesCount", "dropped_attributes_count", 4, Holds::Uint32),
]);

static LINK: Table = Table(&[
    field("traceId", "trace_id", 1, Holds::Hex),
    field("spanId", "span_id", 2, Holds::Hex),
    field("traceState", "trace_state", 3, Holds::Text),
    word("attributes", 4, Holds::Many(&KEY_VALUE)),
    field("droppedAttributesCount", "dropped_attributes_count", 5, Holds::Uint32),
    word("flags", 6, Holds::Fixed32),
]);

static STATUS: Table = Table(&[
    word("message", 2, Holds::Text),
    word("code", 3, Holds::Enum("STATUS_CODE_", &["UNSET", "OK", "ERROR"])),
]);

static KEY_VALUE: Table =
    Table(&[word("key", 1, Holds::Text), word("value", 2, Holds::One(&ANY_VALUE))]);

static ANY_VALUE: Table = Table(&[
    field("stringValue", "string_value", 1, Holds::TextValue),
    field("boolValue", "bool_value", 2, Holds::Bool),
    field("intValue", "int_value", 3, Holds::Int64),
    field("doubleValue", "double_value", 4, Holds::Double),
    field("arrayValue", "array_value", 5, Holds::One(&ARRAY_VALUE)),
    field("kvlistValue", "kvlist_value", 6, Holds::One(&KEY_VALUE_LIST)),
    field("bytesValue", "bytes_value", 7, Holds::Base64),
]);

static ARRAY_VALUE: Table = Table(&[word("values", 1, Holds::Many(&ANY_VALUE))]);
static KEY_VALUE_LIST: Table = Table(&[word("values", 1, Holds::Many(&KEY_VALUE))]);
