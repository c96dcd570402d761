//! The end: what waits is sent and written, but not for ever.

use std::thread;
use std::time::{Duration, Instant};

/// How long the end may take in all. What was acknowledged is on the disk before that.
const LIMIT: Duration = Duration::from_secs(5);
/// Of this, what is left when all that may wait has waited.
const RESERVE: Duration = Duration::from_millis(700);

/// The end has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending(Instant);

impl Ending {
    /// Begins it. Whatever then stands still, a terminal or a disk, the program ends in time.
    pub(super) fn begin() -> Self {
        let began = Instant::now();
        // Without the thread it ends when the last has ended.
        let _ = thread::Builder::new().name("ending".into()).spawn(|| {
            thread::sleep(LIMIT);
            log::error!(
                "it did not end within {} s: what was not acknowledged may be lost",
                LIMIT.as_secs()
            );
            std::process::exit(1);
        });
        Self(began)
    }

    /// What is left for whoever may wait.
    pub(super) fn left(self) -> Duration {
        (LIMIT - RESERVE).saturating_sub(self.0.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_less_time_the_later_it_is() {
        let now = Ending(Instant::now());
        assert!(now.left() <= LIMIT - RESERVE);
        let late = Ending(Instant::now().checked_sub(LIMIT).unwrap());
        assert_eq!(late.left(), Duration::ZERO);
    }
}
