//! Sends every datagram on port 9000 back to where it came from, and ends when one says `quit`.
//!
//! Argument: `host=15`, the last byte of the guest's address.
#![no_std]
#![no_main]

use board_mps2_an386::net::{self, DEFAULT_HOST};
use board_mps2_an386::{Args, exit, lan9118, println};
use embassy_net::Stack;
use embassy_net::udp::{PacketMetadata, UdpSocket};
use static_cell::ConstStaticCell;

const PORT: u16 = 9000;
const MAX_DATAGRAM_LEN: usize = 1472;

static RX: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
static TX: ConstStaticCell<[u8; 4096]> = ConstStaticCell::new([0; 4096]);
static DATAGRAM: ConstStaticCell<[u8; MAX_DATAGRAM_LEN]> =
    ConstStaticCell::new([0; MAX_DATAGRAM_LEN]);

#[cortex_m_rt::entry]
fn main() -> ! {
    board_mps2_an386::run(|spawner| {
        let host = Args::load(&["host"]).number("host", DEFAULT_HOST);
        let stack = net::start(spawner, host);
        spawner.spawn(echo(stack).expect("it is spawned once"));
        println!("udp_echo: 10.0.2.{host}:{PORT}");
    })
}

#[embassy_executor::task]
async fn echo(stack: Stack<'static>) {
    let mut rx_meta = [PacketMetadata::EMPTY; 8];
    let mut tx_meta = [PacketMetadata::EMPTY; 8];
    let mut socket = UdpSocket::new(stack, &mut rx_meta, RX.take(), &mut tx_meta, TX.take());
    if let Err(error) = socket.bind(PORT) {
        panic!("port {PORT}: {error:?}");
    }
    let buffer = DATAGRAM.take();
    loop {
        // A datagram that is longer than the buffer came in fragments, which the stack does not
        // join: it never gets here.
        let Ok((len, from)) = socket.recv_from(buffer).await else { continue };
        let Some(datagram) = buffer.get(..len) else { continue };
        if let Err(error) = socket.send_to(datagram, from).await {
            println!("udp_echo: {error:?}");
        }
        if datagram == b"quit" {
            // What the socket still holds would be lost with it.
            socket.flush().await;
            println!("{:?}", lan9118::counters());
            exit(0);
        }
    }
}
