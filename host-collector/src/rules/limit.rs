//! [`SourceLimit`]: how much one source may send.

use crate::receiver::Origin;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Sources that are told apart at most.
pub const MOST_SOURCES: usize = 4096;

/// For how long a source may save up what it does not send.
const SAVINGS: Duration = Duration::from_secs(10);

/// So many bytes a second for each source, which share nothing.
///
/// A source that has something left may send as much as it likes at once, and owes the rest: so what is
/// larger than all savings passes, too, and what follows waits.
#[derive(Debug)]
pub struct SourceLimit {
    bytes_per_s: u64,
    /// When each source owes nothing any more; what lies behind now is what it saved.
    paid_until: Mutex<BTreeMap<Origin, Instant>>,
}

impl SourceLimit {
    /// A limit.
    #[must_use]
    pub fn new(bytes_per_s: u64) -> Self {
        Self { bytes_per_s: bytes_per_s.max(1), paid_until: Mutex::new(BTreeMap::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Origin, Instant>> {
        // Nobody panics while it is locked.
        self.paid_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes so many bytes of a source.
    ///
    /// # Errors
    /// It has to wait for so long.
    pub fn take(&self, source: &Origin, bytes: usize, now: Instant) -> Result<(), Duration> {
        let mut sources = self.lock();
        let all_saved = now.checked_sub(SAVINGS).unwrap_or(now);
        let known = sources.get(source).copied();
        let paid_until = known.map_or(all_saved, |time| time.max(all_saved));
        let wait = paid_until.saturating_duration_since(now);
        if !wait.is_zero() {
            return Err(wait);
        }
        if known.is_none() && sources.len() >= MOST_SOURCES {
            make_room(&mut sources);
        }
        let next = paid_until.checked_add(self.price(bytes)).unwrap_or(paid_until);
        sources.insert(source.clone(), next);
        Ok(())
    }

    /// How long it takes until so many bytes are earned.
    fn price(&self, bytes: usize) -> Duration {
        let nanos = u128::from(bytes as u64) * 1_000_000_000 / u128::from(self.bytes_per_s);
        // A century is as good as never.
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX).min(u64::MAX / 8))
    }
}

/// Forgets a quarter of the sources, those with the most savings, who so gain least. Many at a time, so that
/// a flood from many addresses does not cost a look at all of them each.
fn make_room(sources: &mut BTreeMap<Origin, Instant>) {
    let mut times: Vec<_> = sources.values().copied().collect();
    let quarter = times.len() / 4;
    if quarter < times.len() {
        let (_, bound, _) = times.select_nth_unstable(quarter);
        let bound = *bound;
        sources.retain(|_, time| *time > bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    fn source(number: u32) -> Origin {
        Origin::V4(Ipv4Addr::from_bits(number))
    }

    #[test]
    fn a_source_has_its_savings_and_then_its_rate() {
        let (limit, began) = (SourceLimit::new(1000), Instant::now());
        let at = |ms: u64| began + Duration::from_millis(ms);
        for _ in 0..10 {
            limit.take(&source(1), 1000, at(0)).unwrap();
        }
        // All savings are gone, to the byte; one that has just nothing may still begin.
        limit.take(&source(1), 500, at(0)).unwrap();
        assert_eq!(limit.take(&source(1), 1, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(limit.take(&source(1), 1, at(499)), Err(Duration::from_millis(1)));
        limit.take(&source(1), 1, at(500)).unwrap();
        // Another has its own.
        limit.take(&source(2), 10_000, at(0)).unwrap();
    }

    #[test]
    fn what_is_larger_than_all_savings_passes_and_is_paid_afterwards() {
        let (limit, now) = (SourceLimit::new(1000), Instant::now());
        limit.take(&source(1), 100_000, now).unwrap();
        assert_eq!(limit.take(&source(1), 1, now), Err(Duration::from_secs(90)));
        limit.take(&source(1), usize::MAX, now + Duration::from_secs(90)).unwrap();
        limit.take(&source(1), 1, now + Duration::from_secs(1 << 30)).unwrap_err();
    }

    #[test]
    fn there_are_never_more_sources_than_it_says_and_who_owes_is_not_forgotten() {
        let (limit, now) = (SourceLimit::new(1000), Instant::now());
        limit.take(&source(0), 1_000_000, now).unwrap();
        for number in 1..10_000 {
            limit.take(&source(number), 1, now).unwrap();
        }
        assert!(limit.lock().len() <= MOST_SOURCES);
        limit.take(&source(0), 1, now).unwrap_err();
    }

    proptest! {
        /// Over any time no more than the rate, the savings, and one piece that passed on credit.
        #[test]
        fn nobody_gets_more_than_the_rate(
            pieces in prop::collection::vec((0..3000_u64, 1..5000_usize), 1..200),
        ) {
            let (limit, began) = (SourceLimit::new(1000), Instant::now());
            let (mut now, mut taken, mut largest) = (began, 0, 0);
            for (pause_ms, bytes) in pieces {
                now += Duration::from_millis(pause_ms);
                if limit.take(&source(1), bytes, now).is_ok() {
                    taken += bytes;
                    largest = largest.max(bytes);
                }
            }
            let seconds = usize::try_from((now - began).as_secs()).unwrap() + 1;
            prop_assert!(taken <= (seconds + 10) * 1000 + largest);
        }
    }
}
