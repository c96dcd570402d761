//! The fault kit: links that treat what they carry badly, simulated devices, and what must hold with them.
//!
//! | part | is |
//! |---|---|
//! | [`link`], [`stream`] | one direction of a bad link for datagrams or bytes, without input, output or clock |
//! | [`udp_proxy`], [`stream_proxy`] | the same between real sockets of this host |
//! | [`farm`], [`board`], [`host`] | devices with clocks of their own and a collector, in virtual time |
//! | [`clocks`] | exchanges of time with clocks that are off, and where the collector's estimate says they are |
//! | [`serial`] | frames and text on such a stream |
//! | [`work`] | what devices record, and whether it came out |
//! | [`rows`] | what `cargo xtask faults` shows and holds |
//! | [`memory`] | how much memory all of it takes |

pub mod link;
pub mod stream;
pub mod stream_proxy;
pub mod udp_proxy;
mod wait;

#[cfg(feature = "kit")]
pub mod board;
#[cfg(feature = "kit")]
pub mod clocks;
#[cfg(feature = "kit")]
mod device;
#[cfg(feature = "kit")]
pub mod farm;
#[cfg(feature = "kit")]
pub mod host;
#[cfg(feature = "kit")]
pub mod memory;
#[cfg(feature = "kit")]
pub mod rows;
#[cfg(feature = "kit")]
pub mod serial;
#[cfg(feature = "kit")]
pub mod work;
