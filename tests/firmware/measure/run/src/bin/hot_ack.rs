//! As `hot`, with a tracer that holds its records until they are acknowledged, and what that takes of RAM.
#![no_std]
#![no_main]

#[path = "../hot_main.rs"]
mod hot_main;
#[path = "../work.rs"]
mod work;

use measure_run::CLOCK;
use measure_run::console::report;
use spandrel::{DeviceId, Recorder, Session, SessionSource, Tracer, Window};

pub(crate) const KEYS: [&str; 3] = ["ack.hot.w1", "ack.hot.w2", "ack.hot.w3"];
pub(crate) const IS_HELD: bool = true;

static WINDOW: Window = Window::new();
pub(crate) static RECORDER: Recorder<{ hot_main::RING_WORDS }> = Recorder::new();
pub(crate) static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Fixed(Session::new(1)))
    .acknowledged(&WINDOW);

#[measure_run::entry]
fn main() -> ! {
    report("ack.ram", size_of::<Window>());
    hot_main::run()
}
