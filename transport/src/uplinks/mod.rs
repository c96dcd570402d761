//! Links that are ready to use.
//!
//! | feature | module | link |
//! |---|---|---|
//! | `embassy-net` | `udp` | UDP over embassy-net |
//! | `std` | `std_udp` | UDP over the standard library |
//! | `mqtt` | `mqtt` | MQTT 3.1.1 over any stream, with `embassy-net` and `std` over their TCP |

#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "std")]
pub mod std_udp;
#[cfg(feature = "embassy-net")]
pub mod udp;
