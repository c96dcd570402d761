//! The twins of those of `sites`, without the call sites.
#![no_std]
#![no_main]

#[path = "../sites.rs"]
#[expect(dead_code, reason = "each image has one of the tables")]
mod sites;

#[cortex_m_rt::entry]
fn main() -> ! {
    sites::run(sites::TWINS)
}
