//! The CMSDK timers: down counters of the 25 MHz system clock, used here as one-shot alarms.
//!
//! TIMER1 belongs to the time driver, TIMER0 to the program, for example to interrupt it at a
//! chosen cycle. The interrupt comes to what [`interrupts::attach`](crate::interrupts::attach) was
//! given.

use crate::registers::Register;

/// One of the timers.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    ctrl: Register,
    value: Register,
    reload: Register,
    intclear: Register,
}

/// The timer that is the program's own.
pub const TIMER0: Timer = Timer::at(0x4000_0000);
/// The timer that the time driver uses.
pub(crate) const TIMER1: Timer = Timer::at(0x4000_1000);

const CTRL_ENABLE: u32 = 1 << 0;
const CTRL_INTERRUPT: u32 = 1 << 3;

impl Timer {
    const fn at(base: usize) -> Self {
        Timer {
            ctrl: register(base),
            value: register(base + 0x4),
            reload: register(base + 0x8),
            intclear: register(base + 0xC),
        }
    }

    /// Lets the timer fire after `cycles`, at least 1, and forgets what it was set to before.
    ///
    /// The handler must call this or [`stop`](Self::stop), since both take the interrupt back.
    pub fn start(self, cycles: u32) {
        self.stop();
        // The timer would go on from the reload value. A long one cannot run out before the handler
        // takes the interrupt back; a short one could, and storm.
        self.reload.write(u32::MAX);
        self.value.write(cycles.max(1));
        self.ctrl.write(CTRL_ENABLE | CTRL_INTERRUPT);
    }

    /// Stops the timer and takes its interrupt back.
    pub fn stop(self) {
        self.ctrl.write(0);
        self.intclear.write(1);
    }

    /// Cycles left until the timer fires.
    pub fn remaining(self) -> u32 {
        self.value.read()
    }
}

const fn register(address: usize) -> Register {
    // SAFETY: it is only called with the registers of the two timers above.
    unsafe { Register::at(address) }
}
