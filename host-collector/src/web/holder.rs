//! What has a port that we want, as far as the operating system tells.

use core::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;

/// A program that listens on a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    name: String,
    pid: u32,
}

impl Display for Holder {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // What a program calls itself ends up on a terminal.
        write!(f, "{} has it, process {}", self.name.escape_debug(), self.pid)
    }
}

impl Holder {
    /// Who listens on this TCP port; none where that cannot be seen, as for another user's programs.
    #[must_use]
    pub fn of_tcp(port: u16) -> Option<Self> {
        Self::find(Path::new("/proc"), port)
    }

    fn find(proc: &Path, port: u16) -> Option<Self> {
        let tables = ["net/tcp", "net/tcp6"].map(|table| fs::read_to_string(proc.join(table)));
        let tables = tables.iter().filter_map(|table| table.as_deref().ok());
        let sockets: Vec<_> = tables.flat_map(|table| listening(table, port)).collect();
        if sockets.is_empty() {
            return None;
        }
        let links: Vec<_> = sockets.iter().map(|inode| format!("socket:[{inode}]")).collect();
        let processes = fs::read_dir(proc).ok()?.filter_map(Result::ok);
        let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let pid: u32 = pids.find(|pid: &u32| has_one(&proc.join(pid.to_string()), &links))?;
        let name = fs::read_to_string(proc.join(pid.to_string()).join("comm")).ok()?;
        Some(Self { name: name.trim_end().to_owned(), pid })
    }
}

/// Whether a process has one of these files open.
fn has_one(process: &Path, links: &[String]) -> bool {
    let Ok(files) = fs::read_dir(process.join("fd")) else { return false };
    files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .any(|target| target.to_str().is_some_and(|target| links.iter().any(|link| link == target)))
}

/// The numbers of the sockets that listen on a port, by a table of the kernel's.
fn listening(table: &str, port: u16) -> impl Iterator<Item = &str> {
    const LISTEN: &str = "0A";

    table.lines().skip(1).filter_map(move |line| {
        let mut words = line.split_whitespace();
        let local = words.nth(1)?;
        let (_, hex) = local.rsplit_once(':')?;
        let state = words.nth(1)?;
        let inode = words.nth(5)?;
        (state == LISTEN && u16::from_str_radix(hex, 16) == Ok(port)).then_some(inode)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1E2F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1E2F 0100007F:A0B2 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1
   2: 00000000:10DD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
";

    #[test]
    fn only_who_listens_on_that_port_is_meant() {
        assert_eq!(listening(TABLE, 7727).collect::<Vec<_>>(), ["4711"]);
        assert_eq!(listening(TABLE, 4317).collect::<Vec<_>>(), ["4713"]);
        assert_eq!(listening(TABLE, 4318).count(), 0);
    }

    #[test]
    fn a_table_that_makes_no_sense_names_nobody() {
        for table in ["", "\n\n", "x\n0: 0100007F:1E2F", "x\na b c d e f g h i j k"] {
            assert_eq!(listening(table, 7727).count(), 0, "{table}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_port_of_this_process_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = Holder::of_tcp(listener.local_addr().unwrap().port()).unwrap();
        assert_eq!(holder.pid, std::process::id());
    }
}
