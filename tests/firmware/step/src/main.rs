//! An interrupt at every instruction of recording: each run begins with a new ring and is interrupted
//! one instruction later than the run before.
//!
//! What it prints is judged by `tests/tests/step.rs`:
//!
//! ```text
//! stretch NAME STATE HANDLER LENGTH       one stretch, in instructions when nothing interrupts it
//! run WHEN AT PC BEFORE FILLERS DROPPED BEGUN ENDED   one run of it, interrupted once
//! frame HEX                               one frame of this run, in their order
//! ```
//!
//! `AT` counts instructions from the stretch's start to the interrupt's first look at the counter,
//! `BEFORE` is the half word before the interrupted instruction, in hexadecimal as `PC` is.
#![no_std]
#![no_main]

#[path = "../../console.rs"]
mod console;
mod frames;
mod interrupt;
mod state;
mod timer;
mod work;

use core::hint::black_box;

use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer, span};

use crate::interrupt::Seen;
use crate::state::State;
use crate::work::{Bench, Stretch};

/// Room for about a dozen records.
const RING_WORDS: usize = 96;

/// Slots for open spans, fewer than there are at times, so that some find none.
const OPEN: usize = if cfg!(feature = "open-spans") { 3 } else { 0 };

static RECORDER: Recorder<RING_WORDS, OPEN> = Recorder::new();
static TRACER: Tracer = Tracer::new("step", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)));

const CLOCK: Clock = {
    // SAFETY: the counter of the board; reading it changes nothing.
    unsafe { Clock::register(timer::COUNTER as *const u32, timer::HZ) }
};

#[cortex_m_rt::entry]
fn main() -> ! {
    interrupt::enable();
    for stretch in work::STRETCHES {
        for state in State::ALL {
            step_over(stretch, state, false);
            step_over(stretch, state, true);
        }
    }
    step_over(work::DRAIN, State::Turned, false);
    step_over(work::DRAIN, State::LastRoom, false);
    console::done()
}

/// Interrupts the stretch at each of its instructions, and before and behind it.
fn step_over(stretch: Stretch, state: State, drains: bool) {
    let undisturbed = run(stretch, state, None);
    let handler = if drains { "records+drains" } else { "records" };
    let (name, state_name, length) = (stretch.name, state.name(), undisturbed.length());
    console::print(format_args!("stretch {name} {state_name} {handler} {length}"));
    undisturbed.print();
    for after in 0.. {
        let run = run(stretch, state, Some(Armed { after, drains }));
        run.print();
        if run.is_over() {
            return;
        }
    }
}

/// When the interrupt comes, and what it does.
#[derive(Clone, Copy, Debug)]
struct Armed {
    after: u32,
    drains: bool,
}

/// What there is to know of a run beside its frames; times by the counter.
#[derive(Clone, Copy, Debug)]
struct Run {
    seen: Option<Seen>,
    /// Of the whole run.
    begun: u32,
    ended: u32,
    /// Of the stretch.
    start: u32,
    end: u32,
    /// Spans that brought the ring into its state.
    fillers: u32,
}

/// One run with a new ring; its frames are kept.
fn run(stretch: Stretch, state: State, armed: Option<Armed>) -> Run {
    // SAFETY: every byte of a recorder may change behind a shared reference. Nothing that points into
    // it is alive: no span, no guard, no drain; and the timer is stopped.
    unsafe { (&raw const RECORDER).cast_mut().write_volatile(Recorder::new()) };
    timer::restart();
    let begun = timer::now();
    let mut drain = TRACER.drain().expect("nobody drains a new ring");
    let base = span!(TRACER, "base");
    let active = base.enter();
    let fillers = state.prepare(&mut drain);
    interrupt::expect(armed.is_some_and(|armed| armed.drains));
    let mut bench = Bench::new(&base);
    if stretch.name == work::DRAIN.name {
        bench.drain = Some(drain);
    } else {
        frames::lend(drain);
    }
    let work = black_box(stretch.work);
    if let Some(armed) = armed {
        timer::start(armed.after);
    }
    let start = timer::now();
    work(&mut bench);
    let end = timer::now();
    // It comes in every run, if not inside then behind: so all of them record the same.
    while armed.is_some() && interrupt::seen().is_none() {}

    frames::keep(bench.frame());
    let mut drain = bench.drain.or_else(frames::take_back).expect("the interrupt gives it back");
    frames::empty(&mut drain);
    // There is room now: whatever is active shows in this one.
    span!(TRACER, "behind").finish();
    drop(active);
    base.finish();
    assert!(TRACER.open_spans().next().is_none(), "a slot was not given back");
    frames::empty(&mut drain);
    let ended = timer::now();
    Run { seen: interrupt::seen(), begun, ended, start, end, fillers }
}

impl Run {
    fn length(&self) -> u32 {
        timer::instructions(self.end.wrapping_sub(self.start))
    }

    /// Whether the interrupt came behind the stretch.
    fn is_over(&self) -> bool {
        self.seen.is_some_and(|seen| seen.ticks.wrapping_sub(self.end).cast_signed() > 0)
    }

    fn print(&self) {
        let &Self { begun, ended, fillers, .. } = self;
        let dropped = TRACER.losses().ring_full;
        match self.seen {
            None => console::print(format_args!(
                "run undisturbed 0 0 0 {fillers} {dropped} {begun} {ended}"
            )),
            Some(Seen { ticks, pc, before }) => {
                let since = ticks.wrapping_sub(self.start).cast_signed();
                let (when, at) = match () {
                    () if since < 0 => ("before", 0),
                    () if self.is_over() => ("behind", 0),
                    () => ("inside", timer::instructions(since.cast_unsigned())),
                };
                console::print(format_args!(
                    "run {when} {at} {pc:x} {before:x} {fillers} {dropped} {begun} {ended}"
                ));
            }
        }
        frames::print();
    }
}
