//! The board as a service sees it: one UDP socket, the time since boot, the console.

use core::fmt;
use core::net::SocketAddrV4;
use core::time::Duration;

use embassy_net::udp::{PacketMetadata, UdpMetadata, UdpSocket};
use embassy_net::{IpAddress, IpEndpoint, Stack};
use embassy_time::{Duration as Ticks, Instant, Timer, with_timeout};
use hello_services::Board;
use static_cell::ConstStaticCell;

use crate::println;

/// Where the servers listen.
pub const PORT: u16 = 9000;

/// Datagrams, sent or received, that wait at a time.
const DATAGRAMS: usize = 8;
/// Bytes of all of them.
const BUFFER_LEN: usize = 1024;

type Buffer = [u8; BUFFER_LEN];
type Metadata = [PacketMetadata; DATAGRAMS];

/// This machine, a guest of QEMU.
pub struct Guest {
    stack: Stack<'static>,
    socket: UdpSocket<'static>,
}

impl Guest {
    /// A guest that receives on this port, or on any if it is 0.
    ///
    /// # Panics
    ///
    /// When it is called a second time.
    pub fn new(stack: Stack<'static>, port: u16) -> Self {
        static RX: ConstStaticCell<Buffer> = ConstStaticCell::new([0; BUFFER_LEN]);
        static TX: ConstStaticCell<Buffer> = ConstStaticCell::new([0; BUFFER_LEN]);
        static RX_META: ConstStaticCell<Metadata> =
            ConstStaticCell::new([PacketMetadata::EMPTY; DATAGRAMS]);
        static TX_META: ConstStaticCell<Metadata> =
            ConstStaticCell::new([PacketMetadata::EMPTY; DATAGRAMS]);

        let (rx, tx) = (RX.take(), TX.take());
        let mut socket = UdpSocket::new(stack, RX_META.take(), rx, TX_META.take(), tx);
        if let Err(error) = socket.bind(port) {
            panic!("port {port}: {error:?}");
        }
        Self { stack, socket }
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guest").field(&self.address()).finish()
    }
}

impl Board for Guest {
    fn address(&self) -> SocketAddrV4 {
        let ip = self.stack.config_v4().map(|config| config.address.address());
        SocketAddrV4::new(
            ip.unwrap_or(core::net::Ipv4Addr::UNSPECIFIED),
            self.socket.endpoint().port,
        )
    }

    async fn send(&mut self, datagram: &[u8], to: SocketAddrV4) {
        if let Err(error) = self.socket.send_to(datagram, endpoint(to)).await {
            println!("cannot send to {to}: {error:?}");
        }
    }

    async fn receive(
        &mut self,
        buffer: &mut [u8],
        within: Duration,
    ) -> Option<(usize, SocketAddrV4)> {
        let received = with_timeout(ticks(within), self.socket.recv_from(buffer)).await;
        let (len, UdpMetadata { endpoint, .. }) = received.ok()?.ok()?;
        Some((len, address(endpoint)))
    }

    async fn pause(&mut self, time: Duration) {
        Timer::after(ticks(time)).await;
    }

    fn uptime(&self) -> Duration {
        Duration::from_micros(Instant::now().as_micros())
    }

    fn print(&mut self, line: fmt::Arguments<'_>) {
        println!("{line}");
    }
}

/// The endpoint as the services name it.
pub fn address(endpoint: IpEndpoint) -> SocketAddrV4 {
    let IpAddress::Ipv4(ip) = endpoint.addr;
    SocketAddrV4::new(ip, endpoint.port)
}

fn endpoint(address: SocketAddrV4) -> IpEndpoint {
    IpEndpoint::new(IpAddress::Ipv4(*address.ip()), address.port())
}

fn ticks(time: Duration) -> Ticks {
    Ticks::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
