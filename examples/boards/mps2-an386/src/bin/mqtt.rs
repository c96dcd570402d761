//! Traces ten readings a second and ships them through an MQTT broker.
//!
//! Arguments: `broker=IP:PORT`; `device=4`, the number of this device; `host=15`, the last byte of its
//! address; `qos=0` or 1.
#![no_std]
#![no_main]

use board_mps2_an386::args::usage_error;
use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::tracing::{PLATFORM, device};
use board_mps2_an386::{Args, println};
use embassy_net::tcp::TcpSocket;
use embassy_net::{IpEndpoint, Stack};
use embassy_time::{Duration, Ticker};
use spandrel::{Recorder, Tracer, span};
use spandrel_transport::mqtt::Qos;
use spandrel_transport::uplinks::mqtt::{MqttSettings, MqttUplink, TcpDial, Timed};
use spandrel_transport::{Reporter, Settings};
use static_cell::ConstStaticCell;

/// Bytes of a frame, and of what waits for the network: a frame and the head of its message.
const FRAME_LEN: usize = 508;
const TX_LEN: usize = 640;
const RX_LEN: usize = 256;

type Uplink = MqttUplink<'static, Timed<TcpDial<'static>>>;

static RECORDER: Recorder<512> = Recorder::new();
static TRACER: Tracer = hello_services::tracer("thermometer", &RECORDER, &PLATFORM);

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let args = Args::load(&["broker", "device", "host", "qos"]);
        hello_services::set_device(device(&args));
        let qos = match args.number("qos", 0_u8) {
            0 => Qos::AtMostOnce,
            1 => Qos::AtLeastOnce,
            _ => usage_error("argument qos: must be 0 or 1"),
        };
        let stack = net::start(spawner, args.number("host", DEFAULT_HOST));
        TRACER.keep_time();
        spawner.spawn(report(stack, args.endpoint("broker"), qos).expect("it is spawned once"));
        spawner.spawn(measure().expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn report(stack: Stack<'static>, broker: IpEndpoint, qos: Qos) {
    reporter(stack, broker, qos).run().await
}

/// Made here and not in the task, which would keep room for all that is moved on the way.
fn reporter(stack: Stack<'static>, broker: IpEndpoint, qos: Qos) -> Reporter<'static, Uplink> {
    static RX: ConstStaticCell<[u8; RX_LEN]> = ConstStaticCell::new([0; RX_LEN]);
    static TX: ConstStaticCell<[u8; TX_LEN]> = ConstStaticCell::new([0; TX_LEN]);
    static BUFFER: ConstStaticCell<[u8; FRAME_LEN]> = ConstStaticCell::new([0; FRAME_LEN]);

    let socket = TcpSocket::new(stack, RX.take(), TX.take());
    let connector = Timed(TcpDial::new(socket, broker));
    let on_event = |event| println!("mqtt: {event:?}");
    let settings = MqttSettings { qos, on_event, ..MqttSettings::DEFAULT };
    let uplink = match MqttUplink::new(connector, TRACER.device(), settings) {
        Ok(uplink) => uplink,
        Err(error) => panic!("no uplink: {error}"),
    };
    match Reporter::new(&TRACER, uplink, BUFFER.take(), Settings::DEFAULT) {
        Ok(reporter) => reporter,
        Err(error) => panic!("no reporter: {error}"),
    }
}

#[embassy_executor::task]
async fn measure() {
    let mut ticker = Ticker::every(Duration::from_millis(100));
    for number in 0_u32.. {
        ticker.next().await;
        span!(TRACER, "read", number = number).finish();
    }
}
