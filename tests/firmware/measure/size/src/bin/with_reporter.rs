//! As `with_core`, and the reporter of `spandrel-transport` over a link that does nothing.
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

#[cortex_m_rt::entry]
fn main() -> ! {
    let reporter =
        Reporter::<_, 32, 508>::new(&traced::TRACER, nowhere::Nowhere, Settings::DEFAULT);
    let Some(mut reporter) = reporter else { measure_size::park() };
    let mut context = Context::from_waker(Waker::noop());
    loop {
        black_box(traced::work(black_box(1), black_box("ready")));
        // An executor would poll it; what that costs is the user's choice of executor.
        let _ = pin!(reporter.step()).poll(&mut context);
    }
}
