//! The threads that serve the doors for HTTP and gRPC.

use std::io;
use std::num::NonZero;
use std::thread;
use tokio::runtime::{Builder, Runtime};

/// More threads than this serve no faster.
const MOST_THREADS: usize = 4;

pub(super) fn runtime() -> io::Result<Runtime> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    Builder::new_multi_thread()
        .worker_threads(cores.min(MOST_THREADS))
        .thread_name("doors")
        .enable_all()
        .build()
}
