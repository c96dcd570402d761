//! The clock of embassy-time: time is read from the cycle counter, CMSDK TIMER1 is the alarm.
//!
//! Invariant: the time is brought up to date at least once per wrap of the cycle counter (171.8 s),
//! because an alarm is always set and never further away than [`LONGEST_WAIT`].

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;
use embassy_time_driver::TICK_HZ;
use embassy_time_queue_utils::Queue;

use crate::cycles::{CYCLES_HZ, cycles};
use crate::interrupts::{self, Interrupt};
use crate::timer::TIMER1;

const TICKS_PER_SECOND: u32 = 1_000_000;
const CYCLES_PER_TICK: u32 = CYCLES_HZ / TICKS_PER_SECOND;
const _: () = assert!(TICK_HZ == TICKS_PER_SECOND as u64, "one tick-hz feature is meant to be set");

/// In ticks: a quarter of the counter's wrap, so that a late interrupt does no harm.
const LONGEST_WAIT: u32 = u32::MAX / CYCLES_PER_TICK / 4;

struct State {
    /// Ticks since start.
    ticks: u64,
    /// The cycle counter at the beginning of tick `ticks`.
    cycles: u32,
    queue: Queue,
}

impl State {
    fn now(&mut self) -> u64 {
        // Whole ticks only: the remainder stays in `cycles`, and all divisions are of 32 bits.
        let ticks = cycles().wrapping_sub(self.cycles) / CYCLES_PER_TICK;
        self.cycles = self.cycles.wrapping_add(ticks * CYCLES_PER_TICK);
        self.ticks += u64::from(ticks);
        self.ticks
    }

    /// Wakes what is due and sets the alarm for what comes next.
    fn advance(&mut self) {
        let now = self.now();
        let wait = self.queue.next_expiration(now).saturating_sub(now);
        let wait = u32::try_from(wait).unwrap_or(LONGEST_WAIT).clamp(1, LONGEST_WAIT);
        // Counted from now and not from the beginning of the tick: late by less than a tick, never
        // early.
        TIMER1.start(wait * CYCLES_PER_TICK);
    }
}

struct Driver(Mutex<RefCell<State>>);

embassy_time_driver::time_driver_impl!(
    static DRIVER: Driver =
        Driver(Mutex::new(RefCell::new(State { ticks: 0, cycles: 0, queue: Queue::new() })))
);

impl embassy_time_driver::Driver for Driver {
    fn now(&self) -> u64 {
        critical_section::with(|cs| self.0.borrow_ref_mut(cs).now())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            let mut state = self.0.borrow_ref_mut(cs);
            if state.queue.schedule_wake(at, waker) {
                state.advance();
            }
        });
    }
}

fn on_alarm() {
    critical_section::with(|cs| DRIVER.0.borrow_ref_mut(cs).advance());
}

/// Sets the first alarm; before it, time can be read but nobody is woken.
pub(crate) fn init() {
    interrupts::attach(Interrupt::Timer1, on_alarm);
    on_alarm();
}
