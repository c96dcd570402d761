//! The fields of the messages that vectors hold.

use super::{Field, Kind, Message};

const fn field(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: false }
}

const fn list(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, repeated: true }
}

/// `TracesData`, and the request that exports it.
pub static TRACES: Message = &[list("resourceSpans", 1, Kind::Message(&RESOURCE_SPANS))];
static RESOURCE_SPANS: Message = &[
    field("resource", 1, Kind::Message(&RESOURCE)),
    list("scopeSpans", 2, Kind::Message(&SCOPE_SPANS)),
    field("schemaUrl", 3, Kind::Text),
];
static RESOURCE: Message = &[
    list("attributes", 1, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 2, Kind::Number),
];
static SCOPE_SPANS: Message = &[
    field("scope", 1, Kind::Message(&SCOPE)),
    list("spans", 2, Kind::Message(&SPAN)),
    field("schemaUrl", 3, Kind::Text),
];
static SCOPE: Message = &[
    field("name", 1, Kind::Text),
    field("version", 2, Kind::Text),
    list("attributes", 3, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 4, Kind::Number),
];
static SPAN: Message = &[
    field("traceId", 1, Kind::Id),
    field("spanId", 2, Kind::Id),
    field("traceState", 3, Kind::Text),
    field("parentSpanId", 4, Kind::Id),
    field("name", 5, Kind::Text),
    field("kind", 6, Kind::Number),
    field("startTimeUnixNano", 7, Kind::Fixed64),
    field("endTimeUnixNano", 8, Kind::Fixed64),
    list("attributes", 9, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 10, Kind::Number),
    list("events", 11, Kind::Message(&EVENT)),
    field("droppedEventsCount", 12, Kind::Number),
    list("links", 13, Kind::Message(&LINK)),
    field("droppedLinksCount", 14, Kind::Number),
    field("status", 15, Kind::Message(&STATUS)),
    field("flags", 16, Kind::Fixed32),
];
static EVENT: Message = &[
    field("timeUnixNano", 1, Kind::Fixed64),
    field("name", 2, Kind::Text),
    list("attributes", 3, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 4, Kind::Number),
];
static LINK: Message = &[
    field("traceId", 1, Kind::Id),
    field("spanId", 2, Kind::Id),
    field("traceState", 3, Kind::Text),
    list("attributes", 4, Kind::Message(&ATTRIBUTE)),
    field("droppedAttributesCount", 5, Kind::Number),
    field("flags", 6, Kind::Fixed32),
];
static STATUS: Message = &[field("message", 2, Kind::Text), field("code", 3, Kind::Number)];
static ATTRIBUTE: Message =
    &[field("key", 1, Kind::Text), field("value", 2, Kind::Message(&VALUE))];
static VALUE: Message = &[
    field("stringValue", 1, Kind::Text),
    field("boolValue", 2, Kind::Flag),
    field("intValue", 3, Kind::Long),
    field("doubleValue", 4, Kind::Double),
    field("arrayValue", 5, Kind::Message(&LIST)),
    field("kvlistValue", 6, Kind::Message(&MAP)),
    field("bytesValue", 7, Kind::Base64),
];
static LIST: Message = &[list("values", 1, Kind::Message(&VALUE))];
static MAP: Message = &[list("values", 1, Kind::Message(&ATTRIBUTE))];

/// `ExportTraceServiceResponse`.
pub static EXPORTED: Message = &[field("partialSuccess", 1, Kind::Message(&PARTIAL))];
static PARTIAL: Message =
    &[field("rejectedSpans", 1, Kind::Long), field("errorMessage", 2, Kind::Text)];

static TIME: Message = &[field("seconds", 1, Kind::Long), field("nanos", 2, Kind::Number)];

