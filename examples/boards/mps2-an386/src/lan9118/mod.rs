//! Ethernet for embassy-net over the SMSC LAN9118, the controller that QEMU's MPS2 machines have.
//! Written from the datasheet; no published crate drives this part.
//!
//! Invariants. Nothing that arrives can stop the driver or make it panic: what is no sound frame is
//! dropped and counted, and FIFOs that are out of step are emptied. No wait is unbounded. An
//! interrupt masks its own source and wakes the task; the task unmasks it when it has nothing left
//! to do, and then looks once more: so a flood of frames cannot become a flood of interrupts, and
//! no wake is lost.
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod counters;
mod fifo;
mod mac;
mod registers;

use core::sync::atomic::{AtomicBool, Ordering};
use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use embassy_sync::waitqueue::AtomicWaker;

pub use self::counters::{Counters, counters};
use self::fifo::{Buffer, Head, MAX_FRAME_LEN, TX_ROOM, TX_RUNNING};
use self::mac::{FDPX, MAC_CR, RXEN, TXEN, TimedOut, wait_for};
use self::registers::{
    AFC_CFG, BYTE_TEST, BYTE_TEST_PATTERN, E2P_BUSY, E2P_CMD, FIFO_INT, FLOW_CONTROL_LEVELS,
    HW_CFG, INT_EN, INT_STS, IRQ_CFG, IRQ_ENABLE_ACTIVE_HIGH, PHY_INT, PMT_CTRL, PMT_READY, RSFL,
    RX_CFG, RXE, SRST, STORE_AND_FORWARD, TDFA, TX_CFG, TX_FIFO_SIZE,
};
use crate::interrupts::{self, Interrupt};

/// Looks for a good frame at one go, so that a flood of bad ones leaves other tasks their turn.
const MAX_LOOKS: u32 = 32;

/// `FIFO_INT`: an interrupt for any received frame, and for room for the longest frame to send (the
/// level is in blocks of 64 bytes, and must be exceeded).
const FIFO_LEVELS: u32 = TX_ROOM.div_ceil(64) << 24;

static TAKEN: AtomicBool = AtomicBool::new(false);
static LINK_CHANGED: AtomicBool = AtomicBool::new(true);
static RX_WAKER: AtomicWaker = AtomicWaker::new();
static TX_WAKER: AtomicWaker = AtomicWaker::new();
static LINK_WAKER: AtomicWaker = AtomicWaker::new();

/// Why there is no driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitError {
    /// There is one already.
    InUse,
    /// Nothing that answers like a LAN9118 is at its address.
    NotFound,
    /// The controller did not finish a step of its start-up.
    TimedOut,
}

impl From<TimedOut> for InitError {
    fn from(_: TimedOut) -> Self {
        InitError::TimedOut
    }
}

/// The one Ethernet controller of the board.
#[derive(Debug)]
pub struct Lan9118 {
    address: [u8; 6],
    link_is_up: bool,
    rx: Buffer,
    tx: Buffer,
}

impl Lan9118 {
    /// Resets the controller and starts it, with `address` as its own and all broadcasts accepted.
    ///
    /// # Errors
    ///
    /// When it is in use, missing, or does not answer; it is then left as it is.
    pub fn new(address: [u8; 6]) -> Result<Self, InitError> {
        if TAKEN.swap(true, Ordering::Relaxed) {
            return Err(InitError::InUse);
        }
        wait_for(BYTE_TEST, u32::MAX, BYTE_TEST_PATTERN).map_err(|_| InitError::NotFound)?;
        wait_for(PMT_CTRL, PMT_READY, PMT_READY)?;
        HW_CFG.write(SRST);
        wait_for(HW_CFG, SRST, 0)?;
        // The EEPROM's contents would overwrite the address below.
        wait_for(E2P_CMD, E2P_BUSY, 0)?;
        HW_CFG.write(STORE_AND_FORWARD | TX_FIFO_SIZE);
        AFC_CFG.write(FLOW_CONTROL_LEVELS);
        mac::set_address(address)?;
        mac::start_phy()?;

        INT_EN.write(0);
        INT_STS.write(u32::MAX);
        IRQ_CFG.write(IRQ_ENABLE_ACTIVE_HIGH);
        FIFO_INT.write(FIFO_LEVELS);
        interrupts::attach(Interrupt::Ethernet, on_interrupt);
        RX_CFG.write(0);
        TX_CFG.write(TX_RUNNING);
        mac::write(MAC_CR, FDPX | TXEN | RXEN)?;
        let (rx, tx) = ([0; MAX_FRAME_LEN], [0; MAX_FRAME_LEN]);
        Ok(Lan9118 { address, link_is_up: false, rx, tx })
    }

