//! The MAC's control and status registers, which are reached through a command register, and the
//! PHY's, which are reached through the MAC's. Every wait is bounded: a controller that does not
//! answer is an error, not a hang.

use super::registers::{MAC_CSR_CMD, MAC_CSR_DATA};
use crate::registers::Register;

/// The controller did not finish in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TimedOut;

/// Far more reads than any wait of the controller takes (the longest is the PHY's, 100 us or so).
const MAX_POLLS: u32 = 100_000;

/// Reads `register` until `mask` in it reads `wanted`.
pub(super) fn wait_for(register: Register, mask: u32, wanted: u32) -> Result<(), TimedOut> {
    for _ in 0..MAX_POLLS {
        if register.read() & mask == wanted {
            return Ok(());
        }
    }
    Err(TimedOut)
}

/// `MAC_CSR_CMD`: the access is under way.
const CSR_BUSY: u32 = 1 << 31;
/// `MAC_CSR_CMD`: the access is a read.
const CSR_READ: u32 = 1 << 30;

/// MAC register indices.
pub(super) const MAC_CR: u32 = 1;
const ADDRH: u32 = 2;
const ADDRL: u32 = 3;
const MII_ACC: u32 = 6;
const MII_DATA: u32 = 7;

/// `MAC_CR`: full duplex.
pub(super) const FDPX: u32 = 1 << 20;
/// `MAC_CR`: transmitter enable.
pub(super) const TXEN: u32 = 1 << 3;
/// `MAC_CR`: receiver enable.
pub(super) const RXEN: u32 = 1 << 2;

pub(super) fn read(index: u32) -> Result<u32, TimedOut> {
    wait_for(MAC_CSR_CMD, CSR_BUSY, 0)?;
    MAC_CSR_CMD.write(CSR_BUSY | CSR_READ | index);
    wait_for(MAC_CSR_CMD, CSR_BUSY, 0)?;
    Ok(MAC_CSR_DATA.read())
}

pub(super) fn write(index: u32, value: u32) -> Result<(), TimedOut> {
    wait_for(MAC_CSR_CMD, CSR_BUSY, 0)?;
    MAC_CSR_DATA.write(value);
    MAC_CSR_CMD.write(CSR_BUSY | index);
    wait_for(MAC_CSR_CMD, CSR_BUSY, 0)
}

/// Sets the address that the receiver's filter accepts, beside broadcast.
pub(super) fn set_address([a, b, c, d, e, f]: [u8; 6]) -> Result<(), TimedOut> {
    write(ADDRL, u32::from_le_bytes([a, b, c, d]))?;
    write(ADDRH, u32::from_le_bytes([e, f, 0, 0]))
}

/// `MII_ACC`: the access is under way.
const MII_BUSY: u32 = 1 << 0;
/// `MII_ACC`: the access is a write.
const MII_WRITE: u32 = 1 << 1;
/// `MII_ACC`: address of the PHY inside the controller.
const PHY_ADDRESS: u32 = 1 << 11;

/// PHY register indices.
const BASIC_CONTROL: u32 = 0;
const BASIC_STATUS: u32 = 1;
const INTERRUPT_SOURCE: u32 = 29;
const INTERRUPT_MASK: u32 = 30;

/// Basic control: auto-negotiation on, and begin it now.
const NEGOTIATE: u32 = 1 << 12 | 1 << 9;
/// Basic status: the link is up.
const LINK_UP: u32 = 1 << 2;
/// Interrupt source and mask: negotiation finished (the link came up), link down.
const LINK_CHANGED: u32 = 1 << 6 | 1 << 4;

fn wait_for_phy() -> Result<(), TimedOut> {
    for _ in 0..MAX_POLLS {
        if read(MII_ACC)? & MII_BUSY == 0 {
            return Ok(());
        }
    }
    Err(TimedOut)
}

fn phy_read(index: u32) -> Result<u32, TimedOut> {
    wait_for_phy()?;
    write(MII_ACC, PHY_ADDRESS | index << 6 | MII_BUSY)?;
    wait_for_phy()?;
    Ok(read(MII_DATA)? & 0xFFFF)
}

fn phy_write(index: u32, value: u32) -> Result<(), TimedOut> {
    wait_for_phy()?;
    write(MII_DATA, value)?;
    write(MII_ACC, PHY_ADDRESS | index << 6 | MII_WRITE | MII_BUSY)?;
    wait_for_phy()
}

/// Begins negotiation, and asks for an interrupt whenever the link changes.
pub(super) fn start_phy() -> Result<(), TimedOut> {
    phy_write(INTERRUPT_MASK, LINK_CHANGED)?;
    phy_write(BASIC_CONTROL, NEGOTIATE)
}

/// Reads the state of the link and takes back the PHY's interrupt.
pub(super) fn take_link_up() -> Result<bool, TimedOut> {
    phy_read(INTERRUPT_SOURCE)?;
    // The bit keeps a loss of the link until it was read once: the second read is the present
    // state.
    phy_read(BASIC_STATUS)?;
    Ok(phy_read(BASIC_STATUS)? & LINK_UP != 0)
}
