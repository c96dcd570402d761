//! What tracing needs of the board: a clock, a session, and the task that ships what is recorded.

use core::num::NonZeroU32;

use embassy_executor::Spawner;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpEndpoint, Stack};
use hello_services::Platform;
use semihosting::sys::arm_compat::sys_time;
use spandrel::wire::Value;
use spandrel::{Clock, Session, SessionSource, Tracer};
use spandrel_transport::uplinks::udp::{MTU, UdpUplink};
use spandrel_transport::{Reporter, Settings};
use static_cell::ConstStaticCell;

use crate::Args;
use crate::args::usage_error;
use crate::cycles::{CYCLES_ADDR, CYCLES_HZ, cycles};

/// What a tracer takes from this board.
pub const PLATFORM: Platform = Platform {
    // SAFETY: the counter is a register that is always there; reading it changes nothing.
    clock: unsafe { Clock::register(CYCLES_ADDR as *const u32, CYCLES_HZ) },
    session: SessionSource::Function(session),
    tags: &[("board", Value::Text("mps2-an386 (QEMU)")), ("cpu", Value::Text("cortex-m4"))],
};

/// Frames that wait for the network: a burst is a hello and a few frames.
const TX_FRAMES: usize = 4;

/// Bits of a session that tell boots of one second apart.
const JITTER_BITS: u32 = 4;

/// Differs from boot to boot: the machine has neither memory that lasts nor a source of random
/// numbers, but its host knows the time, and how long it took to come here varies by more than the
/// lowest bits of the counter. A number comes again after twelve days.
fn session() -> Session {
    let seconds = sys_time().ok().and_then(|time| u32::try_from(time).ok()).unwrap_or(0);
    Session::new(seconds << JITTER_BITS | cycles() & ((1 << JITTER_BITS) - 1))
}

/// The number of the device, from the argument `device=N`; without it the program ends.
pub fn device(args: &Args) -> NonZeroU32 {
    NonZeroU32::new(args.number("device", 0)).unwrap_or_else(|| {
        usage_error("argument device: must be a number from 1, of each device another")
    })
}

/// Ships what the tracer records to the collector, for ever.
///
/// # Panics
///
/// When it is called a second time, or the tracer has a reporter already.
pub fn start_reporter(
    spawner: Spawner,
    stack: Stack<'static>,
    tracer: &'static Tracer,
    collector: IpEndpoint,
) {
    // The reporter watches the clock from its first turn on. Until then nobody would know whether
    // the clock has wrapped, and the spans that begin before would say so.
    tracer.keep_time();
    spawner.spawn(report(stack, tracer, collector).expect("it is spawned here only"));
}

#[embassy_executor::task]
async fn report(stack: Stack<'static>, tracer: &'static Tracer, collector: IpEndpoint) {
    static RX: ConstStaticCell<[u8; MTU]> = ConstStaticCell::new([0; MTU]);
    static BUFFER: ConstStaticCell<[u8; MTU]> = ConstStaticCell::new([0; MTU]);
    static TX: ConstStaticCell<[u8; TX_FRAMES * MTU]> = ConstStaticCell::new([0; TX_FRAMES * MTU]);

    let mut rx_meta = [PacketMetadata::EMPTY; 4];
    let mut tx_meta = [PacketMetadata::EMPTY; TX_FRAMES];
    let mut socket = UdpSocket::new(stack, &mut rx_meta, RX.take(), &mut tx_meta, TX.take());
    if let Err(error) = socket.bind(0) {
        panic!("no port for the reporter: {error:?}");
    }
    let uplink = UdpUplink::new(socket, collector);
    match Reporter::new(tracer, uplink, BUFFER.take(), Settings::DEFAULT) {
        Ok(mut reporter) => reporter.run().await,
        Err(error) => panic!("no reporter: {error}"),
    }
}
