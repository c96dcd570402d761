//! Links that are ready to use.
//!
//! | feature | module | link |
//! |---|---|---|
//! | `embassy-net` | `udp` | UDP over embassy-net |
//! | `rtt` | `rtt` | RTT over rtt-target |
//! | `std` | `std_udp` | UDP over the standard library |

#[cfg(feature = "rtt")]
pub mod rtt;
#[cfg(feature = "std")]
pub mod std_udp;
#[cfg(feature = "embassy-net")]
pub mod udp;
