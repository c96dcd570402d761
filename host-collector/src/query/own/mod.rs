//! The collector's own API, which its page and its terminal ask: `docs/api.md` has every endpoint.
//!
//! | part | is |
//! |---|---|
//! | `search`, `names` | finding traces, and what can be searched for |
//! | [`shape`] | a trace as columns of numbers, for whoever draws it |
//! | `span` | everything of one span |
//! | `delete` | what nobody is to see any more |
//! | [`live`] | spans as they come |
//! | `statistics` | where time is spent |
//! | `devices` | what is known of devices, and what they are told |

mod delete;
mod devices;
pub mod live;
mod names;
mod search;
pub mod shape;
mod span;
mod statistics;
mod write;

use super::{Answer, Endpoint, Failure, Request};
use crate::json::Writer;
use crate::model::TraceId;

/// Where the collector says what it is.
pub const COLLECTOR: &str = "/api/spandrel/v1";

/// What can be asked.
pub const ENDPOINTS: [Endpoint; 15] = [
    Endpoint {
        method: "GET",
        pattern: COLLECTOR,
        about: "the collector",
        handler: names::collector,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/services",
        about: "names of services",
        handler: names::services,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/operations",
        about: "operations of a service",
        handler: names::operations,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/values",
        about: "values of a tag",
        handler: names::values,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/dependencies",
        about: "which services call which",
        handler: names::dependencies,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/traces",
        about: "traces that match",
        handler: search::traces,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/traces/{id}",
        about: "the shape of a trace, in pages",
        handler: shape::page,
    },
    Endpoint {
        method: "DELETE",
        pattern: "/api/spandrel/v1/traces/{id}",
        about: "deletes a trace",
        handler: delete::trace,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/traces/{id}/find",
        about: "spans of a trace with a text in them",
        handler: shape::find,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/traces/{id}/spans/{span}",
        about: "everything of a span",
        handler: span::spans,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/statistics",
        about: "where time is spent",
        handler: statistics::statistics,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/devices",
        about: "devices, as they are now",
        handler: devices::all,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/devices/{id}",
        about: "one device with its boots",
        handler: devices::one,
    },
    Endpoint {
        method: "GET",
        pattern: "/api/spandrel/v1/orders",
        about: "what devices are told",
        handler: devices::orders,
    },
    Endpoint {
        method: "POST",
        pattern: "/api/spandrel/v1/orders",
        about: "tells devices something",
        handler: devices::order,
    },
];

/// JSON, or why there is none.
fn answered(body: Result<Writer, Failure>) -> Answer {
    body.map_or_else(|failure| refused(&failure), |json| Answer::json(json.into_bytes()))
}

/// What whoever asks is told of a failure.
pub(crate) fn refused(failure: &Failure) -> Answer {
    let mut json = Writer::default();
    json.raw("{\"error\":");
    json.string(&failure.message);
    json.raw("}");
    Answer { status: failure.status, ..Answer::json(json.into_bytes()) }
}

/// The segment of the path behind the one that is called `name`.
fn behind<'a>(request: &Request<'a>, name: &str) -> &'a str {
    let mut segments = request.path.split('/').skip_while(|segment| *segment != name);
    segments.nth(1).unwrap_or_default()
}

fn trace_id(request: &Request<'_>) -> Result<TraceId, Failure> {
    id_of(behind(request, "traces")).ok_or(Failure::bad(NO_ID))
}

/// What is wrong with an id that is none.
pub(crate) const NO_ID: &str = "a trace's id is 1 to 32 hexadecimal digits that are not all 0";

/// A trace's id; none if the text is none.
pub(crate) fn id_of(text: &str) -> Option<TraceId> {
    let number = digits(text, 32).filter(|number| *number != 0)?;
    Some(TraceId(number.to_be_bytes()))
}

/// A number of 1 to `most` hexadecimal digits, and nothing else.
fn digits(text: &str, most: usize) -> Option<u128> {
    let is_number =
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u128::from_str_radix(text, 16).ok())?
}

fn no_trace(id: TraceId) -> Failure {
    Failure::missing(format!(
        "there is no trace {id}: it may be older than what is kept, or not have come yet"
    ))
}

#[cfg(test)]
mod tests;
