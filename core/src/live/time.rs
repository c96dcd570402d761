//! Time: a counter of 32 bits made one of 48 by whoever watches it twice a turn.

use super::mask;
use super::recorder::State;
use crate::Clock;
use core::sync::atomic::Ordering::Relaxed;

/// A moment: the counter and the half turns that the keeper had seen just before.
///
/// The keeper can only be late. So where the parity of its count contradicts the counter's top
/// bit, one more half turn has passed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) half_wraps: u16,
    pub(crate) ticks: u32,
}

/// The keeper starts counting from here, so that 0 says that there is none.
const FIRST_HALF_WRAP: u16 = 2;
/// The bit above it marks spans that go the long way.
const LAST_HALF_WRAP: u16 = LONG_WAY - 1;
/// What beside the half wraps of its start says that a span does not go the short way. So whether
/// it does, and whether half a turn has passed since, is one comparison.
pub(crate) const LONG_WAY: u16 = 1 << 15;

impl Moment {
    /// Now. The count is read before the counter: then it is never ahead of it.
    #[inline(always)]
    pub(crate) fn now(state: &State, clock: &Clock) -> Self {
        let half_wraps = state.half_wraps.load(Relaxed);
        Self { half_wraps, ticks: clock.ticks() }
    }

    /// The moment that a record says with its half wraps, whatever stands above them.
    #[cfg(feature = "retained")]
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    pub(crate) fn of(half_wraps: u32, ticks: u32) -> Self {
        Self { half_wraps: half_wraps as u16 & !LONG_WAY, ticks }
    }

    /// Whether it is before another, from which it is less than half a [`TURN`] away; without a keeper
    /// half a turn of the counter.
    pub(crate) fn is_before(self, other: Self) -> bool {
        if !self.is_kept() {
            return self.ticks.wrapping_sub(other.ticks).cast_signed() < 0;
        }
        let (this, other) = (self.wide(), other.wide());
        let before = if other >= this { other - this } else { other + TURN - this };
        before != 0 && before < TURN / 2
    }

    /// Whether a keeper had begun.
    pub(crate) fn is_kept(self) -> bool {
        self.half_wraps != 0
    }

    /// The count as it should be; 0 stays 0.
    fn true_half_wraps(self) -> u16 {
        let behind = self.is_kept() && (self.half_wraps & 1) != (self.ticks >> 31) as u16;
        match self.half_wraps + u16::from(behind) {
            // 0 means "no keeper": the count steps over it and over 1, which keeps its parity.
            count if count > LAST_HALF_WRAP => FIRST_HALF_WRAP,
            count => count,
        }
    }

    /// The moment so many ticks after the clock began, as a keeper counts it if there is one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "modulo a turn; then the low half is meant"
    )]
    pub(crate) fn at(ticks: u64, is_kept: bool) -> Self {
        let counter = ticks as u32;
        let turn = (in_turn(ticks) >> 32) as u16;
        let half_wraps = FIRST_HALF_WRAP + (turn << 1 | (counter >> 31) as u16);
        Self { half_wraps: if is_kept { half_wraps } else { 0 }, ticks: counter }
    }

    /// Ticks since the clock began, modulo [`TURN`].
    #[inline(never)]
    pub(crate) fn wide(self) -> u64 {
        let half_wraps = self.true_half_wraps().saturating_sub(FIRST_HALF_WRAP);
        u64::from(half_wraps >> 1) << 32 | u64::from(self.ticks)
    }
}

/// After so many ticks a moment comes again: 12 days at 64 MHz. Whoever drains knows which.
pub(crate) const TURN: u64 = ((LAST_HALF_WRAP - FIRST_HALF_WRAP) as u64).div_ceil(2) << 32;

/// So many ticks modulo [`TURN`], without a division of 64 bits, which costs most of a kilobyte of flash.
pub(crate) const fn in_turn(ticks: u64) -> u64 {
    const HIGH: u32 = (TURN >> 32) as u32;

    let high = (ticks >> 32) as u32 % HIGH;
    (high as u64) << 32 | ticks & 0xffff_ffff
}

/// The one moment of those that the count could mean which lies nearest to when it was last seen, at `seen` and
/// so many ticks `before`: a record may be older by days, or newer by moments.
#[inline(always)]
pub(crate) fn extend(moment: Moment, seen: u64, before: u64) -> u64 {
    let (wide, mut before) = (moment.wide(), before);
    if wide > seen + TURN / 2 {
        before = before.saturating_sub(TURN);
    } else if wide + TURN / 2 < seen {
        before += TURN;
    }
    before + wide
}

/// Counts the half turns of the clock; to be called at least once in each.
pub(crate) fn keep(state: &State, clock: &Clock) {
    mask::with(|_| {
        let now = Moment::now(state, clock);
        let half_wraps = if now.is_kept() {
            now.true_half_wraps()
        } else {
            FIRST_HALF_WRAP | (now.ticks >> 31) as u16
        };
        // All threads read it in each span: it is not written where it does not change.
        if !cfg!(feature = "std") || half_wraps != now.half_wraps {
            state.half_wraps.store(half_wraps, Relaxed);
        }
    });
}
