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

#[cfg(test)]
mod testing {
    use alloc::vec::Vec;

    /// Bytes of hexadecimal digits, as they stand in vectors.
    pub(super) fn from_hex(digits: &str) -> Vec<u8> {
        assert!(digits.len().is_multiple_of(2));
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }
}