    /// The length of the next good frame. Without one the task that `cx` stands for is woken later.
    fn next_frame_len(cx: &Context<'_>) -> Option<usize> {
        RX_WAKER.register(cx.waker());
        let mut unmasked = false;
        for _ in 0..MAX_LOOKS {
            match fifo::look() {
                Head::Frame(len) => return Some(len),
                Head::Discarded => {}
                Head::Empty if unmasked => return None,
                Head::Empty => {
                    // A frame that came before this raises no interrupt, hence another look.
                    INT_STS.write(RSFL);
                    unmask(RSFL | RXE);
                    unmasked = true;
                }
            }
        }
        cx.waker().wake_by_ref();
        None
    }

    /// Whether a frame can be sent. If not the task that `cx` stands for is woken when one can.
    fn has_room(cx: &Context<'_>) -> bool {
        if fifo::has_room() {
            return true;
        }
        TX_WAKER.register(cx.waker());
        INT_STS.write(TDFA);
        unmask(TDFA);
        // Room that was made before the interrupt was unmasked raises none.
        fifo::has_room()
    }
}

fn unmask(sources: u32) {
    critical_section::with(|_| INT_EN.write(INT_EN.read() | sources));
}

fn on_interrupt() {
    let enabled = INT_EN.read();
    let fired = INT_STS.read() & enabled;
    INT_EN.write(enabled & !fired);
    if fired & (RSFL | RXE) != 0 {
        RX_WAKER.wake();
    }
    if fired & TDFA != 0 {
        TX_WAKER.wake();
    }
    if fired & PHY_INT != 0 {
        LINK_CHANGED.store(true, Ordering::Relaxed);
        LINK_WAKER.wake();
    }
}

impl Driver for Lan9118 {
    type RxToken<'a> = RxToken<'a>;
    type TxToken<'a> = TxToken<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(RxToken<'_>, TxToken<'_>)> {
        let len = Self::next_frame_len(cx)?;
        // The stack may answer the frame at once; without room for that the frame waits.
        if !Self::has_room(cx) {
            return None;
        }
        Some((RxToken { buffer: &mut self.rx, len }, TxToken { buffer: &mut self.tx }))
    }

    fn transmit(&mut self, cx: &mut Context<'_>) -> Option<TxToken<'_>> {
        Self::has_room(cx).then_some(TxToken { buffer: &mut self.tx })
    }

    fn link_state(&mut self, cx: &mut Context<'_>) -> LinkState {
        LINK_WAKER.register(cx.waker());
        if LINK_CHANGED.swap(false, Ordering::Relaxed) {
            // A PHY that does not answer carries no frames either.
            INT_STS.write(PHY_INT);
            self.link_is_up = mac::take_link_up().unwrap_or(false);
            unmask(PHY_INT);
        }
        if self.link_is_up { LinkState::Up } else { LinkState::Down }
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = MAX_FRAME_LEN;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.address)
    }
}

/// A received frame, still in the controller.
#[derive(Debug)]
pub struct RxToken<'a> {
    buffer: &'a mut Buffer,
    len: usize,
}

impl embassy_net_driver::RxToken for RxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, f: F) -> R {
        f(fifo::take(self.buffer, self.len))
    }
}

/// Leave to send a frame, for which the controller has room.
#[derive(Debug)]
pub struct TxToken<'a> {
    buffer: &'a mut Buffer,
}

impl embassy_net_driver::TxToken for TxToken<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        fifo::send(self.buffer, len, f)
    }
}
