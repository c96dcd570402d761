//! 64 functions with a W1 call site each.
#![no_std]
#![no_main]

#[path = "../sites.rs"]
#[expect(dead_code, reason = "each image has one of the tables")]
mod sites;

#[cortex_m_rt::entry]
fn main() -> ! {
    sites::run(sites::SITES)
}
