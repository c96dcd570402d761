//! A reset at each of a thousand instructions, evenly spread over start-up recovery, recording and draining.
//!
//! Each run is three boots: one that records, one that recovers, records and drains until the timer resets it,
//! and one that recovers and drains the rest. What it prints is judged by `tests/tests/reset.rs`:
//!
//! ```text
//! run NUMBER          begins
//! frame HEX           one frame, in their order, over all boots of the run
//! reset DONE PC       the reset came behind so many operations of work.rs, before this instruction
//! boot ...            what the last boot found
//! length INSTRUCTIONS of a run that nothing interrupts; the first is one
//! end                 all runs are over
//! ```
#![no_std]
#![no_main]

#[path = "../../console.rs"]
mod console;
mod control;
mod timer;
mod work;

use core::arch::naked_asm;
use core::sync::atomic::Ordering::Relaxed;

use cortex_m::interrupt::InterruptNumber;
use cortex_m::peripheral::NVIC;
use spandrel::{BootCell, Clock, DeviceId, ResetCause, Retained, SessionSource, Tracer, span};

use crate::control::{Step, control};

/// Runs that a reset interrupts.
const RUNS: u32 = 1000;

#[unsafe(link_section = ".uninit.spandrel")]
static MEMORY: Retained<512, 8, 16> = Retained::new();
static BOOT: BootCell = BootCell::new();
static TRACER: Tracer = Tracer::retained("reset", &MEMORY, &BOOT, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Counted(|| 1))
    .build_id_from(build_id);

/// What the linker noted: see `build-id.x`.
fn build_id() -> &'static [u8] {
    unsafe extern "C" {
        static __sbuild_id: u8;
        static __ebuild_id: u8;
    }
    let (start, end) = (&raw const __sbuild_id, &raw const __ebuild_id);
    // SAFETY: the linker put the note between the symbols.
    let note = unsafe { core::slice::from_raw_parts(start, end.addr() - start.addr()) };
    spandrel::build_id_of_note(note).unwrap_or(&[])
}

const CLOCK: Clock = {
    // SAFETY: the counter of the board; reading it changes nothing.
    unsafe { Clock::register(timer::COUNTER as *const u32, timer::HZ) }
};

/// Longer than any run.
const NEVER: u32 = u32::MAX >> 1;

#[cortex_m_rt::entry]
fn main() -> ! {
    let control = control();
    match control.step() {
        Step::Prepare => {
            let run = control.run.load(Relaxed);
            console::print(format_args!("run {run}"));
            control.done.store(0, Relaxed);
            control.pc.store(0, Relaxed);
            // SAFETY: nothing has looked at it in this boot. So each run begins where power came.
            unsafe { (&raw const MEMORY).cast_mut().write_bytes(0, 1) };
            TRACER.boot(ResetCause::PowerOn);
            TRACER.keep_time();
            work::prepare();
            control.reset_to(Step::Work)
        }
        Step::Work => {
            let (run, length) = (control.run.load(Relaxed), control.length.load(Relaxed));
            let ticks = if run == 0 {
                NEVER
            } else {
                // In the middle of its share; a whole number of ticks from the border of an instruction.
                let share = u64::from(length) * u64::from(2 * run - 1) / u64::from(2 * RUNS);
                u32::try_from(share).expect("a part of the length")
            };
            // SAFETY: no critical section relies on it being off.
            unsafe { NVIC::unmask(Timer0) };
            timer::start(ticks);
            TRACER.boot(ResetCause::Software);
            TRACER.keep_time();
            let mut drain = TRACER.drain().expect("nobody drains yet");
            work::work(&mut drain);
            let took = ticks.wrapping_sub(timer::left());
            timer::stop();
            if run == 0 {
                control.length.store(took, Relaxed);
                console::print(format_args!("length {}", took * 10 / 256));
            }
            control.reset_to(Step::Judge)
        }
        Step::Judge => {
            let (done, pc) = (control.done.load(Relaxed), control.pc.load(Relaxed));
            console::print(format_args!("reset {done} {pc:x}"));
            let boot = TRACER.boot(ResetCause::Watchdog);
            TRACER.keep_time();
            console::print(format_args!("boot {boot:?}"));
            let mut drain = TRACER.drain().expect("nobody drains yet");
            span!(TRACER, "after", count = 99_u32).finish();
            while work::send(&mut drain) {}
            let run = control.run.load(Relaxed) + 1;
            control.run.store(run, Relaxed);
            if run > RUNS {
                console::print(format_args!("end"));
                console::done()
            }
            control.reset_to(Step::Prepare)
        }
    }
}

#[derive(Clone, Copy)]
struct Timer0;

// SAFETY: the number of the machine's NVIC input of the timer.
unsafe impl InterruptNumber for Timer0 {
    fn number(self) -> u16 {
        timer::IRQ
    }
}

/// Every interrupt's entry: cortex-m-rt's table names it. It hands over what the processor pushed.
///
/// # Safety
/// Only for the processor to call.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn DefaultHandler() {
    naked_asm!("mrs r0, msp", "b {handle}", handle = sym handle);
}

extern "C" fn handle(frame: *const u32) -> ! {
    const PC_AT: usize = 6;

    // SAFETY: the processor pushed eight words at least, the program counter as the seventh.
    control().pc.store(unsafe { *frame.add(PC_AT) }, Relaxed);
    control().reset_to(Step::Judge)
}
