//! Sends datagrams of all sizes to an echo, one at a time, and checks what comes back.
//!
//! Arguments: `peer=IP:PORT`, `count=500`, and `host=15`, the last byte of the guest's address.
#![no_std]
#![no_main]

use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::{Args, exit, lan9118, println};
use embassy_net::udp::{PacketMetadata, UdpSocket};
use embassy_net::{IpEndpoint, Stack};
use embassy_time::{Duration, with_timeout};
use static_cell::ConstStaticCell;

const MAX_LEN: u32 = 1400;
/// UDP may lose one, and the echo may still be starting.
const MAX_TRIES: u32 = 20;
const PATIENCE: Duration = Duration::from_millis(500);

type Payload = [u8; MAX_LEN as usize];

static RX: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
static TX: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
static SENT: ConstStaticCell<Payload> = ConstStaticCell::new([0; MAX_LEN as usize]);
static ECHO: ConstStaticCell<Payload> = ConstStaticCell::new([0; MAX_LEN as usize]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let args = Args::load(&["peer", "count", "host"]);
        let peer = args.endpoint("peer");
        let count = args.number("count", 500);
        let stack = net::start(spawner, args.number("host", DEFAULT_HOST));
        spawner.spawn(ping(stack, peer, count).expect("it is spawned once"));
    })
}

#[embassy_executor::task]
async fn ping(stack: Stack<'static>, peer: IpEndpoint, count: u32) {
    let mut rx_meta = [PacketMetadata::EMPTY; 8];
    let mut tx_meta = [PacketMetadata::EMPTY; 8];
    let mut socket = UdpSocket::new(stack, &mut rx_meta, RX.take(), &mut tx_meta, TX.take());
    if let Err(error) = socket.bind(0) {
        panic!("no port: {error:?}");
    }
    let (sent, echo) = (SENT.take(), ECHO.take());
    let mut lost = 0;
    for number in 0..count {
        let len = payload_len(number, count);
        let Some(payload) = sent.get_mut(..len) else { continue };
        for (byte, position) in payload.iter_mut().zip(0..) {
            *byte = pattern(number, position);
        }
        let mut tries = 0;
        while !round_trip(&socket, peer, payload, echo).await {
            lost += 1;
            tries += 1;
            if tries == MAX_TRIES {
                println!("ping failed: no right echo of datagram {number} ({len} bytes)");
                println!("{:?}", lan9118::counters());
                exit(1);
            }
        }
    }
    println!("ping ok {count}");
    println!("sent again {lost}, {:?}", lan9118::counters());
    exit(0)
}

/// Sends `payload` and waits for its echo; echoes of what was sent again before are passed over.
async fn round_trip(
    socket: &UdpSocket<'_>,
    peer: IpEndpoint,
    payload: &[u8],
    echo: &mut Payload,
) -> bool {
    if let Err(error) = socket.send_to(payload, peer).await {
        println!("udp_ping: {error:?}");
        return false;
    }
    let right_echo = async {
        loop {
            if let Ok((len, from)) = socket.recv_from(echo).await
                && from.endpoint == peer
                && echo.get(..len) == Some(payload)
            {
                return;
            }
        }
    };
    with_timeout(PATIENCE, right_echo).await.is_ok()
}

/// From 1 to `MAX_LEN`, evenly spread over the run.
fn payload_len(number: u32, count: u32) -> usize {
    let steps = count.saturating_sub(1).max(1);
    let len = 1 + u64::from(number) * u64::from(MAX_LEN - 1) / u64::from(steps);
    usize::try_from(len).unwrap_or(0)
}

/// Differs between neighbours in place and in number, so that no mix-up goes unseen.
fn pattern(number: u32, position: u32) -> u8 {
    let [byte, ..] = number.wrapping_mul(31).wrapping_add(position.wrapping_mul(7)).to_le_bytes();
    byte
}
