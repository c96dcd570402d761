//! Whether a URL leads back to this collector, which would then be sent its own spans for ever.

use super::Url;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs as _, UdpSocket};

/// Whether `url` names one of the doors, as far as its text alone tells: loopback by any of its names,
/// and addresses that are a door's own.
#[must_use]
pub fn is_own_door(url: &Url, doors: &[SocketAddr]) -> bool {
    let (host, port) = url.host_and_port();
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let address = match host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) if name == "localhost" || name.ends_with(".localhost") => {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        }
        Err(_) => return false,
    };
    leads_to(address, port, doors, |_| false)
}

/// The same for any name, which is looked up; addresses of this machine lead to doors that are open on
/// all of them. It blocks.
#[must_use]
pub fn leads_back(url: &Url, doors: &[SocketAddr]) -> bool {
    let (host, port) = url.host_and_port();
    if is_own_door(url, doors) {
        return true;
    }
    if !doors.iter().any(|door| door.port() == port) {
        return false;
    }
    // Who cannot be found today may be elsewhere tomorrow: that is for the exporter to say.
    let found = (host, port).to_socket_addrs().map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    // An address can be bound to only where it is one of this machine.
    let is_here = |address: IpAddr| UdpSocket::bind((address, 0)).is_ok();
    found.into_iter().any(|found| leads_to(found.ip(), port, doors, is_here))
}

fn leads_to(
    address: IpAddr,
    port: u16,
    doors: &[SocketAddr],
    is_here: impl Fn(IpAddr) -> bool,
) -> bool {
    let address = address.to_canonical();
    doors.iter().filter(|door| door.port() == port).any(|door| {
        let door = door.ip().to_canonical();
        // Whoever connects to no address in particular gets to this machine.
        let is_loopback = address.is_loopback() || address.is_unspecified();
        address == door
            || is_loopback && (door.is_loopback() || door.is_unspecified())
            || door.is_unspecified() && is_here(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_own(url: &str, doors: &[&str]) -> bool {
        let doors: Vec<SocketAddr> = doors.iter().map(|door| door.parse().unwrap()).collect();
        is_own_door(&Url::parse(url).unwrap(), &doors)
    }

    #[test]
    fn loopback_by_any_name_is_a_door_of_loopback() {
        for host in [
            "127.0.0.1",
            "127.0.0.2",
            "localhost",
            "LocalHost.",
            "a.localhost",
            "[::1]",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
        ] {
            for door in ["127.0.0.1:7727", "[::1]:7727", "0.0.0.0:7727", "[::]:7727"] {
                assert!(is_own(&format!("http://{host}:7727"), &[door]), "{host} {door}");
                assert!(!is_own(&format!("http://{host}:4318"), &[door]), "{host} {door}");
            }
            assert!(!is_own(&format!("http://{host}:7727"), &["10.0.0.1:7727"]), "{host}");
        }
    }

    #[test]
    fn another_host_is_no_door_unless_the_door_is_there() {
        let doors = ["127.0.0.1:80", "10.0.0.1:443", "10.0.0.1:80"];
        assert!(is_own("https://10.0.0.1", &doors));
        assert!(is_own("http://10.0.0.1", &doors));
        assert!(!is_own("http://10.0.0.2", &doors));
        assert!(!is_own("http://notlocalhost", &doors));
    }

    #[test]
    fn an_address_of_this_machine_is_a_door_that_is_open_on_all() {
        let (here, all) = ("10.1.2.3".parse().unwrap(), ["0.0.0.0:4318".parse().unwrap()]);
        assert!(leads_to(here, 4318, &all, |address| address == here));
        assert!(!leads_to(here, 4318, &all, |_| false));
    }

    #[test]
    fn a_name_is_looked_up() {
        let door = ["127.0.0.1:4318".parse().unwrap()];
        assert!(leads_back(&Url::parse("http://127.1:4318").unwrap(), &door));
        assert!(!leads_back(&Url::parse("http://127.1:4317").unwrap(), &door));
    }
}
