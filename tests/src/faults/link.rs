//! A link for datagrams that treats them badly, in time that its user tells.

use std::collections::BTreeMap;

use crate::random::Random;

/// A hundredth of a second in nanoseconds: how long what comes out of order is held back.
const HELD_NS: u64 = 10_000_000;

/// How a link treats datagrams in one direction. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Faults {
    /// Share that never arrives.
    pub loss: f64,
    /// Share that comes twice.
    pub duplicates: f64,
    /// Share that is held back for [`Faults::held_ns`], so that later ones come first.
    pub reordered: f64,
    /// Share in which one to four bits are wrong.
    pub corrupted: f64,
    /// How long the way takes, in nanoseconds.
    pub delay_ns: u64,
    /// What may come to it, evenly spread, in nanoseconds.
    pub jitter_ns: u64,
    /// How long what is held back waits beside, in nanoseconds.
    pub held_ns: u64,
    /// What is longer in bytes never arrives.
    pub mtu: usize,
}

impl Faults {
    /// A link without faults that takes no time.
    pub const NONE: Self = Self {
        loss: 0.0,
        duplicates: 0.0,
        reordered: 0.0,
        corrupted: 0.0,
        delay_ns: 0,
        jitter_ns: 0,
        held_ns: HELD_NS,
        mtu: usize::MAX,
    };

    /// Loses, doubles and reorders such shares of what it is given.
    #[must_use]
    pub const fn bad(loss: f64, duplicates: f64, reordered: f64) -> Self {
        Self { loss, duplicates, reordered, ..Self::NONE }
    }
}

/// What became of a datagram when it was given to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// How often it arrives.
    pub copies: u8,
    /// How many of these are not as they were.
    pub corrupted: u8,
}

impl Fate {
    /// Whether none arrives as it was.
    #[must_use]
    pub fn is_lost(self) -> bool {
        self.copies == self.corrupted
    }
}

/// What a link did, counted in datagrams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Given to it.
    pub pushed: u64,
    /// Never to arrive, for whatever reason.
    pub lost: u64,
    /// Of these, for being too long.
    pub too_long: u64,
    /// To arrive twice.
    pub doubled: u64,
    /// Held back, copies included.
    pub held: u64,
    /// With wrong bits, copies included.
    pub corrupted: u64,
    /// Taken out of it.
    pub popped: u64,
}

/// One direction of a link: datagrams go in and come out later, or not, or not as they were.
///
/// It does no input or output and knows no clock: the same seed, datagrams and times give the same.
#[derive(Debug)]
pub struct Link {
    faults: Faults,
    random: Random,
    is_up: bool,
    /// Under way, by time of arrival; what arrives at one time comes in the order in which it went.
    under_way: BTreeMap<(u64, u64), Vec<u8>>,
    order: u64,
    counts: Counts,
}

impl Link {
    /// A link that is up.
    #[must_use]
    pub fn new(faults: Faults, seed: u64) -> Self {
        let (random, under_way) = (Random::new(seed), BTreeMap::new());
        Self { faults, random, is_up: true, under_way, order: 0, counts: Counts::default() }
    }

    /// Treats what comes from now on otherwise.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Whether anything gets through from now on; what is under way arrives.
    pub fn set_up(&mut self, is_up: bool) {
        self.is_up = is_up;
    }

    /// Puts a datagram in at `now_ns`, and says what becomes of it.
    pub fn push(&mut self, now_ns: u64, bytes: &[u8]) -> Fate {
        self.counts.pushed += 1;
        let is_too_long = bytes.len() > self.faults.mtu;
        // Drawn in any case, so that what one datagram meets does not change what the next does.
        let (is_lost, is_doubled) =
            (self.random.chance(self.faults.loss), self.random.chance(self.faults.duplicates));
        if is_too_long || is_lost || !self.is_up {
            self.counts.lost += 1;
            self.counts.too_long += u64::from(is_too_long);
            return Fate { copies: 0, corrupted: 0 };
        }
        self.counts.doubled += u64::from(is_doubled);
        let copies = 1 + u8::from(is_doubled);
        let corrupted = (0..copies).map(|_| u8::from(self.send(now_ns, bytes))).sum();
        Fate { copies, corrupted }
    }

