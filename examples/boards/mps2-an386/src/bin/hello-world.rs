//! The service `hello-world` on this board.
//!
//! Arguments: `formatter=IP:PORT`, `publisher=IP:PORT` and `collector=IP:PORT`; `name=Bryan`, who
//! is greeted; `device=1`, the number of this device; `host=15`, the last byte of its address.
#![no_std]
#![no_main]

use board_mps2_an386::args::usage_error;
use board_mps2_an386::guest::{Guest, address};
use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::tracing::{PLATFORM, device, start_reporter};
use board_mps2_an386::{Args, exit};
use hello_services::hello_world::{self, Task};
use spandrel::{Recorder, Tracer};

static RECORDER: Recorder<512> = Recorder::new();
static TRACER: Tracer = hello_services::tracer(hello_world::NAME, &RECORDER, &PLATFORM);

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let known = ["formatter", "publisher", "collector", "name", "device", "host"];
        let args = Args::load(&known);
        let task = Task {
            name: args.get("name").unwrap_or_else(|| usage_error("argument name: missing")),
            formatter: address(args.endpoint("formatter")),
            publisher: address(args.endpoint("publisher")),
        };
        hello_services::set_device(device(&args));
        let stack = net::start(spawner, args.number("host", DEFAULT_HOST));
        start_reporter(spawner, stack, &TRACER, args.endpoint("collector"));
        spawner.spawn(greet(Guest::new(stack, 0), task).expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn greet(mut guest: Guest, task: Task<'static>) {
    exit(hello_world::run(&mut guest, &TRACER, &task).await)
}
