//! The service `hello-world` as a process.
//!
//! Arguments: `formatter=IP:PORT`, `publisher=IP:PORT` and `collector=IP:PORT`; `name=Bryan`, who
//! is greeted; `device=1`, the number of this device.

use core::net::{Ipv4Addr, SocketAddrV4};
use embassy_futures::block_on;
use hello_native::{Args, PLATFORM, Process, start_reporter};
use hello_services::hello_world::{self, Task};
use spandrel::{Recorder, Tracer};

static RECORDER: Recorder<512> = Recorder::new();
static TRACER: Tracer = hello_services::tracer(hello_world::NAME, &RECORDER, &PLATFORM);

fn main() {
    let args = Args::load(&["formatter", "publisher", "collector", "name", "device"]);
    let task = Task {
        name: args.text("name"),
        formatter: args.address("formatter"),
        publisher: args.address("publisher"),
    };
    hello_services::set_device(args.device());
    start_reporter(&TRACER, args.address("collector"));
    let mut process = Process::new(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0));
    std::process::exit(block_on(hello_world::run(&mut process, &TRACER, &task)));
}
