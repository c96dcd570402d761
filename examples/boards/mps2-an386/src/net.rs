//! The network stack over the board's Ethernet: one call and a program has sockets.
//!
//! The addresses are those of QEMU's user network: the guest is 10.0.2.15 unless told otherwise,
//! and 10.0.2.2 is both the gateway and the host's own loopback. Each guest with `-nic user` has
//! such a network to itself, so all of them can be 10.0.2.15; on a shared segment (`-nic socket`)
//! each takes another last byte.

use core::task::{Context, Waker};

use embassy_executor::Spawner;
use embassy_net::{Config, Ipv4Address, Ipv4Cidr, Runner, Stack, StackResources, StaticConfigV4};
use embassy_net_driver::{Driver as _, TxToken as _};
use static_cell::StaticCell;

use crate::lan9118::Lan9118;

/// Last byte of the address that QEMU's user network forwards to.
pub const DEFAULT_HOST: u8 = 15;

/// Sockets that a program can have open at a time.
pub const MAX_SOCKETS: usize = 8;

const GATEWAY: Ipv4Address = Ipv4Address::new(10, 0, 2, 2);
const PREFIX_LEN: u8 = 24;

/// Starts the network as 10.0.2.`host`, which is also the last byte of the Ethernet address and the
/// seed of the stack's random numbers: so that a run can be repeated.
///
/// # Panics
///
/// When it is called a second time, or the machine was started without its Ethernet controller.
pub fn start(spawner: Spawner, host: u8) -> Stack<'static> {
    static RESOURCES: StaticCell<StackResources<MAX_SOCKETS>> = StaticCell::new();

    // Bit 1 of the first byte marks an address that no manufacturer gave out.
    let hardware = [0x02, 0, 0, 0, 0, host];
    let address = Ipv4Address::new(10, 0, 2, host);
    let mut driver = match Lan9118::new(hardware) {
        Ok(driver) => driver,
        Err(error) => panic!("no Ethernet: {error:?}"),
    };
    announce(&mut driver, hardware, address);
    let config = Config::ipv4_static(StaticConfigV4 {
        address: Ipv4Cidr::new(address, PREFIX_LEN),
        gateway: Some(GATEWAY),
        dns_servers: Default::default(),
    });
    let (stack, runner) =
        embassy_net::new(driver, config, RESOURCES.init(StackResources::new()), u64::from(host));
    spawner.spawn(run(runner).expect("it is spawned here only"));
    stack
}

/// Tells the segment who has `address` (RFC 5227). Otherwise a guest that only listens is unknown to
/// QEMU's network, which would hold the first datagram back for up to a second, or lose it.
fn announce(driver: &mut Lan9118, hardware: [u8; 6], address: Ipv4Address) {
    const LEN: usize = 42;
    let address = address.octets();
    let parts: [&[u8]; 7] = [
        &[0xFF; 6],                                                    // to everybody
        &hardware,                                                     // from here
        &[0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01], // an ARP request
        &hardware,
        &address,
        &[0; 6],
        &address,
    ];
    if let Some(token) = driver.transmit(&mut Context::from_waker(Waker::noop())) {
        token.consume(LEN, |frame| {
            for (to, from) in frame.iter_mut().zip(parts.into_iter().flatten()) {
                *to = *from;
            }
        });
    }
}

#[embassy_executor::task]
async fn run(mut runner: Runner<'static, Lan9118>) {
    runner.run().await
}
