//! How frames travel on links that do not keep them apart, without any I/O and for both sides.
//!
//! | module | for | how |
//! |---|---|---|
//! | [`stream`] | byte streams: UART, USB-CDC, RTT, TCP | COBS and CRC-32, shared with text |
//!
//! The bytes are those of `docs/wire-format.md`, section "Links".

pub mod stream;