/// A request or an answer that says nothing: `GetServicesRequest`.
pub static NOTHING: Message = &[];
/// `jaeger.storage.v2.GetTracesRequest`.
pub static TRACES_BY_ID: Message = &[list("query", 1, Kind::Message(&TRACE_BY_ID))];
static TRACE_BY_ID: Message = &[
    field("traceId", 1, Kind::Id),
    field("startTime", 2, Kind::Message(&TIME)),
    field("endTime", 3, Kind::Message(&TIME)),
];
/// `jaeger.storage.v2.GetServicesResponse`.
pub static SERVICES: Message = &[list("services", 1, Kind::Text)];
/// `jaeger.storage.v2.GetOperationsRequest`.
pub static OPERATIONS_QUERY: Message =
    &[field("service", 1, Kind::Text), field("spanKind", 2, Kind::Text)];
/// `jaeger.storage.v2.GetOperationsResponse`.
pub static OPERATIONS: Message = &[list("operations", 1, Kind::Message(&OPERATION))];
static OPERATION: Message = &[field("name", 1, Kind::Text), field("spanKind", 2, Kind::Text)];
/// `jaeger.storage.v2.FindTracesRequest`, which asks for ids too.
pub static TRACES_QUERY: Message = &[field("query", 1, Kind::Message(&QUERY))];
static QUERY: Message = &[
    field("serviceName", 1, Kind::Text),
    field("operationName", 2, Kind::Text),
    list("attributes", 3, Kind::Message(&ATTRIBUTE)),
    field("startTimeMin", 4, Kind::Message(&TIME)),
    field("startTimeMax", 5, Kind::Message(&TIME)),
    field("durationMin", 6, Kind::Message(&TIME)),
    field("durationMax", 7, Kind::Message(&TIME)),
    field("searchDepth", 8, Kind::Number),
];
/// `jaeger.storage.v2.FindTraceIDsResponse`.
pub static TRACE_IDS: Message = &[list("traceIds", 1, Kind::Message(&FOUND))];
static FOUND: Message = &[
    field("traceId", 1, Kind::Id),
    field("start", 2, Kind::Message(&TIME)),
    field("end", 3, Kind::Message(&TIME)),
];
/// `jaeger.storage.v2.GetDependenciesRequest`.
pub static DEPENDENCIES_QUERY: Message =
    &[field("startTime", 1, Kind::Message(&TIME)), field("endTime", 2, Kind::Message(&TIME))];
/// `jaeger.storage.v2.GetDependenciesResponse`.
pub static DEPENDENCIES: Message = &[list("dependencies", 1, Kind::Message(&DEPENDENCY))];
static DEPENDENCY: Message = &[
    field("parent", 1, Kind::Text),
    field("child", 2, Kind::Text),
    field("callCount", 3, Kind::Long),
    field("source", 4, Kind::Text),
];

/// `jaeger.api_v2.SamplingStrategyParameters`.
pub static SAMPLING_QUERY: Message = &[field("serviceName", 1, Kind::Text)];
/// `jaeger.api_v2.SamplingStrategyResponse`.
pub static STRATEGY: Message = &[
    field("strategyType", 1, Kind::Number),
    field("probabilisticSampling", 2, Kind::Message(&SHARE)),
    field("rateLimitingSampling", 3, Kind::Message(&RATE)),
    field("operationSampling", 4, Kind::Message(&BY_OPERATION)),
];
static SHARE: Message = &[field("samplingRate", 1, Kind::Double)];
static RATE: Message = &[field("maxTracesPerSecond", 1, Kind::Number)];
static BY_OPERATION: Message = &[
    field("defaultSamplingProbability", 1, Kind::Double),
    field("defaultLowerBoundTracesPerSecond", 2, Kind::Double),
    list("perOperationStrategies", 3, Kind::Message(&OF_OPERATION)),
    field("defaultUpperBoundTracesPerSecond", 4, Kind::Double),
];
static OF_OPERATION: Message =
    &[field("operation", 1, Kind::Text), field("probabilisticSampling", 2, Kind::Message(&SHARE))];
