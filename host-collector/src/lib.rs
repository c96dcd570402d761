//! The collector: bytes of many devices in, traces out.
//!
//! Everything between the sockets is plain functions over bytes and owned data, so that all of it
//! can be tested without a device, a network or a backend. Whatever bytes arrive, nothing here
//! panics and nothing grows without a bound.
//!
//! | part | is |
//! |---|---|
//! | [`receiver`] | how bytes get in: sockets and clocks |
//! | [`auth`] | what is sealed is opened, what does not belong is refused |
//! | [`pipeline`] | the way of a frame: bytes to session to batches of spans |
//! | `session` | what is known of a device in one of its boots, and what waits for the rest |
//! | [`clock`] | where a device's ticks lie in time, and how sure that is |
//! | [`causality`] | whether the times of a trace contradict what caused what |
//! | [`journal`] | what devices were told to last, on the disk |
//! | [`model`] | the OTLP-shaped spans that everything else reads |
//! | [`protobuf`], [`json`], `varint` | the wire format of OTLP; JSON that is written as it is walked; numbers as bytes |
//! | [`store`] | spans on a disk: log, blocks, searches |
//! | [`storage`] | what a store promises: tickets, searches and what they find |
//! | [`query`] | the APIs that Jaeger's and Zipkin's users ask, without a socket |
//! | [`convert`] | files of one format made into those of another |
//! | [`manage`] | what a person does with a store |
//! | [`devices`] | what is known of each device, and what it is told |
//! | [`rules`] | what is dropped and redacted, and how much a source may send |
//! | [`tap`] | spans for whoever listens while they come |
//! | [`recent`] | the traces of the last while, in memory |
//! | [`tree`], [`text`] | how traces are written for people |
//! | [`view`] | trees on the terminal and files that follow the recent traces |
//! | [`terminal`] | what a person uses at a terminal |
//! | [`tls`] | whom to trust, what to show, and the cryptography behind it |
//! | [`page`] | the page at `/`, as `build.rs` made it of its modules |
//! | [`web`] | the doors: HTTP and gRPC, spans in and answers out |
//! | [`metrics`] | counts for Prometheus |
//! | [`exporter`] | how spans leave: Jaeger UI JSON, OTLP, OTLP/HTTP |
//! | [`serve`], [`cli`], [`config`], [`trust`], [`logging`], [`signals`], [`stats`] | the program around it |
#![forbid(unsafe_code)]
#![expect(
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    reason = "only host programs use this crate"
)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod auth;
pub mod causality;
pub mod cli;
pub mod clock;
pub mod config;
pub mod convert;
pub mod devices;
pub mod exporter;
pub mod journal;
pub mod json;
pub mod logging;
pub mod manage;
pub mod metrics;
pub mod model;
mod order;
pub mod page;
pub mod pipeline;
pub mod protobuf;
pub mod query;
pub mod receiver;
pub mod recent;
pub mod rules;
pub mod serve;
mod session;
pub mod signals;
pub mod stats;
pub mod storage;
pub mod store;
pub mod tap;
pub mod terminal;
pub mod text;
pub mod tls;
pub mod tree;
pub mod trust;
mod varint;
pub mod view;
pub mod web;

pub use order::{Order, OrderError, Standing};
