//! How frames travel on links that do not keep them apart, without any I/O and for both sides.
//!
//! | module | for | how |
//! |---|---|---|
//! | [`stream`] | byte streams: UART, USB-CDC, RTT, TCP | COBS and CRC-32, shared with text |
//! | [`segments`] | datagrams shorter than a frame: CAN, radios | a byte before each piece, and CRC-32 |
//!
//! The bytes are those of `docs/wire-format.md`, section "Links".

mod crc;
pub mod segments;
pub mod stream;
