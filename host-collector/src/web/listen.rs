//! Opens doors, or says why one cannot be opened and what to do about it.

use super::door::Door;
use super::holder::Holder;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// How many connections may wait until they are taken.
const BACKLOG: i32 = 1024;

/// Why a door cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Somebody else has the port.
    #[error(
        "TCP port {} of {} is in use{}: stop what has it, or choose another with --{flag} {}, or \
         --{flag} off",
        .address.port(), .address.ip(), said(.holder), any_port(*.address)
    )]
    InUse {
        /// The address.
        address: SocketAddr,
        /// What follows `--`.
        flag: &'static str,
        /// Who has it, if that can be seen.
        holder: Option<Holder>,
    },
    /// Whoever reaches it could do what he wants.
    #[error(
        "{address} can be reached from elsewhere and has neither TLS nor tokens: give --tls-cert and \
         --tls-key, or --token-file, or --insecure if a firewall chooses who comes; or let --{flag} be \
         on 127.0.0.1"
    )]
    Unguarded {
        /// The address.
        address: SocketAddr,
        /// What follows `--`.
        flag: &'static str,
    },
    /// The operating system refuses.
    #[error("cannot listen on TCP {address}: choose another address with --{flag}")]
    Refused {
        /// The address.
        address: SocketAddr,
        /// What follows `--`.
        flag: &'static str,
        /// Why.
        source: io::Error,
    },
}

fn said(holder: &Option<Holder>) -> String {
    holder.as_ref().map_or_else(String::new, |holder| format!(" ({holder})"))
}

fn any_port(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => format!("{}:PORT", address.ip()),
        SocketAddr::V6(address) => format!("[{}]:PORT", address.ip()),
    }
}

/// Listens there.
pub(super) fn listen(door: &'static Door, address: SocketAddr) -> Result<TcpListener, ListenError> {
    bind(address).map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => {
            let holder = Holder::of_tcp(address.port());
            ListenError::InUse { address, flag: door.flag, holder }
        }
        _ => ListenError::Refused { address, flag: door.flag, source },
    })
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restart need not wait for connections of before. On Windows it would take a port from another.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Whether a machine may well lack this address: many have no IPv6, and nobody asked for it.
pub(super) fn may_be_missing(address: SocketAddr, error: &ListenError) -> bool {
    let is_there = |source: &io::Error| {
        !matches!(source.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported)
            && !source.to_string().contains("not supported")
    };
    let is_loopback_of_6 = address.is_ipv6() && address.ip().is_loopback();
    is_loopback_of_6 && matches!(error, ListenError::Refused { source, .. } if !is_there(source))
}

#[cfg(test)]
mod tests {
    use super::super::door::DOORS;
    use super::*;

    #[test]
    fn a_port_in_use_names_the_port_the_flag_and_who_has_it() {
        let first = listen(&DOORS[2], "127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        let error = listen(&DOORS[2], address).unwrap_err().to_string();
        let begin = format!("TCP port {} of 127.0.0.1 is in use", address.port());
        assert!(error.starts_with(&begin), "{error}");
        assert!(error.ends_with("--otlp-http 127.0.0.1:PORT, or --otlp-http off"), "{error}");
        #[cfg(target_os = "linux")]
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    }

    #[test]
    fn only_loopback_of_ipv6_may_be_missing() {
        let refused = |address: &str, kind: io::ErrorKind| {
            let address = address.parse().unwrap();
            let error = ListenError::Refused { address, flag: "http", source: kind.into() };
            may_be_missing(address, &error)
        };
        assert!(refused("[::1]:1", io::ErrorKind::AddrNotAvailable));
        assert!(!refused("[::1]:1", io::ErrorKind::PermissionDenied));
        assert!(!refused("127.0.0.2:1", io::ErrorKind::AddrNotAvailable));
    }
}
