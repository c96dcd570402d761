//! A board that reports over TCP: the connection is made again when it breaks.
//!
//! Arguments: `collector=IP:PORT`; `device=1`, the number of this device; `host=15`, the last byte
//! of its address; `spans=1000`, how many spans it records, a millisecond apart; then it goes on
//! with one each tenth of a second.
#![no_std]
#![no_main]

use board_mps2_an386::Args;
use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::tracing::{PLATFORM, device};
use embassy_net::tcp::TcpSocket;
use embassy_net::{IpEndpoint, Stack};
use embassy_time::Timer;
use spandrel::{Recorder, Tracer, span};
use spandrel_transport::uplinks::stream::MTU;
use spandrel_transport::uplinks::tcp::{TcpStream, TcpUplink};
use spandrel_transport::{Reporter, Settings};
use static_cell::ConstStaticCell;

static RECORDER: Recorder<4096> = Recorder::new();
static TRACER: Tracer = hello_services::tracer("tcp", &RECORDER, &PLATFORM);

const SPANS: u32 = 1000;
/// A few frames, and what a collector says at once.
const TX: usize = 4 * MTU;
const RX: usize = 256;

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let args = Args::load(&["collector", "device", "host", "spans"]);
        hello_services::set_device(device(&args));
        TRACER.keep_time();
        let stack = net::start(spawner, args.number("host", DEFAULT_HOST));
        spawner.spawn(report(stack, args.endpoint("collector")).expect("it is spawned once"));
        spawner.spawn(work(args.number("spans", SPANS)).expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn report(stack: Stack<'static>, collector: IpEndpoint) {
    static BUFFER: ConstStaticCell<[u8; MTU]> = ConstStaticCell::new([0; MTU]);
    static TX_BUFFER: ConstStaticCell<[u8; TX]> = ConstStaticCell::new([0; TX]);
    static RX_BUFFER: ConstStaticCell<[u8; RX]> = ConstStaticCell::new([0; RX]);

    let socket = TcpSocket::new(stack, RX_BUFFER.take(), TX_BUFFER.take());
    let uplink = TcpUplink::new(TcpStream::new(socket, collector));
    Reporter::new(&TRACER, uplink, BUFFER.take(), Settings::DEFAULT)
        .expect("it is the only reporter")
        .run()
        .await
}

#[embassy_executor::task]
async fn work(spans: u32) {
    for number in 0..spans {
        span!(TRACER, "read", n = number).finish();
        Timer::after_millis(1).await;
    }
    for number in 0.. {
        span!(TRACER, "idle", n = number).finish();
        Timer::after_millis(100).await;
    }
}
