//! How long to wait before the next attempt.

use core::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);
/// A server that asks for a longer pause than this is asked again before.
const LONGEST_ASKED: Duration = Duration::from_secs(3600);

/// Pauses that double, each by up to a quarter longer, so that many collectors do not come back in step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The next pause, or a little more than what the server asked for; `chance` says how much more.
    pub(super) fn pause(&mut self, asked: Option<Duration>, chance: u8) -> Duration {
        let pause = asked.map_or(self.next, |asked| asked.min(LONGEST_ASKED));
        self.next = (self.next * 2).min(LONGEST);
        pause + pause * u32::from(chance) / 1024
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let mut backoff = Backoff::new();
        let pauses: Vec<_> = (0..8).map(|_| backoff.pause(None, 0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    }

    #[test]
    fn a_server_is_not_asked_before_it_wants_to_be() {
        let mut backoff = Backoff::new();
        let minute = Duration::from_secs(60);
        for chance in [0, 255] {
            let pause = backoff.pause(Some(minute), chance);
            assert!(pause >= minute && pause < minute * 5 / 4, "{pause:?}");
        }
        let day = backoff.pause(Some(Duration::from_secs(86_400)), 0);
        assert_eq!(day, LONGEST_ASKED);
    }
}
