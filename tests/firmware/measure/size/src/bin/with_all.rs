//! Everything that core offers, and the reporter over a link that does nothing.
#![no_std]
#![no_main]

#[path = "../../../nowhere.rs"]
mod nowhere;
#[path = "../traced.rs"]
mod traced;

use core::future::Future as _;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Waker};
use spandrel_transport::{Reporter, Settings};

/// The user sizes it, and gives it.
static mut BUFFER: [u8; 508] = [0; 508];

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: taken once, here.
    let buffer = unsafe { (&raw mut BUFFER).as_mut_unchecked() };
    let reporter = Reporter::new(&traced::TRACER, nowhere::Nowhere, buffer, Settings::DEFAULT);
    let Ok(mut reporter) = reporter else { measure_size::park() };
    let mut context = Context::from_waker(Waker::noop());
    loop {
        black_box(traced::work(black_box(1), black_box("ready")));
        // An executor would poll it; what that costs is the user's choice of executor.
        let _ = pin!(reporter.step()).poll(&mut context);
    }
}
