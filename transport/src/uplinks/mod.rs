//! Links that are ready to use.
//!
//! | feature | module | link |
//! |---|---|---|
//! | | [`stream`] | any stream of bytes, and what makes one of others |
//! | | [`datagram`] | any datagrams: CAN, small radios; in segments where they are short |
//! | `embedded-io-async` | `stream::timed` | UART, USB-CDC, or what else has the traits of that crate |
//! | `embassy-net` | `udp` | UDP over embassy-net |
//! | `embassy-net-tcp` | `tcp` | TCP over embassy-net |
//! | `rtt` | `rtt` | RTT over rtt-target |
//! | `std` | `std_udp`, `std_tcp` | UDP and TCP over the standard library |
//! | `std` | `std_stream` | a file, a port, a socket or a pipe of a host |
//! | `std` | `std_thread` | a thread for the reporter |
//! | `mqtt` | `mqtt` | MQTT 3.1.1, over TCP with `embassy-net-tcp` or `std`, or over any stream |

pub mod datagram;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "rtt")]
pub mod rtt;
#[cfg(feature = "std")]
pub mod std_stream;
#[cfg(feature = "std")]
pub mod std_tcp;
#[cfg(feature = "std")]
pub mod std_thread;
#[cfg(feature = "std")]
pub mod std_udp;
pub mod stream;
#[cfg(feature = "embassy-net-tcp")]
pub mod tcp;
#[cfg(feature = "embassy-net")]
pub mod udp;
