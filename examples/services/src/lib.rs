//! The hello-world of the `OpenTracing` tutorial as three services that run on any board.
//!
//! ```text
//! say-hello         hello-world
//! ├── format        hello-world, asks the formatter
//! │   └── format    formatter
//! └── println       hello-world, asks the publisher
//!     └── publish   publisher
//! ```
//!
//! | module | service | what it does |
//! |---|---|---|
//! | [`hello_world`] | `hello-world` | asks the formatter for a greeting and the publisher to print it |
//! | [`formatter`] | `formatter` | makes `Hello, Bryan!` of `Bryan` |
//! | [`publisher`] | `publisher` | prints what it is sent |
//!
//! [`db_query`] is the example of the `OpenTracing` overview.
//!
//! What a service needs of the board is the trait [`Board`]: datagrams, time and a console. How a
//! request carries the context of its span from one board to the next is in [`message`]; how five
//! spans stay five on a link that loses and doubles datagrams, in [`client`] and [`server`].
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod board;
pub mod client;
pub mod db_query;
pub mod formatter;
pub mod hello_world;
pub mod identity;
pub mod message;
pub mod publisher;
pub mod server;

pub use board::Board;
pub use identity::{Platform, set_device, tracer};
