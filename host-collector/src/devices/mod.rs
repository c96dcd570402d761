//! The devices that the collector hears: what it knows of each, and what they are told.
//!
//! Whoever has the sessions tells a [`Devices`] now and then what it sees; whoever asks has it from there,
//! and leaves orders there. Neither waits long for the other.

mod history;

pub use crate::session::Seen;
pub use history::{History, MOST_POINTS, Point};

use crate::model::{DeviceId, Source};
use crate::order::Order;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many boots are known, of all devices; then those go that were not heard of longest.
pub const MOST_BOOTS: usize = 1 << 14;
/// What is known of a boot is looked at again after this time.
const LOOK_NS: u64 = 1_000_000_000;
/// A device that was not heard of for this time is silent.
const SILENT_NS: u64 = 10_000_000_000;
/// So many orders wait at most.
const MOST_ASKED: usize = 64;
/// Whoever has the sessions looks at orders many times a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// A device in one of its boots.
#[derive(Clone, Debug)]
pub struct Boot {
    /// What is known of it.
    pub seen: Seen,
    /// Where its frames come from.
    pub peer: String,
    /// How it went.
    pub history: History,
    /// When it was last looked at.
    pub looked_ns: u64,
}

/// Whether a boot goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was heard of just now.
    Live,
    /// It was not heard of for ten seconds.
    Silent,
    /// The device said so, or began anew.
    Over,
}

/// All devices. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Devices(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    known: Mutex<Known>,
    orders: Mutex<Orders>,
}

#[derive(Debug, Default)]
struct Known {
    boots: HashMap<Source, Arc<Boot>>,
    /// The boots of each device, oldest first.
    by_device: BTreeMap<DeviceId, Vec<Source>>,
}

#[derive(Debug, Default)]
struct Orders {
    /// Whether anybody carries them out.
    is_heard: bool,
    asked: Vec<Asked>,
    /// What stands, as text.
    standing: Vec<String>,
}

/// An order that somebody waits for.
#[derive(Debug)]
pub struct Asked {
    /// What devices are to be told.
    pub order: Order,
    told: SyncSender<Result<usize, &'static str>>,
}

impl Asked {
    /// It was done, and so many devices are told; or why not.
    pub fn answer(self, told: Result<usize, &'static str>) {
        // Whoever asked may have gone.
        let _ = self.told.try_send(told);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Devices {
    /// Whether it is time to look at a boot.
    #[must_use]
    pub fn is_due(&self, source: Source, now_ns: u64) -> bool {
        let known = lock(&self.0.known);
        known.boots.get(&source).is_none_or(|boot| now_ns.abs_diff(boot.looked_ns) >= LOOK_NS)
    }

    /// Takes what is known of a boot now.
    pub fn see(&self, peer: String, seen: Seen, now_ns: u64) {
        let point = Point {
            at_ns: now_ns,
            error_ns: seen.error_ns,
            drift_ppm: seen.drift_ppm,
            records: seen.records,
            lost: lost(&seen),
        };
        let mut known = lock(&self.0.known);
        if let Some(boot) = known.boots.get_mut(&seen.source) {
            let boot = Arc::make_mut(boot);
            (boot.seen, boot.peer, boot.looked_ns) = (seen, peer, now_ns);
            boot.history.note(point);
            return;
        }
        while known.boots.len() >= MOST_BOOTS && known.forget_one() {}
        let source = seen.source;
        let of_device = known.by_device.entry(source.device).or_default();
        let place = of_device.partition_point(|other| other.session < source.session);
        of_device.insert(place, source);
        let mut history = History::default();
        history.note(point);
        known.boots.insert(source, Arc::new(Boot { seen, peer, history, looked_ns: now_ns }));
    }

    /// The latest boot of each device with the number of its boots, by the device's id.
    #[must_use]
    pub fn latest(&self) -> Vec<(Arc<Boot>, usize)> {
        let known = lock(&self.0.known);
        let of = |boots: &Vec<Source>| Some((known.boots.get(boots.last()?)?.clone(), boots.len()));
        known.by_device.values().filter_map(of).collect()
    }

    /// The boots of a device, newest first.
    #[must_use]
    pub fn boots(&self, device: DeviceId) -> Vec<Arc<Boot>> {
        let known = lock(&self.0.known);
        let boots = known.by_device.get(&device).into_iter().flatten().rev();
        boots.filter_map(|source| known.boots.get(source).cloned()).collect()
    }

    /// Somebody carries out orders from now on.
    pub fn hear_orders(&self) {
        lock(&self.0.orders).is_heard = true;
    }

    /// Has devices be told something; how many are, of those that are known now.
    ///
    /// It blocks until that is done, which takes some 50 ms.
    ///
    /// # Errors
    ///
    /// What to tell whoever ordered it, where it cannot be done.
    pub fn order(&self, order: Order) -> Result<usize, &'static str> {
        let (told, outcome) = sync_channel(1);
        {
            let mut orders = lock(&self.0.orders);
            if !orders.is_heard {
                return Err("this collector tells devices nothing: start it without --no-downlink");
            }
            if orders.asked.len() >= MOST_ASKED {
                return Err("too many orders wait: try again in a second");
            }
            orders.asked.push(Asked { order, told });
        }
        let late = "the collector did not come to it in time: try again";
        outcome.recv_timeout(PATIENCE).map_err(|_| late)?
    }

    /// The orders that wait.
    #[must_use]
    pub fn take_orders(&self) -> Vec<Asked> {
        core::mem::take(&mut lock(&self.0.orders).asked)
    }

    /// What devices are told, from now on.
    pub fn set_standing(&self, standing: Vec<String>) {
        lock(&self.0.orders).standing = standing;
    }

    /// What devices are told, as it is written.
    #[must_use]
    pub fn standing(&self) -> Vec<String> {
        lock(&self.0.orders).standing.clone()
    }
}

impl Known {
    /// Forgets the boot that was not heard of longest.
    fn forget_one(&mut self) -> bool {
        let oldest = self.boots.iter().min_by_key(|(source, boot)| (boot.seen.last_ns, **source));
        let Some(source) = oldest.map(|(source, _)| *source) else { return false };
        self.boots.remove(&source);
        if let Some(of_device) = self.by_device.get_mut(&source.device) {
            of_device.retain(|other| *other != source);
            if of_device.is_empty() {
                self.by_device.remove(&source.device);
            }
        }
        true
    }
}

/// How many records were lost, wherever.
fn lost(seen: &Seen) -> u64 {
    const RECORDS: [&str; 4] = ["lost.link", "lost.ring_full", "lost.evicted", "lost.here"];
    let counts = seen.lost.iter().filter(|(kind, _)| RECORDS.contains(kind));
    counts.map(|(_, count)| count).sum()
}

impl Boot {
    /// Whether it goes on; `is_latest` of its device.
    #[must_use]
    pub fn state(&self, is_latest: bool) -> State {
        if self.seen.is_over || !is_latest {
            State::Over
        } else if self.looked_ns.saturating_sub(self.seen.last_ns) >= SILENT_NS {
            State::Silent
        } else {
            State::Live
        }
    }
}

impl State {
    /// As the API says it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Over => "over",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::model::Resource;
    use std::thread;

