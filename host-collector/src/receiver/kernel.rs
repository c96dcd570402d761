//! What the operating system does with datagrams before anybody takes them: how many it holds, and how many
//! it dropped.
//!
//! Linux counts what a socket had no room for. It tells it with the next datagram (`SO_RXQ_OVFL`), hence
//! never if a burst is the last that comes; the table of sockets has the same count at any time.

use socket2::Socket;
use std::io;

/// The count of one socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelDrops {
    #[cfg(target_os = "linux")]
    socket: linux::Place,
}

impl KernelDrops {
    /// None where the system does not tell.
    #[cfg(target_os = "linux")]
    pub(super) fn of(socket: &impl std::os::fd::AsRawFd, is_v6: bool) -> Option<Self> {
        Some(Self { socket: linux::Place::of(socket, is_v6)? })
    }

    /// None: the system does not tell.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn of(_: &impl Sized, _: bool) -> Option<Self> {
        None
    }

    /// Datagrams that were dropped since the socket is there.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        #[cfg(target_os = "linux")]
        return self.socket.count();
        #[cfg(not(target_os = "linux"))]
        None
    }
}

/// Makes room for `bytes` in the socket, or for as many as this user may have.
pub(super) fn make_room(socket: &Socket, bytes: usize) -> io::Result<()> {
    // Beyond the limit that is there for everybody, for whoever may.
    #[cfg(target_os = "linux")]
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(socket, bytes).is_ok() {
        return Ok(());
    }
    socket.set_recv_buffer_size(bytes)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::File;
    use std::io::{BufRead as _, BufReader};
    use std::os::fd::AsRawFd;

    /// Where a socket is in the system's tables.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub(super) struct Place {
        table: &'static str,
        inode: u64,
    }

    impl Place {
        pub(super) fn of(socket: &impl AsRawFd, is_v6: bool) -> Option<Self> {
            let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).ok()?;
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()?;
            let table = if is_v6 { "/proc/self/net/udp6" } else { "/proc/self/net/udp" };
            Some(Self { table, inode })
        }

        pub(super) fn count(&self) -> Option<u64> {
            let lines = BufReader::new(File::open(self.table).ok()?).lines();
            lines.map_while(Result::ok).find_map(|line| drops(&line, self.inode))
        }
    }

    /// The last column of the line of this socket.
    fn drops(line: &str, inode: u64) -> Option<u64> {
        let mut columns = line.split_ascii_whitespace();
        let is_it = columns.nth(9)?.parse() == Ok(inode);
        is_it.then(|| columns.nth(2)?.parse().ok()).flatten()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_line_of_the_table_has_the_count_of_its_socket_alone() {
            let head = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   \
                        uid  timeout inode ref pointer drops";
            let line = "14566: 0100007F:B432 00000000:0000 07 00000000:00000500 00:00000000 00000000     \
                        0        0 1431064 2 00000000a2741f10 49";
            assert_eq!(drops(line, 1_431_064), Some(49));
            assert_eq!(drops(line, 1_431_065), None);
            assert_eq!(drops(head, 1_431_064), None);
            assert_eq!(drops("", 0), None);
        }
    }
}
