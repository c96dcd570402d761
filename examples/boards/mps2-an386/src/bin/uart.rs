//! A board without a network: frames go over UART0, and so does what it prints.
//!
//! Arguments: `device=1`, the number of this device; `spans=1000`, how many spans it records, a
//! millisecond apart; then it goes on with one each tenth of a second.
#![no_std]
#![no_main]

use core::fmt::Write as _;

use board_mps2_an386::Args;
use board_mps2_an386::tracing::{PLATFORM, device};
use board_mps2_an386::uart::{self, FrameWriter, RECEIVED, UART};
use embassy_time::{Delay, Timer};
use spandrel::{Recorder, Tracer, span};
use spandrel_transport::uplinks::stream::timed::TimedStream;
use spandrel_transport::uplinks::stream::{MTU, StreamUplink};
use spandrel_transport::{Reporter, Settings};
use static_cell::ConstStaticCell;

static RECORDER: Recorder<4096> = Recorder::new();
static TRACER: Tracer = hello_services::tracer("uart", &RECORDER, &PLATFORM);

const SPANS: u32 = 1000;
/// Between two lines of text.
const SPANS_A_LINE: u32 = 10;

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let args = Args::load(&["device", "spans"]);
        hello_services::set_device(device(&args));
        uart::init();
        TRACER.keep_time();
        spawner.spawn(report().expect("it is spawned once"));
        spawner.spawn(work(args.number("spans", SPANS)).expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn report() {
    static BUFFER: ConstStaticCell<[u8; MTU]> = ConstStaticCell::new([0; MTU]);

    let stream = TimedStream::new(&RECEIVED, FrameWriter::default(), Delay);
    let uplink = StreamUplink::new(stream);
    Reporter::new(&TRACER, uplink, BUFFER.take(), Settings::DEFAULT)
        .expect("it is the only reporter")
        .run()
        .await
}

#[embassy_executor::task]
async fn work(spans: u32) {
    for number in 0..spans {
        span!(TRACER, "read", n = number).finish();
        if number % SPANS_A_LINE == 0 {
            // A UART takes whatever it is given.
            let _ = write!(UART.lock().await, "reading {number}\r\n");
        }
        Timer::after_millis(1).await;
    }
    loop {
        span!(TRACER, "idle", n = 0).finish();
        Timer::after_millis(100).await;
    }
}
