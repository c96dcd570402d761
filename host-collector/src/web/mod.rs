//! The doors: one server for HTTP/1.1, HTTP/2 and gRPC, with or without TLS, on any number of ports.
//!
//! This is the only place that knows HTTP. Spans go out of here as checked [`Chunk`](crate::model::Chunk)s
//! to an [`Intake`](crate::storage::Intake), and are acknowledged once its ticket is kept; queries are
//! plain functions of an [`Ask`] and a [`Reader`](crate::storage::Reader), which run where blocking is
//! allowed. What comes in is not believed: everything has a bound, in [`Limits`] and `docs/limits.md`.
//!
//! | part | is |
//! |---|---|
//! | `door`, `options` | which doors there are, and which are open |
//! | `server`, `listen`, `holder`, `files` | opens them and lets connections in |
//! | `connections`, `talk` | who is connected, and one connection |
//! | `tokens`, `visitors`, `login`, `guard`, `cors` | who is answered |
//! | `service`, `router`, `answer`, `payload` | from a request to its answer |
//! | `body`, `upload`, `budget`, `limits` | reading within bounds |
//! | `intake`, `otlp`, `grpc` | spans that are handed in |
//! | `queries` | the query APIs |
//! | `stream` | answers that go on |
//! | `builtin`, `pages`, `stats` | health, metrics, a list of what there is; the page |

mod answer;
mod body;
mod budget;
mod builtin;
mod connections;
mod cors;
mod door;
mod files;
mod grpc;
mod guard;
mod holder;
mod intake;
mod limits;
mod listen;
mod login;
mod options;
mod otlp;
mod pages;
mod payload;
mod queries;
mod router;
mod server;
mod service;
mod stats;
mod stream;
mod talk;
#[cfg(test)]
mod tests;
mod tokens;
mod upload;
mod visitors;

pub use answer::{Answer, Ask};
pub use door::{DOORS, Door, Family};
pub use grpc::{Code, Status};
pub use holder::Holder;
pub use limits::Limits;
pub use listen::ListenError;
pub use options::{NoPlace, Options, Place};
pub use queries::{Now, routes, whole};
pub use router::{Call, Open, Query, Route};
pub use server::{Parts, Running, Server, StartError};
pub use stream::Stream;
pub use tokens::TokensError;
