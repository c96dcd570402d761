//! The registers of the LAN9118 under their datasheet names and offsets, and the bits that the
//! driver uses of them. The MAC's and the PHY's own registers lie behind these: see `mac.rs`.

use crate::registers::Register;

/// Where the machine puts the controller.
const BASE: usize = 0x4020_0000;

const fn register(offset: usize) -> Register {
    // SAFETY: all offsets below are of registers of the controller, and only its driver uses them.
    unsafe { Register::at(BASE + offset) }
}

pub(super) const RX_DATA_FIFO: Register = register(0x00);
pub(super) const TX_DATA_FIFO: Register = register(0x20);
pub(super) const RX_STATUS_FIFO: Register = register(0x40);
pub(super) const RX_STATUS_FIFO_PEEK: Register = register(0x44);
pub(super) const TX_STATUS_FIFO: Register = register(0x48);
pub(super) const IRQ_CFG: Register = register(0x54);
pub(super) const INT_STS: Register = register(0x58);
pub(super) const INT_EN: Register = register(0x5C);
pub(super) const BYTE_TEST: Register = register(0x64);
pub(super) const FIFO_INT: Register = register(0x68);
pub(super) const RX_CFG: Register = register(0x6C);
pub(super) const TX_CFG: Register = register(0x70);
pub(super) const HW_CFG: Register = register(0x74);
pub(super) const RX_FIFO_INF: Register = register(0x7C);
pub(super) const TX_FIFO_INF: Register = register(0x80);
pub(super) const PMT_CTRL: Register = register(0x84);
pub(super) const RX_DROP: Register = register(0xA0);
pub(super) const MAC_CSR_CMD: Register = register(0xA4);
pub(super) const MAC_CSR_DATA: Register = register(0xA8);
pub(super) const AFC_CFG: Register = register(0xAC);
pub(super) const E2P_CMD: Register = register(0xB0);

/// `IRQ_CFG`: the pin follows the interrupts (`IRQ_EN`), is active high (`IRQ_POL`), and is driven
/// both ways (`IRQ_TYPE`). Without POL and TYPE it is active low, and the NVIC sees it asserted for
/// ever.
pub(super) const IRQ_ENABLE_ACTIVE_HIGH: u32 = 1 << 8 | 1 << 4 | 1 << 0;

/// `INT_STS` and `INT_EN`: the receiver has stopped after RXEN was cleared.
pub(super) const RXSTOP_INT: u32 = 1 << 24;
/// The PHY reports something, here a change of the link.
pub(super) const PHY_INT: u32 = 1 << 18;
/// The host read a receive FIFO that was empty, or a frame did not fit its data FIFO.
pub(super) const RXE: u32 = 1 << 14;
/// The transmit data FIFO has more room than `FIFO_INT` says.
pub(super) const TDFA: u32 = 1 << 9;
/// The receive status FIFO holds more than `FIFO_INT` says.
pub(super) const RSFL: u32 = 1 << 3;

/// `BYTE_TEST` reads so once the controller is awake and the bus is set up right.
pub(super) const BYTE_TEST_PATTERN: u32 = 0x8765_4321;
/// `PMT_CTRL`: the controller answers.
pub(super) const PMT_READY: u32 = 1 << 0;
/// `HW_CFG`: soft reset, clears itself.
pub(super) const SRST: u32 = 1 << 0;
/// `HW_CFG`: must be one; a frame is sent when all of it is in the FIFO.
pub(super) const STORE_AND_FORWARD: u32 = 1 << 20;
/// `HW_CFG`: 5 KiB of the 16 KiB of FIFO memory are for sending, 4608 bytes of these for data.
pub(super) const TX_FIFO_SIZE: u32 = 5 << 16;
/// `AFC_CFG`: the flow control levels that the datasheet recommends.
pub(super) const FLOW_CONTROL_LEVELS: u32 = 0x006E_3740;
/// `E2P_CMD`: the EEPROM (or what stands in for it) is still being read.
pub(super) const E2P_BUSY: u32 = 1 << 31;

/// `RX_CFG`: empties the receive FIFOs, clears itself; the receiver must have stopped.
pub(super) const RX_DUMP: u32 = 1 << 15;

/// `TX_CFG`: a full status FIFO does not stop the transmitter.
pub(super) const TX_STATUS_ALLOW_OVERRUN: u32 = 1 << 2;
/// `TX_CFG`: the transmitter takes frames from the FIFO.
pub(super) const TX_ON: u32 = 1 << 1;
/// A word of the transmit status FIFO: the frame was not sent.
pub(super) const TX_STATUS_ERROR: u32 = 1 << 15;

/// Transmit command A of a frame that is one buffer: first and last segment, word aligned.
pub(super) const TX_WHOLE_FRAME: u32 = 1 << 13 | 1 << 12;

/// `RX_FIFO_INF` and `TX_FIFO_INF`: words waiting in the status FIFO.
pub(super) fn status_words(fifo_inf: u32) -> u32 {
    fifo_inf >> 16 & 0xFF
}

/// `RX_FIFO_INF`: bytes waiting in the data FIFO; `TX_FIFO_INF`: bytes free in it.
pub(super) fn data_bytes(fifo_inf: u32) -> u32 {
    fifo_inf & 0xFFFF
}
