//! A device that is told anything from below, in between its own work.

use std::sync::{LazyLock, Mutex, PoisonError};

use spandrel::wire::{self, MIN_MTU};
use spandrel::{Asked, DeviceId, Drain, Session, SessionSource, span};

use crate::faults::board::{Board, Quartz};

/// One for all inputs: a tracer is never given back.
static DEVICE: LazyLock<Mutex<(Board, Drain)>> = LazyLock::new(|| {
    let board = Board::new::<512, 16>("told", Quartz::MICROSECONDS, |tracer| {
        tracer.device_id(DeviceId(1)).session(SessionSource::Fixed(Session::new(2)))
    });
    let drain = board.tracer.drain().expect("nobody else drains it");
    Mutex::new((board, drain))
});

/// Gives a device what comes down, and looks at what it sends.
///
/// # Panics
/// If it sends what is no frame.
pub(super) fn run(data: &[u8]) {
    let mut device = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
    let (board, drain) = &mut *device;
    let tag = board.tracer.session_number().tag(board.tracer.device());
    let mut buffer = [0; 508];
    for (choice, bytes) in super::pieces(data) {
        let _ = tell(drain, choice, bytes, tag);
        span!(board.tracer, "told", n = choice, length = bytes.len() as u64).finish();
        let mtu = MIN_MTU + usize::from(choice >> 1);
        if let Some(frame) = drain.frame(&mut buffer[..mtu]) {
            wire::decode(frame).expect("a device sends frames");
        }
    }
    while drain.frame(&mut buffer).is_some() {}
}

/// Most are meant for the device: what is for others is not read further.
fn tell(drain: &mut Drain, choice: u8, bytes: &[u8], tag: [u8; 4]) -> Asked {
    let mut bytes = bytes.to_vec();
    if choice & 1 == 1
        && let Some(place) = bytes.get_mut(1..5)
    {
        place.copy_from_slice(&tag);
    }
    drain.on_downlink(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use spandrel::wire::{Downlink, Request};

    #[test]
    fn what_is_meant_for_it_is_heard() {
        let mut device = DEVICE.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, drain) = &mut *device;
        let tag = Session::new(2).tag(DeviceId(1));
        let ask = Downlink { session_tag: [0; 4], request: Request::SendHello }.to_bytes();
        assert_eq!(tell(drain, 1, &ask, tag), Asked::Hello);
        assert_eq!(tell(drain, 0, &ask, tag), Asked::Nothing);
    }
}
