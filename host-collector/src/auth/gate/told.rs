//! What a hello tells the gate.

use super::Challenge;
use crate::auth::SECOND_NS;
use spandrel::wire::{self, Body, Hello};

/// What the gate reads in a hello.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    /// The challenge that it gives back.
    pub(super) challenge: Option<Challenge>,
    /// The session before.
    pub(super) previous: Option<u32>,
    /// How long ago the session began by its own clock, if that is watched.
    age_ns: Option<u64>,
}

impl Told {
    /// Reads a frame; none where it is no hello.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let Body::Hello(hello) = wire::decode(bytes).ok()?.body else { return None };
        let is_kept = hello.flags & Hello::KEPT != 0 && hello.clock_hz != 0;
        let age_ns = is_kept.then(|| {
            let ns = u128::from(hello.sent_ticks) * u128::from(SECOND_NS);
            u64::try_from(ns / u128::from(hello.clock_hz.max(1))).unwrap_or(u64::MAX)
        });
        Some(Self { challenge: hello.challenge, previous: hello.previous, age_ns })
    }

    /// Whether the session began less than this ago, whatever its clock is: one without a quartz may be
    /// off by a hundredth.
    pub(super) fn is_younger_than(&self, ns: u64) -> bool {
        self.age_ns.is_some_and(|age| age.saturating_add(age / 64).saturating_add(SECOND_NS) < ns)
    }
}
