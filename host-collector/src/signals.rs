//! Ctrl-C and its kin: the first asks to end, the second ends.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a shell reports of a program that a signal ended: 128 and the signal's number.
const EXIT_STATUS: i32 = 128;

/// A flag that is set when the program should end. A second signal ends it at once.
///
/// # Errors
/// The operating system refuses a handler.
pub fn stop_flag() -> io::Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Registered first, hence run first: at the first signal it finds the flag not yet set.
        flag::register_conditional_shutdown(signal, EXIT_STATUS + signal, stop.clone())?;
        flag::register(signal, stop.clone())?;
    }
    // Where files may not grow beyond a bound, writing fails, and says so; the signal would end the program.
    #[cfg(unix)]
    flag::register(signal_hook::consts::SIGXFSZ, Arc::default())?;
    Ok(stop)
}
