//! Waiting for sockets, so that a proxy neither spins nor is late.

use core::time::Duration;
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a proxy waits at most, so that it sees that it shall end.
const LONGEST: Duration = Duration::from_millis(20);

/// Waits until one of the sockets can be read, or for so long; not at all where that is nothing.
pub(super) fn wait<'a, F: AsFd + 'a>(
    sockets: impl Iterator<Item = &'a F>,
    until: Option<Duration>,
) {
    let mut sockets: Vec<_> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
    let until = until.map_or(LONGEST, |until| until.min(LONGEST));
    let timeout = Timespec { tv_sec: 0, tv_nsec: until.subsec_nanos().into() };
    // Interrupted or not: the caller looks at the sockets and at the clock anyway.
    let _ = poll(&mut sockets, Some(&timeout));
}
