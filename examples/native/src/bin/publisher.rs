//! The service `publisher` as a process.
//!
//! Arguments: `listen=IP:PORT` and `collector=IP:PORT`; `device=3`, the number of this device.

use embassy_futures::block_on;
use hello_native::{Args, PLATFORM, Process, start_reporter};
use hello_services::publisher;
use spandrel::{Recorder, Tracer};

static RECORDER: Recorder<512> = Recorder::new();
static TRACER: Tracer = hello_services::tracer(publisher::NAME, &RECORDER, &PLATFORM);

fn main() {
    let args = Args::load(&["listen", "collector", "device"]);
    hello_services::set_device(args.device());
    let mut process = Process::new(args.address("listen"));
    start_reporter(&TRACER, args.address("collector"));
    block_on(publisher::run(&mut process, &TRACER));
}
