//! Checks the board's clocks against the cycle counter: CMSDK TIMER0, which runs at the system clock
//! of 25 MHz, and embassy-time.
#![no_std]
#![no_main]

use board_mps2_an386::cycles::{CYCLES_HZ, cycles};
use board_mps2_an386::timer::TIMER0;
use board_mps2_an386::{exit, println};
use embassy_time::{Instant, Timer};

const MILLISECONDS: u32 = 100;
const EXPECTED: u32 = CYCLES_HZ / 1000 * MILLISECONDS;
const CYCLES_PER_MICROSECOND: u32 = CYCLES_HZ / 1_000_000;

/// embassy-time has whole microseconds, two of which can be cut off.
const ROUNDING: u32 = 2 * CYCLES_PER_MICROSECOND;

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| spawner.spawn(check().expect("it is spawned once")))
}

#[embassy_executor::task]
async fn check() {
    TIMER0.start(u32::MAX);
    let from = Reading::of(timer);
    while timer().wrapping_sub(from.clock) < EXPECTED {}
    let timer_is_right = agrees("TIMER0", &from, &Reading::of(timer));
    TIMER0.stop();

    let from = Reading::of(embassy_time);
    Timer::after_millis(u64::from(MILLISECONDS)).await;
    let time_is_right = agrees("embassy-time", &from, &Reading::of(embassy_time));

    let right = timer_is_right && time_is_right;
    println!("clock {}", if right { "ok" } else { "wrong" });
    exit(i32::from(!right))
}

/// What a clock showed, and the cycle counter just before and just after: so that no pause of the
/// host between two reads can spoil the comparison.
struct Reading {
    before: u32,
    clock: u32,
    after: u32,
}

impl Reading {
    fn of(clock: fn() -> u32) -> Self {
        let before = cycles();
        let clock = clock();
        Reading { before, clock, after: cycles() }
    }
}

/// TIMER0 as a clock that goes up.
fn timer() -> u32 {
    TIMER0.remaining().wrapping_neg()
}

/// embassy-time in cycles; its wrap does no harm to a difference.
fn embassy_time() -> u32 {
    let [a, b, c, d, ..] = Instant::now().as_micros().to_le_bytes();
    u32::from_le_bytes([a, b, c, d]).wrapping_mul(CYCLES_PER_MICROSECOND)
}

/// Whether a clock moved at least as far as was waited, and as far as the cycle counter did.
fn agrees(name: &str, from: &Reading, to: &Reading) -> bool {
    let moved = to.clock.wrapping_sub(from.clock);
    let least = to.before.wrapping_sub(from.after);
    let most = to.after.wrapping_sub(from.before);
    println!("{name} moved by {moved} cycles, the cycle counter by {least} to {most}");
    moved + ROUNDING >= EXPECTED && (least..=most + 2 * ROUNDING).contains(&(moved + ROUNDING))
}
