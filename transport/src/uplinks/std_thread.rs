//! A thread for a reporter: on a host its waits may block.

use crate::{Reporter, Settings, Uplink};
use spandrel::Tracer;
use std::io;
use std::thread::{self, JoinHandle};

/// Runs a reporter on a thread of its own until the program ends.
///
/// ```no_run
/// # use spandrel::{Clock, Recorder, Tracer};
/// # use spandrel_transport::{Settings, uplinks::{std_tcp::{StdTcp, StdTcpUplink}, std_thread}};
/// # static RECORDER: Recorder<1024> = Recorder::new();
/// # static TRACER: Tracer = Tracer::new("service", &RECORDER, Clock::monotonic());
/// let collector = ([127, 0, 0, 1], 7726).into();
/// std_thread::spawn(&TRACER, StdTcpUplink::new(StdTcp::new(collector)), Settings::DEFAULT)?;
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// # Errors
/// The operating system gives no thread, or the tracer has its one reporter already.
pub fn spawn<U: Uplink + Send + 'static>(
    tracer: &'static Tracer,
    uplink: U,
    settings: Settings,
) -> io::Result<JoinHandle<()>> {
    // For as long as the program runs, as the tracer.
    let buffer = alloc::vec![0; uplink.mtu()].leak();
    let mut reporter = Reporter::new(tracer, uplink, buffer, settings).map_err(io::Error::other)?;
    let run = move || {
        embassy_futures::block_on(reporter.run());
    };
    thread::Builder::new().name("spandrel-reporter".into()).spawn(run)
}
