//! CMSDK UART0: a line that frames and text share.
//!
//! Whoever writes holds the [`Mutex`]: a frame is written in pieces, and text between two of them
//! would cost the frame. So [`FrameWriter`] takes the lock with the first piece and gives it back
//! with the flush.

use core::convert::Infallible;
use core::fmt;

use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::mutex::{Mutex, MutexGuard};
use embassy_sync::pipe::Pipe;
use embedded_io_async::{ErrorType, Write};

use crate::interrupts::{self, Interrupt};
use crate::registers::Register;

const BASE: usize = 0x4000_4000;
const DATA: Register = register(BASE);
const STATE: Register = register(BASE + 0x4);
const CTRL: Register = register(BASE + 0x8);
const INTCLEAR: Register = register(BASE + 0xC);
const BAUDDIV: Register = register(BASE + 0x10);

const STATE_TX_FULL: u32 = 1 << 0;
const STATE_RX_FULL: u32 = 1 << 1;
const CTRL_TX: u32 = 1 << 0;
const CTRL_RX: u32 = 1 << 1;
const CTRL_RX_INTERRUPT: u32 = 1 << 3;
const INT_RX: u32 = 1 << 1;

/// 25 MHz divided by the smallest that the part takes.
const DIVIDER: u32 = 16;

/// What came and was not read yet. The interrupt fills it: a read that is given up loses nothing.
pub static RECEIVED: Pipe<CriticalSectionRawMutex, 256> = Pipe::new();

/// The transmitter.
pub static UART: Mutex<CriticalSectionRawMutex, Uart> = Mutex::new(Uart(()));

/// The right to write.
#[derive(Debug)]
pub struct Uart(());

/// Switches it on.
pub fn init() {
    BAUDDIV.write(DIVIDER);
    interrupts::attach(Interrupt::Uart0Rx, on_received);
    CTRL.write(CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT);
}

fn on_received() {
    INTCLEAR.write(INT_RX);
    while STATE.read() & STATE_RX_FULL != 0 {
        let [byte, ..] = DATA.read().to_le_bytes();
        // Where there is no room the frame is lost, and asked for again.
        let _ = RECEIVED.try_write(&[byte]);
    }
}

impl Uart {
    async fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            while STATE.read() & STATE_TX_FULL != 0 {
                yield_now().await;
            }
            DATA.write(u32::from(*byte));
        }
    }
}

/// Text, written at once.
impl fmt::Write for Uart {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while STATE.read() & STATE_TX_FULL != 0 {}
            DATA.write(u32::from(byte));
        }
        Ok(())
    }
}

/// Writes frames, each whole.
#[derive(Default)]
pub struct FrameWriter {
    held: Option<MutexGuard<'static, CriticalSectionRawMutex, Uart>>,
}

impl fmt::Debug for FrameWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameWriter").field("in_frame", &self.held.is_some()).finish()
    }
}

impl ErrorType for FrameWriter {
    type Error = Infallible;
}

impl Write for FrameWriter {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let uart = match &mut self.held {
            Some(uart) => uart,
            held => held.insert(UART.lock().await),
        };
        uart.write(bytes).await;
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        self.held = None;
        Ok(())
    }
}

const fn register(address: usize) -> Register {
    // SAFETY: it is only called with the registers of UART0 above.
    unsafe { Register::at(address) }
}
