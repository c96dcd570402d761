//! Names that backends know: the tags and log fields of the `OpenTracing` semantic conventions, and
//! tags that describe a process.
//!
//! As keys of the macros they stand in braces, and where a key is a value as they are:
//!
//! ```
//! # use spandrel::{Clock, Recorder, Tracer};
//! # static RECORDER: Recorder<1024> = Recorder::new();
//! use spandrel::{Value, log, semconv, span, tag};
//!
//! static TRACER: Tracer = Tracer::new("sensor", &RECORDER, Clock::monotonic())
//!     .tags(&[(semconv::SERVICE_VERSION, Value::Text("1.4.2"))]);
//!
//! let span = span!(TRACER, "ask", {semconv::SPAN_KIND} = semconv::SPAN_KIND_CLIENT);
//! tag!(span, {semconv::ERROR} = true);
//! log!(span, {semconv::EVENT} = semconv::EVENT_ERROR, {semconv::MESSAGE} = "no answer");
//! ```
//!
//! Each has its OpenTelemetry name as an alias, by which this documentation finds it. The collector
//! translates what OTLP has fields for: `span.kind`, `error`, and the logs of errors.

// Tags of spans.

/// Text: the library or driver that made the span, such as `"embassy-net"`.
#[doc(alias = "otel.scope.name")]
pub const COMPONENT: &str = "component";

/// Text: the name of the database.
#[doc(alias = "db.namespace")]
pub const DB_INSTANCE: &str = "db.instance";
/// Text: the statement that the database was given.
#[doc(alias = "db.query.text")]
pub const DB_STATEMENT: &str = "db.statement";
/// Text: what kind of database it is, `"sql"` or the name of a product.
#[doc(alias = "db.system.name")]
pub const DB_TYPE: &str = "db.type";
/// Text: the user by whose name the database is asked.
#[doc(alias = "db.user")]
pub const DB_USER: &str = "db.user";

/// Boolean: whether what the span stands for has failed.
#[doc(alias = "otel.status_code")]
pub const ERROR: &str = "error";

/// Text: the method of a request, such as `"GET"`.
#[doc(alias = "http.request.method")]
pub const HTTP_METHOD: &str = "http.method";
/// Integer: the status of a response, such as 503.
#[doc(alias = "http.response.status_code")]
pub const HTTP_STATUS_CODE: &str = "http.status_code";
/// Text: the address that is asked, with scheme and host.
#[doc(alias = "url.full")]
pub const HTTP_URL: &str = "http.url";

/// Text: where messages go to or come from, such as a topic or a queue.
#[doc(alias = "messaging.destination.name")]
pub const MESSAGE_BUS_DESTINATION: &str = "message_bus.destination";

/// Text: the other side in whatever form one connects to it, such as `"10.0.0.2:7726"`.
#[doc(alias = "server.address")]
pub const PEER_ADDRESS: &str = "peer.address";
/// Text: the host name of the other side.
#[doc(alias = "server.address")]
pub const PEER_HOSTNAME: &str = "peer.hostname";
/// Text: the IPv4 address of the other side, with dots.
#[doc(alias = "network.peer.address")]
pub const PEER_IPV4: &str = "peer.ipv4";
/// Text: the IPv6 address of the other side, with colons.
#[doc(alias = "network.peer.address")]
pub const PEER_IPV6: &str = "peer.ipv6";
/// Integer: the port of the other side.
#[doc(alias = "network.peer.port")]
pub const PEER_PORT: &str = "peer.port";
/// Text: the service on the other side, by the name that its own tracer has.
#[doc(alias = "service.peer.name")]
pub const PEER_SERVICE: &str = "peer.service";

/// Integer: above 0 the trace should be kept, 0 it should not. Here the
/// [`Sampler`](crate::Sampler) alone decides, so this is a note to the backend.
#[doc(alias = "TraceFlags")]
pub const SAMPLING_PRIORITY: &str = "sampling.priority";

