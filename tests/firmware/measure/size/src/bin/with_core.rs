//! The hot path and the recorder; nothing drains.
#![no_std]
#![no_main]

#[path = "../hot.rs"]
mod hot;

use core::hint::black_box;

#[cortex_m_rt::entry]
fn main() -> ! {
    loop {
        hot::work(black_box(1), black_box("ready"));
    }
}
