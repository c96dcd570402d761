//! Real tracers over real links to a real hub and pipeline: what arrives is what was recorded, also
//! over lines that are cut and lines with bit errors.
#![expect(clippy::std_instead_of_alloc, reason = "only host programs are tested here")]

mod board;
mod collector;
#[cfg(unix)]
mod serial;
mod tcp;

use spandrel::wire::Value;
use spandrel::{Clock, DeviceId, Recorder, Session, SessionSource, Tracer};

/// A tracer of a device with this number.
fn tracer(device: u64) -> &'static Tracer {
    let recorder: &Recorder<65_536> = Box::leak(Box::new(Recorder::new()));
    let tracer = Tracer::new("linked", recorder, Clock::monotonic())
        .device_id(DeviceId(device))
        .session(SessionSource::Fixed(Session::new(3)))
        .tags(&[("board", Value::Text("none"))]);
    tracer.keep_time();
    Box::leak(Box::new(tracer))
}
