//! HTTP as exporters use it: a URL, one connection, one request at a time, and what the answer means.

mod answer;
mod body;
mod client;
mod connect;
mod own_door;
mod url;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use client::Version;
pub use connect::Files;
pub use own_door::{is_own_door, leads_back};
pub use url::{Url, UrlError};

pub(crate) use answer::{Answer, words};
pub(crate) use body::{Pieces, gzip};
pub(crate) use client::Client;
pub(crate) use connect::Connector;
