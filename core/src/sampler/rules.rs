//! What an adjustable sampler goes by, in words that can change at any time.

use crate::live::{Halves, mask};
use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use core::sync::atomic::{AtomicU32, AtomicUsize};

/// What goes for all operations that have no entry.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) share: Share,
    pub(crate) bucket: Bucket,
}

/// What goes for one operation.
#[derive(Debug)]
pub(crate) struct Operation {
    /// Address and length of its name; 0 where it has none. Written within critical sections.
    name: [AtomicUsize; 2],
    pub(crate) share: Share,
    /// What of it is recorded at least.
    pub(crate) bucket: Bucket,
}

impl Rules {
    pub(super) const fn new() -> Self {
        Self { share: Share::new(), bucket: Bucket::new() }
    }
}

impl Operation {
    pub(super) const fn new() -> Self {
        let (share, bucket) = (Share::new(), Bucket::new());
        Self { name: [const { AtomicUsize::new(0) }; 2], share, bucket }
    }

    pub(crate) fn name(&self) -> Option<&'static str> {
        let [address, len] = &self.name;
        // The length is written last.
        let len = len.load(Acquire);
        let pointer = core::ptr::with_exposed_provenance(address.load(Relaxed));
        // SAFETY: whoever set the length had set the address, both of a static string, and no other
        // takes their place.
        (len != 0).then(|| unsafe {
            core::str::from_utf8_unchecked(core::slice::from_raw_parts(pointer, len))
        })
    }

    /// Takes the entry for an operation, or says that it has it; false where another has.
    pub(crate) fn claim(&self, operation: &'static str) -> bool {
        let [address, len] = &self.name;
        let name = mask::with(|_| {
            if len.load(Relaxed) == 0 {
                address.store(operation.as_ptr().expose_provenance(), Relaxed);
                len.store(operation.len(), Release);
            }
            self.name()
        });
        name.is_some_and(|name| name == operation)
    }
}

/// Trace ids, less their highest bit, that a share of them is below.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
pub(crate) const fn below(share: f64) -> u64 {
    (share * EVERY as f64) as u64
}

/// More than any trace id less its highest bit.
pub(crate) const EVERY: u64 = 1 << 63;

/// A share of the roots.
#[derive(Debug)]
pub(crate) struct Share {
    /// Those whose trace id is below [`EVERY`] less this: so zero is all of them.
    not_below: Halves,
    /// The share as it was given, as bits, of which those in [`ALL`] are flipped.
    param: Halves,
}

/// A leaky bucket: it fills by one credit in so many ticks, and each root takes one.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// Ticks for one credit; 0 where there is no limit, the greatest number where nothing passes.
    interval: AtomicU32,
    /// Ticks that it holds at most.
    most: AtomicU32,
    /// The counter when it was last looked at, and the ticks that were in it then.
    since: AtomicU32,
    level: AtomicU32,
}

/// What all zero bits of a parameter stand for: everything, whatever the trace id.
const ALL: u64 = f64::INFINITY.to_bits();

impl Share {
    const fn new() -> Self {
        Self { not_below: Halves::new(), param: Halves::new() }
    }

    /// Sets it, to infinity for everything and less than 0 for nothing.
    pub(crate) fn set(&self, share: f64) {
        let (not_below, param) = (EVERY.saturating_sub(below(share)), share.to_bits() ^ ALL);
        mask::with(|_| {
            self.not_below.store(not_below);
            self.param.store(param);
        });
    }

    /// Whether a root with this low half of a trace id is among them.
    pub(crate) fn has(&self, low: u64) -> bool {
        low << 1 >> 1 < EVERY - self.not_below.load().min(EVERY)
    }

    pub(crate) fn param(&self) -> f64 {
        f64::from_bits(self.param.load() ^ ALL)
    }
}

impl Bucket {
    const fn new() -> Self {
        Self {
            interval: AtomicU32::new(0),
            most: AtomicU32::new(0),
            since: AtomicU32::new(0),
            level: AtomicU32::new(0),
        }
    }

    /// Sets how many pass in a second; none: without a limit.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    #[expect(clippy::cast_precision_loss, reason = "a limit is no measure")]
    pub(crate) fn set(&self, per_second: Option<f32>, hz: u32, now: u32) {
        let interval = per_second.map_or(0, |rate| {
            // Not a number, and nothing at all, never fill it.
            if rate > 0.0 { ((hz as f32 / rate) as u32).max(1) } else { u32::MAX }
        });
        mask::with(|_| {
            self.interval.store(interval, Relaxed);
            // What a second fills, and what one root needs.
            self.most.store(hz.max(interval), Relaxed);
            self.since.store(now, Relaxed);
            self.level.store(interval, Relaxed);
        });
    }

    pub(crate) fn has_limit(&self) -> bool {
        self.interval.load(Relaxed) != 0
    }

    /// Takes a credit, if there is one.
    ///
    /// Between two looks the counter must turn no more than once: else too few pass.
    pub(crate) fn take(&self, now: u32) -> bool {
        let interval = self.interval.load(Relaxed);
        if interval == 0 || interval == u32::MAX {
            return interval == 0;
        }
        mask::with(|_| {
            let passed = now.wrapping_sub(self.since.load(Relaxed));
            let level = self.level.load(Relaxed).saturating_add(passed);
            let level = level.min(self.most.load(Relaxed));
            let passes = level >= interval;
            self.level.store(if passes { level - interval } else { level }, Relaxed);
            self.since.store(now, Relaxed);
            passes
        })
    }

    /// How many pass in a second.
    #[expect(clippy::cast_precision_loss, reason = "a limit is no measure")]
    pub(crate) fn per_second(&self, hz: u32) -> f64 {
        match self.interval.load(Relaxed) {
            u32::MAX => 0.0,
            interval => f64::from(hz as f32 / interval as f32),
        }
    }
}
