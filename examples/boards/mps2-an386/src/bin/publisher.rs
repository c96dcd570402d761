//! The service `publisher` on this board, on port 9000.
//!
//! Arguments: `collector=IP:PORT`; `device=3`, the number of this device; `host=15`, the last byte
//! of its address.
#![no_std]
#![no_main]

use board_mps2_an386::Args;
use board_mps2_an386::guest::{Guest, PORT};
use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::tracing::{PLATFORM, device, start_reporter};
use hello_services::publisher;
use spandrel::{Recorder, Tracer};

static RECORDER: Recorder<512> = Recorder::new();
static TRACER: Tracer = hello_services::tracer(publisher::NAME, &RECORDER, &PLATFORM);

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let args = Args::load(&["collector", "device", "host"]);
        hello_services::set_device(device(&args));
        let stack = net::start(spawner, args.number("host", DEFAULT_HOST));
        start_reporter(spawner, stack, &TRACER, args.endpoint("collector"));
        spawner.spawn(serve(Guest::new(stack, PORT)).expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn serve(mut guest: Guest) {
    publisher::run(&mut guest, &TRACER).await
}
