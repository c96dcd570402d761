//! What every link over RTT does: it comes again, whatever becomes of probe, server and target.

use crate::receiver::stream::End;
use crate::receiver::{Closed, Feed, Peer, TICK};
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long nothing is tried behind what failed, in ticks: half a second.
const AGAIN_TICKS: u32 = 10;
/// Whoever leaves sooner is said to have left once, and not every time.
const SOON: Duration = Duration::from_secs(5);

/// Connects and talks, until the hub is gone.
pub(super) fn run<C>(
    peer: &Peer,
    feed: &Feed,
    mut connect: impl FnMut() -> io::Result<C>,
    mut talk: impl FnMut(C) -> Result<End, Closed>,
) {
    let mut is_told = false;
    loop {
        let begun = Instant::now();
        let ended = match connect() {
            Ok(connection) => match talk(connection) {
                Ok(End::Over) | Err(Closed) => return,
                Ok(End::Closed | End::Idle) => "it has ended".to_owned(),
                Ok(End::Failed(error)) => whole(error),
            },
            Err(error) => whole(error),
        };
        is_told &= begun.elapsed() < SOON;
        let level = if is_told { log::Level::Debug } else { log::Level::Warn };
        log::log!(level, "{peer}: {ended}; it is tried again until it is there");
        is_told = true;
        for _ in 0..AGAIN_TICKS {
            if feed.is_over() {
                return;
            }
            thread::sleep(TICK);
        }
    }
}

/// The error and all that caused it, on one line.
pub(super) fn whole(error: io::Error) -> String {
    format!("{:#}", anyhow::Error::from(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receiver::rtt::Locate;

    #[test]
    fn an_error_is_told_with_its_cause() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let error = Locate::Elf(path.into()).place().unwrap_err();
        let told = whole(io::Error::other(error));
        assert!(told.contains("--rtt-elf: it is no ELF file"), "{told}");
    }
}