/// Text: the part that the span has in an exchange, one of the `SPAN_KIND_` constants.
#[doc(alias = "SpanKind")]
pub const SPAN_KIND: &str = "span.kind";
/// Value of [`SPAN_KIND`]: asks somebody and waits for the answer.
#[doc(alias = "CLIENT")]
pub const SPAN_KIND_CLIENT: &str = "client";
/// Value of [`SPAN_KIND`]: answers somebody.
#[doc(alias = "SERVER")]
pub const SPAN_KIND_SERVER: &str = "server";
/// Value of [`SPAN_KIND`]: sends a message and does not wait.
#[doc(alias = "PRODUCER")]
pub const SPAN_KIND_PRODUCER: &str = "producer";
/// Value of [`SPAN_KIND`]: takes a message.
#[doc(alias = "CONSUMER")]
pub const SPAN_KIND_CONSUMER: &str = "consumer";
/// Value of [`SPAN_KIND`]: nobody else takes part, as where there is no such tag. Jaeger's and
/// OpenTelemetry's, not `OpenTracing`'s.
#[doc(alias = "INTERNAL")]
pub const SPAN_KIND_INTERNAL: &str = "internal";

// Fields of logs.

/// Text: what happened, as a short name that does not change.
#[doc(alias = "event.name")]
pub const EVENT: &str = "event";
/// Value of [`EVENT`]: something failed; the other fields say what.
#[doc(alias = "exception")]
pub const EVENT_ERROR: &str = "error";
/// Text: the kind of an error, such as its type.
#[doc(alias = "exception.type")]
pub const ERROR_KIND: &str = "error.kind";
/// The error itself, as a number or as text: a log has no objects.
#[doc(alias = "exception")]
pub const ERROR_OBJECT: &str = "error.object";
/// Text: one line for people, with more than [`EVENT`] says.
#[doc(alias = "exception.message")]
pub const MESSAGE: &str = "message";
/// Text: the calls that led here.
#[doc(alias = "exception.stacktrace")]
pub const STACK: &str = "stack";

// Tags of a process, for `Tracer::tags`. Where OpenTelemetry has a name, it is this.

/// Text: the version of the firmware.
#[doc(alias = "process.version")]
pub const SERVICE_VERSION: &str = "service.version";
/// Text: which one of many this is, such as a serial number.
#[doc(alias = "serial")]
pub const SERVICE_INSTANCE_ID: &str = "service.instance.id";
/// Text: the name of the group that the service belongs to.
#[doc(alias = "group")]
pub const SERVICE_NAMESPACE: &str = "service.namespace";
/// Text: where it runs, such as `"production"` or `"bench"`.
#[doc(alias = "environment")]
pub const DEPLOYMENT_ENVIRONMENT_NAME: &str = "deployment.environment.name";
/// Text: the name of the host, where the device has one in its network.
#[doc(alias = "hostname")]
pub const HOST_NAME: &str = "host.name";
/// Text: the architecture of the processor, such as `"arm32"`.
#[doc(alias = "architecture")]
pub const HOST_ARCH: &str = "host.arch";
/// Text: the device's identity. The collector sets it to the tracer's
/// [`DeviceId`](crate::DeviceId); a tag of the process goes before.
#[doc(alias = "chip")]
pub const DEVICE_ID: &str = "device.id";
/// Text: who makes the board.
#[doc(alias = "vendor")]
pub const DEVICE_MANUFACTURER: &str = "device.manufacturer";
/// Text: the board as machines name it, such as `"nucleo-h743zi2"`.
#[doc(alias = "board")]
pub const DEVICE_MODEL_IDENTIFIER: &str = "device.model.identifier";
/// Text: the board as people name it.
#[doc(alias = "board")]
pub const DEVICE_MODEL_NAME: &str = "device.model.name";

/// Text: the build, where [`Tracer::build_id`](crate::Tracer::build_id) does not say it. No
/// convention of others.
#[doc(alias = "revision")]
pub const BUILD_ID: &str = "build.id";
/// Text: why the device began anew, such as `"watchdog"` or `"brown-out"`. No convention of
/// others.
#[doc(alias = "reboot")]
pub const RESET_CAUSE: &str = "reset.cause";

#[cfg(test)]
mod tests {
    /// Whoever knows the key knows the constant.
    #[test]
    fn constants_are_named_as_what_they_hold() {
        let constants = include_str!("semconv.rs").lines().filter_map(|line| {
            line.strip_prefix("pub const ")?.strip_suffix("\";")?.split_once(": &str = \"")
        });
        let mut count = 0;
        for (name, text) in constants {
            let values = ["SPAN_KIND_", "EVENT_"];
            let name = values.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name);
            assert_eq!(name, text.replace(['.', '-'], "_").to_uppercase());
            count += 1;
        }
        assert!(count > 40, "{count}");
    }
}
