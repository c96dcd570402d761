//! As `hot`, with a recorder that has a table of open spans, which a reset does not take.
#![no_std]
#![no_main]

#[path = "../hot_main.rs"]
mod hot_main;
#[path = "../work.rs"]
mod work;

use measure_run::CLOCK;
use spandrel::{DeviceId, Recorder, Session, SessionSource, Tracer};

/// What is measured is called.
pub(crate) const KEYS: [&str; 3] = ["hot.w1", "hot.w2", "hot.w3"];
/// Whether the tracer holds its records until they are acknowledged.
pub(crate) const IS_HELD: bool = false;

pub(crate) static RECORDER: Recorder<{ hot_main::RING_WORDS }, 16> = Recorder::new();
pub(crate) static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)));

#[cortex_m_rt::entry]
fn main() -> ! {
    hot_main::run()
}
