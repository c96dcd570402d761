//! As `with_reporter`, over RTT: its control block has this one channel each way.
#![no_std]
#![no_main]

#[path = "../hot.rs"]
mod hot;

use core::future::Future as _;
use core::hint::black_box;
use core::pin::pin;
use core::task::{Context, Waker};
use embedded_hal_async::delay::DelayNs;
use rtt_target::rtt_init;
use spandrel_transport::uplinks::rtt::RttUplink;
use spandrel_transport::{Reporter, Settings};

/// The user sizes it, and gives it.
static mut BUFFER: [u8; 508] = [0; 508];

/// The user has a timer.
struct Timer;

impl DelayNs for Timer {
    async fn delay_ns(&mut self, ns: u32) {
        black_box(ns);
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    let channels = rtt_init! {
        up: { 0: { size: 1024, name: "spandrel" } }
        down: { 0: { size: 128, name: "spandrel" } }
    };
    let uplink = RttUplink::new(channels.up.0, Some(channels.down.0), Timer);
    // SAFETY: taken once, here.
    let buffer = unsafe { (&raw mut BUFFER).as_mut_unchecked() };
    let mut reporter = Reporter::new(&hot::TRACER, uplink, buffer, Settings::DEFAULT);
    let Ok(reporter) = &mut reporter else { measure_size::park() };
    let mut context = Context::from_waker(Waker::noop());
    loop {
        hot::work(black_box(1), black_box("ready"));
        // An executor would poll it; what that costs is the user's choice of executor.
        let _ = pin!(reporter.step()).poll(&mut context);
    }
}
