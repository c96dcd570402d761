//! Who a service is to the collector: one way to make its tracer, on all boards.

use core::num::NonZeroU32;
use core::sync::atomic::{AtomicU32, Ordering};
use spandrel::wire::Value;
use spandrel::{Clock, DeviceId, Recorder, SessionSource, Tracer};

/// What a tracer takes from the board.
#[derive(Clone, Copy, Debug)]
pub struct Platform {
    /// The clock that stamps spans.
    pub clock: Clock,
    /// What makes each boot differ from the one before.
    pub session: SessionSource,
    /// What the collector shows beside the service's name.
    pub tags: &'static [(&'static str, Value<'static>)],
}

/// The tracer of a service.
///
/// It is a static of the program, as is its recorder; for a handful of spans at a time 512 words do.
#[must_use]
pub const fn tracer<const WORDS: usize>(
    service: &'static str,
    recorder: &'static Recorder<WORDS>,
    platform: &Platform,
) -> Tracer {
    Tracer::new(service, recorder, platform.clock)
        .device_id_from(device)
        .session(platform.session)
        .tags(platform.tags)
}

/// One image runs on many boards, so the number is no constant: it is an argument of the program.
static DEVICE: AtomicU32 = AtomicU32::new(0);

/// Tells which device this is. To be called before the first span and the first frame.
pub fn set_device(number: NonZeroU32) {
    DEVICE.store(number.get(), Ordering::Relaxed);
}

fn device() -> DeviceId {
    DeviceId(DEVICE.load(Ordering::Relaxed).into())
}