    pub(crate) fn seen(device: u64, session: u32, last_ns: u64) -> Seen {
        Seen {
            source: Source { device: DeviceId(device), session: spandrel::Session::new(session) },
            resource: Resource::new("sensor", Vec::new()),
            first_ns: 1,
            last_ns,
            is_over: false,
            sync: "exchange",
            error_ns: Some(12_000),
            drift_ppm: Some(1.5),
            records: 9,
            lost: vec![("lost.link", 3), ("sampled_out", 7)],
            counts: Some([1_200, 1_024, 512]),
        }
    }

    #[test]
    fn a_device_is_its_latest_boot_whichever_is_heard_of_first() {
        let devices = Devices::default();
        for session in [2, 3, 1] {
            devices.see("udp 10.0.0.7:9".to_owned(), seen(7, session, 5), 5);
        }
        let latest = devices.latest();
        let [(boot, 3)] = &latest[..] else { panic!("{latest:?}") };
        assert_eq!((boot.seen.source.session.get(), boot.state(true)), (3, State::Live));
        let boots = devices.boots(DeviceId(7));
        let sessions: Vec<_> = boots.iter().map(|boot| boot.seen.source.session.get()).collect();
        assert_eq!(sessions, [3, 2, 1]);
        assert_eq!(boots[1].state(false), State::Over);
        assert_eq!(boots[0].history.points()[0].lost, 3, "what was sampled out was not lost");
        assert!(devices.boots(DeviceId(8)).is_empty());
    }

    #[test]
    fn a_boot_is_looked_at_now_and_then() {
        let devices = Devices::default();
        let now_ns = 50_000_000_000;
        let source = seen(7, 1, now_ns).source;
        assert!(devices.is_due(source, now_ns));
        devices.see(String::new(), seen(7, 1, now_ns), now_ns);
        assert!(!devices.is_due(source, now_ns + LOOK_NS - 1));
        assert!(devices.is_due(source, now_ns + LOOK_NS));
        devices.see(String::new(), seen(7, 1, now_ns), now_ns + SILENT_NS);
        assert_eq!(devices.latest()[0].0.state(true), State::Silent);
    }

    #[test]
    fn where_there_are_too_many_those_go_that_were_not_heard_of_longest() {
        let devices = Devices::default();
        for device in 0..MOST_BOOTS as u64 + 2 {
            devices.see(String::new(), seen(device + 1, 1, device), device);
        }
        assert_eq!(devices.latest().len(), MOST_BOOTS);
        assert!(devices.boots(DeviceId(2)).is_empty() && !devices.boots(DeviceId(3)).is_empty());
    }

    #[test]
    fn who_orders_waits_until_it_is_done() {
        let devices = Devices::default();
        let order = || "sample=0.5".parse::<Order>().unwrap();
        assert!(devices.order(order()).unwrap_err().contains("--no-downlink"));
        devices.hear_orders();
        let other = devices.clone();
        let asking = thread::spawn(move || other.order(order()));
        let asked = loop {
            if let Some(asked) = devices.take_orders().pop() {
                break asked;
            }
            thread::yield_now();
        };
        assert_eq!(asked.order.to_string(), "sample=0.5");
        asked.answer(Ok(3));
        assert_eq!(asking.join().unwrap(), Ok(3));
    }
}
