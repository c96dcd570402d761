//! The query APIs that the users of Jaeger and Zipkin know, as functions: a request and what is stored
//! in, an answer out.
//!
//! Nothing here knows a socket. Whoever has one registers [`ENDPOINTS`] and [`METHODS`], or gives
//! everything to [`answer`]; what is asked for comes from a [`Reader`].
//! `docs/query-api.md` has every endpoint and parameter.
//!
//! | part | is |
//! |---|---|
//! | [`jaeger`] | `/api`, which Jaeger's UI and Grafana ask |
//! | [`v3`] | `/api/v3`, which newer UIs of Jaeger ask |
//! | [`own`] | `/api/spandrel/v1`, which our page and our terminal ask |
//! | [`zipkin`] | `/api/v2`, which Zipkin's UI and users ask |
//! | [`storage_v2`] | `jaeger.storage.v2` over gRPC, which a Jaeger asks whose store is ours |
//! | [`sampling`] | how services are to sample, from Jaeger's file of strategies |
//! | [`ui`] | the user interfaces of both, out of a folder |
//! | [`go`] | numbers and times as these are used to write them |

mod adjust;
pub mod go;
pub mod jaeger;
pub mod own;
mod request;
pub mod sampling;
pub mod storage_v2;
pub mod ui;
pub mod v3;
pub mod zipkin;

use crate::devices::Devices;
use crate::model::{Chunk, TraceId};
use crate::storage::{Archive, Erase, Reader};
use bytes::Bytes;
use sampling::Strategies;
use std::sync::Arc;

pub use request::{Answer, Failure, JSON, Request, TEXT, decoded, pairs};

/// No search gives more traces than this.
pub const MOST_TRACES: usize = 10_000;
/// No answer is made of more bytes of OTLP than this; as JSON they are some five times as many.
pub const MOST_BYTES: usize = 64 << 20;

/// What an answer depends on beside the request and the store.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The time, in nanoseconds since the Unix epoch.
    pub now_ns: u64,
    /// Tags whose values Zipkin's user interface suggests.
    pub autocomplete_keys: Vec<String>,
    /// How services are to sample.
    pub strategies: Arc<Strategies>,
    /// Where traces are kept that somebody wants to keep, if there is such a place.
    pub archive: Option<Arc<dyn Archive>>,
    /// Wherever a trace is that is to be deleted.
    pub erasers: Vec<Arc<dyn Erase>>,
    /// Pages of traces that will be asked for.
    pub shelf: own::shape::Shelf,
    /// What the collector says of itself.
    pub about: Arc<About>,
    /// What a change of whoever asks must say; empty where he has no cookie.
    pub proof: String,
    /// The devices that it hears.
    pub devices: Devices,
}

/// What a collector says of itself.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// Where devices send their frames; empty if nowhere.
    pub frames: String,
    /// Whether traces are kept on a disk.
    pub keeps: bool,
}

impl Context {
    /// A trace that is stored, or else one that was archived.
    fn trace(&self, reader: &dyn Reader, id: TraceId) -> Result<Option<Chunk>, Failure> {
        let stored = reader.get(id)?.filter(|chunk| !chunk.is_empty());
        match (stored, &self.archive) {
            (None, Some(archive)) => Ok(archive.get(id)?),
            (stored, _) => Ok(stored),
        }
    }
}

/// What answers a request.
pub type Handler = fn(&Request<'_>, &dyn Reader, &Context) -> Answer;

/// Something that can be asked.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// HTTP's method.
    pub method: &'static str,
    /// The path, in which `{name}` stands for one segment.
    pub pattern: &'static str,
    /// What it answers, in a few words.
    pub about: &'static str,
    /// What answers.
    pub handler: Handler,
}

/// What answers a call: one message, or a stream of any number.
pub type CallHandler = fn(&[u8], &dyn Reader, &Context) -> Result<Vec<Bytes>, Failure>;

/// A method of gRPC that can be called.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// `/package.Service/Method`.
    pub path: &'static str,
    /// What it answers, in a few words.
    pub about: &'static str,
    /// What answers.
    pub handler: CallHandler,
}

/// Whose clients ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Jaeger's UI, Grafana.
    Jaeger,
    /// Zipkin's UI and its users.
    Zipkin,
    /// Services that ask how to sample.
    Sampling,
    /// A Jaeger that has its traces here.
    Storage,
    /// Services that ask how to sample over gRPC.
    SamplingCalls,
    /// Our page and our terminal.
    Own,
}

/// All that can be asked.
pub const ENDPOINTS: [(Family, &[Endpoint]); 5] = [
    (Family::Jaeger, &jaeger::ENDPOINTS),
    (Family::Jaeger, &v3::ENDPOINTS),
    (Family::Zipkin, &zipkin::ENDPOINTS),
    (Family::Sampling, &sampling::ENDPOINTS),
    (Family::Own, &own::ENDPOINTS),
];

/// All that can be called.
pub const METHODS: [(Family, &[Method]); 2] =
    [(Family::Storage, &storage_v2::METHODS), (Family::SamplingCalls, &sampling::METHODS)];

/// Every method, with its family.
pub fn methods() -> impl Iterator<Item = (Family, Method)> {
    METHODS.into_iter().flat_map(|(family, list)| list.iter().map(move |one| (family, *one)))
}

/// Every endpoint, with its family.
pub fn endpoints() -> impl Iterator<Item = (Family, Endpoint)> {
    ENDPOINTS.into_iter().flat_map(|(family, list)| list.iter().map(move |one| (family, *one)))
}

/// Answers a request; none if it is not for any endpoint.
pub fn answer(request: &Request<'_>, reader: &dyn Reader, context: &Context) -> Option<Answer> {
    let is_for = |one: &Endpoint| one.is_for(request.method, request.path);
    let (_, found) = endpoints().find(|(_, one)| is_for(one))?;
    Some((found.handler)(request, reader, context))
}

impl Endpoint {
    /// Whether it answers such requests.
    #[must_use]
    pub fn is_for(&self, method: &str, path: &str) -> bool {
        let mut segments = path.split('/');
        let fits = |pattern: &str| {
            segments.next().is_some_and(|segment| {
                if pattern.starts_with('{') { !segment.is_empty() } else { segment == pattern }
            })
        };
        self.method == method && self.pattern.split('/').all(fits) && segments.next().is_none()
    }
}

#[cfg(test)]
mod tests;
