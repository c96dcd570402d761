//! The drain, shared with the interrupt, and the frames that it gave in their order.

use core::cell::RefCell;

use critical_section::Mutex;
use spandrel::Drain;

use crate::console;

/// Bytes of a frame: a part of a run's records each, so that a run takes several.
pub(crate) const MTU: usize = 250;

static DRAIN: Mutex<RefCell<Option<Drain>>> = Mutex::new(RefCell::new(None));
static LOG: Mutex<RefCell<Log>> = Mutex::new(RefCell::new(Log { bytes: [0; 6000], len: 0 }));

/// Frames, each behind its length.
struct Log {
    bytes: [u8; 6000],
    len: usize,
}

/// Lends the drain to whoever calls [`drain`] first.
pub(crate) fn lend(drain: Drain) {
    critical_section::with(|cs| DRAIN.replace(cs, Some(drain)));
}

/// Takes the drain back.
pub(crate) fn take_back() -> Option<Drain> {
    critical_section::with(|cs| DRAIN.take(cs))
}

/// Drains the ring with the drain that was lent, if it was.
pub(crate) fn drain() {
    if let Some(mut drain) = take_back() {
        empty(&mut drain);
        lend(drain);
    }
}

/// Drains the ring.
pub(crate) fn empty(drain: &mut Drain) {
    let mut buffer = [0; MTU];
    while let Some(frame) = drain.frame(&mut buffer) {
        keep(frame);
    }
}

/// Keeps a frame for [`print()`], if there is one.
///
/// # Panics
/// If there are more than a run can have.
pub(crate) fn keep(frame: &[u8]) {
    if frame.is_empty() {
        return;
    }
    critical_section::with(|cs| {
        let mut log = LOG.borrow_ref_mut(cs);
        let (at, end) = (log.len + 1, log.len + 1 + frame.len());
        assert!(end <= log.bytes.len(), "too many frames");
        log.bytes[at - 1] = u8::try_from(frame.len()).expect("no frame is longer than MTU");
        log.bytes[at..end].copy_from_slice(frame);
        log.len = end;
    });
}

/// Prints the frames and forgets them.
pub(crate) fn print() {
    critical_section::with(|cs| {
        let mut log = LOG.borrow_ref_mut(cs);
        let mut rest = &log.bytes[..log.len];
        while let Some((len, more)) = rest.split_first() {
            let (frame, more) = more.split_at(usize::from(*len));
            console::print_hex("frame", frame);
            rest = more;
        }
        log.len = 0;
    });
}
