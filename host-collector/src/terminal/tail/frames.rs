//! Output in whole frames: whoever stops it by a signal finds the terminal as it was, in no colour of a row that
//! was only drawn half.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// What is written becomes one frame, which ends when it is flushed.
#[derive(Debug)]
pub(super) struct Frames<W> {
    out: W,
    frame: Vec<u8>,
    /// Held while a frame is written.
    writing: Arc<Mutex<()>>,
}

impl<W: Write> Frames<W> {
    /// Frames to a terminal, or to who is none.
    pub(super) fn new(out: W, is_terminal: bool) -> io::Result<Self> {
        let writing = Arc::default();
        if is_terminal {
            signals::end_between(Arc::clone(&writing))?;
        }
        Ok(Self { out, frame: Vec::new(), writing })
    }
}

impl<W: Write> Write for Frames<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.out.write_all(&self.frame)?;
        self.frame.clear();
        self.out.flush()
    }
}

#[cfg(unix)]
mod signals {
    use core::time::Duration;
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::thread::{self, sleep};

    /// A terminal that stands still holds nobody up for longer than so many times this.
    const PAUSE: Duration = Duration::from_millis(5);
    const PAUSES: usize = 100;

    /// Has these signals end the program as they do by themselves, but not in the middle of a frame.
    pub(super) fn end_between(frames: Arc<Mutex<()>>) -> io::Result<()> {
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let wait = move || {
            let Some(signal) = signals.forever().next() else { return };
            let mut frame = frames.try_lock();
            for _ in 0..PAUSES {
                if frame.is_ok() {
                    break;
                }
                sleep(PAUSE);
                frame = frames.try_lock();
            }
            // Nothing is written any more while this is held, and it is to the end.
            let _ = emulate_default_handler(signal);
            drop(frame);
        };
        thread::Builder::new().name("signals".to_owned()).spawn(wait).map(drop)
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;
    use std::sync::{Arc, Mutex};

    /// Elsewhere a terminal belongs to what comes after.
    pub(super) fn end_between(_: Arc<Mutex<()>>) -> io::Result<()> {
        Ok(())
    }
}
