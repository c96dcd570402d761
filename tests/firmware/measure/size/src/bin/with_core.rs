//! The hot path and the recorder: tracer, spans, tags, logs, scopes, contexts; nothing drains.
#![no_std]
#![no_main]

#[path = "../traced.rs"]
mod traced;

use core::hint::black_box;

#[cortex_m_rt::entry]
fn main() -> ! {
    loop {
        black_box(traced::work(black_box(1), black_box("ready")));
    }
}
