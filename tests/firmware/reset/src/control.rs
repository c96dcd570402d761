//! What this program knows of its runs, in memory that a reset does not take either.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed, Ordering::SeqCst};

const MAGIC: u32 = 0x7265_7365;

/// The step of a run that a boot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Records into memory that held nothing, and resets.
    Prepare,
    /// Recovers, records and drains, and is reset by the timer somewhere.
    Work,
    /// Recovers and drains what there is.
    Judge,
}

/// All of it; zero where power came.
#[repr(C)]
pub(crate) struct Control {
    magic: AtomicU32,
    step: AtomicU32,
    /// The number of the run; the first one is not reset by the timer.
    pub(crate) run: AtomicU32,
    /// Ticks of an undisturbed run.
    pub(crate) length: AtomicU32,
    /// How many of its operations were done when the reset came, and what it interrupted.
    pub(crate) done: AtomicU32,
    pub(crate) pc: AtomicU32,
}

#[unsafe(link_section = ".uninit.control")]
static mut CONTROL: MaybeUninit<Control> = MaybeUninit::zeroed();

pub(crate) fn control() -> &'static Control {
    let control = (&raw const CONTROL).cast::<Control>();
    // SAFETY: any bytes are one, and all of it is atomic.
    unsafe { &*control }
}

impl Control {
    /// The step that begins.
    pub(crate) fn step(&self) -> Step {
        if self.magic.load(Relaxed) != MAGIC {
            for word in [&self.step, &self.run, &self.length, &self.done, &self.pc] {
                word.store(0, Relaxed);
            }
            self.magic.store(MAGIC, SeqCst);
        }
        match self.step.load(Relaxed) {
            0 => Step::Prepare,
            1 => Step::Work,
            _ => Step::Judge,
        }
    }

    /// Resets, and goes on with this step.
    pub(crate) fn reset_to(&self, step: Step) -> ! {
        self.step.store(step as u32, SeqCst);
        cortex_m::peripheral::SCB::sys_reset()
    }

    /// One operation more is done.
    #[inline(always)]
    pub(crate) fn one_more(&self) {
        self.done.store(self.done.load(Relaxed) + 1, Relaxed);
    }
}
