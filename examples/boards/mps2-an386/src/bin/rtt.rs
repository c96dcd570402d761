//! A desk with a probe and no network: spans go up RTT's channel 1, text goes up channel 0 as ever.
//!
//! Arguments: `device=7`, the number of this device.
#![no_std]
#![no_main]

use core::time::Duration;

use board_mps2_an386::Args;
use board_mps2_an386::tracing::{PLATFORM, device};
use embassy_time::{Delay, Timer};
use rtt_target::{rprintln, rtt_init, set_print_channel};
use spandrel::{Recorder, Tracer, span};
use spandrel_transport::uplinks::rtt::{MTU, RttUplink};
use spandrel_transport::{Reporter, Settings};
use static_cell::ConstStaticCell;

static RECORDER: Recorder<1024> = Recorder::new();
static TRACER: Tracer = hello_services::tracer("desk", &RECORDER, &PLATFORM);

/// How often something is sampled.
const PERIOD_MS: u64 = 50;
/// Samples of which one line tells.
const TOLD: u32 = 10;

#[cortex_m_rt::entry]
fn main() -> ! {
    // First of all, so that a probe finds nothing half made.
    let channels = rtt_init! {
        up: {
            0: { size: 1024, name: "Terminal" }
            1: { size: 1024, name: "spandrel" }
        }
        down: {
            0: { size: 16, name: "Terminal" }
            1: { size: 128, name: "spandrel" }
        }
    };
    set_print_channel(channels.up.0);
    let uplink = RttUplink::new(channels.up.1, Some(channels.down.1), Delay);
    // A desk has power enough for the clocks to be exact.
    let uplink = uplink.poll_every(Duration::from_millis(2));

    board_mps2_an386::run(|spawner| {
        hello_services::set_device(device(&Args::load(&["device"])));
        TRACER.keep_time();
        spawner.spawn(report(uplink).expect("it is spawned once"));
        spawner.spawn(sample().expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn report(uplink: RttUplink<Delay>) {
    static BUFFER: ConstStaticCell<[u8; MTU]> = ConstStaticCell::new([0; MTU]);

    match Reporter::new(&TRACER, uplink, BUFFER.take(), Settings::DEFAULT) {
        Ok(mut reporter) => reporter.run().await,
        Err(error) => panic!("no reporter: {error}"),
    }
}

#[embassy_executor::task]
async fn sample() {
    for count in 1_u32.. {
        Timer::after_millis(PERIOD_MS).await;
        let sample = span!(TRACER, "sample", count = count);
        span!(TRACER, child_of: &sample, "convert", channel = count % 4).finish();
        sample.finish();
        if count % TOLD == 0 {
            rprintln!("{} samples", count);
        }
    }
}
