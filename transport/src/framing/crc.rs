//! The checksum of frames that a link does not keep whole: CRC-32 as in Ethernet, zip and PNG.

use crc::{CRC_32_ISO_HDLC, Crc};

/// Bytes of the checksum; little-endian.
pub(super) const CHECK: usize = 4;

/// A table of 16 KiB where memory is plenty, none where it is flash: a byte takes some 30 instructions then,
/// which is far less than it takes to send it.
#[cfg(feature = "std")]
type Table = crc::Table<16>;
#[cfg(not(feature = "std"))]
type Table = crc::NoTable;

pub(super) static CRC: Crc<u32, Table> = Crc::<u32, Table>::new(&CRC_32_ISO_HDLC);

/// What the checksum of a frame and its checksum always is.
pub(super) const RESIDUE: u32 = CRC_32_ISO_HDLC.residue ^ CRC_32_ISO_HDLC.xorout;