    /// Sends one copy; says whether it was corrupted.
    fn send(&mut self, now_ns: u64, bytes: &[u8]) -> bool {
        let Faults { reordered, corrupted, delay_ns, jitter_ns, held_ns, .. } = self.faults;
        let mut bytes = bytes.to_vec();
        let is_corrupted = self.random.chance(corrupted) && !bytes.is_empty();
        if is_corrupted {
            let before = bytes.clone();
            // Two flips of one bit would undo each other.
            while bytes == before {
                for _ in 0..=self.random.below(4) {
                    let at = self.random.index(bytes.len());
                    bytes[at] ^= 1 << self.random.below(8);
                }
            }
        }
        let is_held = self.random.chance(reordered);
        let held_ns = if is_held { 1 + self.random.below(held_ns) } else { 0 };
        let at_ns = now_ns + delay_ns + self.random.below(jitter_ns.saturating_add(1)) + held_ns;
        self.counts.held += u64::from(is_held);
        self.counts.corrupted += u64::from(is_corrupted);
        self.order += 1;
        self.under_way.insert((at_ns, self.order), bytes);
        is_corrupted
    }

    /// The next datagram that has arrived by `now_ns`.
    pub fn pop(&mut self, now_ns: u64) -> Option<Vec<u8>> {
        let entry = self.under_way.first_entry().filter(|entry| entry.key().0 <= now_ns)?;
        self.counts.popped += 1;
        Some(entry.remove())
    }

    /// When the next datagram arrives.
    #[must_use]
    pub fn next_ns(&self) -> Option<u64> {
        self.under_way.first_key_value().map(|((at_ns, _), _)| *at_ns)
    }

    /// What it did so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Faults = Faults {
        corrupted: 0.1,
        delay_ns: 1_000,
        jitter_ns: 500,
        mtu: 64,
        ..Faults::bad(0.3, 0.2, 0.2)
    };

    /// What comes out of a link that is given a datagram every microsecond.
    fn run(faults: Faults, seed: u64) -> (Vec<(u64, Vec<u8>)>, Counts, u64) {
        let (mut link, mut came, mut lost) = (Link::new(faults, seed), Vec::new(), 0);
        for number in 0..10_000_u32 {
            let mut bytes = number.to_le_bytes().to_vec();
            bytes.resize(if number % 100 == 0 { 65 } else { 64 }, 0);
            lost += u64::from(link.push(u64::from(number) * 1_000, &bytes).copies == 0);
        }
        while let Some(at_ns) = link.next_ns() {
            assert!(at_ns == 0 || link.pop(at_ns - 1).is_none());
            came.push((at_ns, link.pop(at_ns).expect("it has arrived")));
        }
        (came, link.counts(), lost)
    }

    #[test]
    fn a_seed_gives_the_same_link() {
        assert_eq!(run(ALL, 5), run(ALL, 5));
        assert_ne!(run(ALL, 5).0, run(ALL, 6).0);
    }

    #[test]
    fn shares_are_those_that_were_asked_and_all_is_counted() {
        let (came, counts, lost) = run(ALL, 1);
        assert_eq!((counts.pushed, counts.too_long, counts.lost), (10_000, 100, lost));
        assert_eq!(counts.popped, counts.pushed - counts.lost + counts.doubled);
        assert_eq!(came.len() as u64, counts.popped);
        let near = |count: u64, of: u64, share: f64| {
            let found = count as f64 / of as f64;
            assert!((found - share).abs() < 0.02, "{found} and not {share}");
        };
        near(counts.lost - counts.too_long, 9_900, 0.3);
        near(counts.doubled, counts.pushed - counts.lost, 0.2);
        near(counts.held, counts.popped, 0.2);
        near(counts.corrupted, counts.popped, 0.1);
        let wrong = came.iter().filter(|(_, bytes)| bytes[4..] != [0; 60]).count() as u64;
        // Some bits are wrong in the number.
        assert!((counts.corrupted * 8 / 10..=counts.corrupted).contains(&wrong), "{wrong}");
    }

    #[test]
    fn without_faults_all_comes_at_once_and_in_order() {
        let (came, counts, _) = run(Faults::NONE, 1);
        assert_eq!((counts.lost, counts.doubled, counts.held, counts.corrupted), (0, 0, 0, 0));
        for (number, (at_ns, bytes)) in (0..10_000_u32).zip(came) {
            assert_eq!(
                (at_ns, &bytes[..4]),
                (u64::from(number) * 1_000, &number.to_le_bytes()[..])
            );
        }
    }

    #[test]
    fn a_link_that_is_down_lets_arrive_what_is_under_way() {
        let mut link = Link::new(Faults { delay_ns: 10, ..Faults::NONE }, 1);
        link.push(0, b"before");
        link.set_up(false);
        assert!(link.push(1, b"meanwhile").is_lost());
        link.set_up(true);
        link.push(2, b"after");
        assert_eq!(link.pop(9), None);
        assert_eq!(link.pop(12).as_deref(), Some(&b"before"[..]));
        assert_eq!(link.pop(12).as_deref(), Some(&b"after"[..]));
        assert_eq!(link.next_ns(), None);
    }
}
