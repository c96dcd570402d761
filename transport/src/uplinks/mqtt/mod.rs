//! MQTT 3.1.1: one frame a message, over any stream.
//!
//! Frames go to `spandrel/<device>/up`, what the collector says comes from `spandrel/<device>/down`.
//!
//! | stream | connector |
//! |---|---|
//! | TCP over embassy-net | [`Timed`] of a [`TcpDial`], feature `embassy-net-tcp` |
//! | any other of embedded-io-async, TLS for example | [`Timed`] of a [`Dial`] of yours, the same feature |
//! | TCP over the standard library | [`StdBroker`], feature `std` |
//!
//! While there is no broker nothing is sent, the ring fills, and the broker is tried again after 1 s,
//! then ever more rarely up to 64 s.
//! A frame is not copied: it is written from the reporter's buffer, and stays there until the broker
//! has taken it over. On a Cortex-M4 it takes 7.0 KB of flash, and 688 bytes of RAM, of which 272 are for
//! what comes down; the TCP stack not counted.

mod connection;
mod connector;
mod flight;
mod settings;
#[cfg(feature = "std")]
mod std_broker;
#[cfg(feature = "embassy-net-tcp")]
mod timed;
mod uplink;

pub use connector::{Closed, Connector};
pub use settings::{MqttError, MqttEvent, MqttSettings};
#[cfg(feature = "std")]
pub use std_broker::StdBroker;
#[cfg(feature = "embassy-net-tcp")]
pub use timed::{Dial, TcpDial, Timed};
pub use uplink::{MTU, MqttUplink};
