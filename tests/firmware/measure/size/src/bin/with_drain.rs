//! As `with_core`, and a drain driven by hand, all of it used.
#![no_std]
#![no_main]

#[path = "../hot.rs"]
mod hot;

use core::hint::black_box;
use spandrel::Asked;

#[cortex_m_rt::entry]
fn main() -> ! {
    // On the stack: its size is told by `measure-run`.
    let Ok(mut drain) = hot::TRACER.drain() else { measure_size::park() };
    let mut buffer = [0; 508];
    loop {
        hot::work(black_box(1), black_box("ready"));
        black_box(drain.hello(&mut buffer));
        while let Some(frame) = drain.frame(&mut buffer) {
            black_box(frame);
        }
        let now = drain.now_ticks();
        match drain.on_downlink(black_box(&[0; 16])) {
            Asked::Pong(id) => drop(black_box(drain.pong(&mut buffer, id, now))),
            other => drop(black_box(other)),
        }
    }
}
