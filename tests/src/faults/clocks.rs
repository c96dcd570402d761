//! Devices whose clocks are off, behind links that are slow by chance: is the truth always inside the
//! bound that the collector states, and is nobody warned of what is well?
//!
//! A case says what the device's clock and its link are like; [`simulate`] lets a
//! [`ClockEstimate`] exchange time stamps with it, in virtual time, as often as a collector does, and
//! asks it where moments lie, of which the truth is known here. Same seed, same outcome.

use crate::random::Random;
use spandrel::wire::ClockEvent;
use spandrel_collector::causality::Causality;
use spandrel_collector::clock::{ClockEstimate, Exchange, Taken};
use spandrel_collector::model::{
    Attribute, Batch, DeviceId, Resource, Session, Source, Span, SpanId, TraceId,
};
use std::sync::Arc;

const SECOND_NS: u64 = 1_000_000_000;
/// When all cases begin, by the host's clock.
const BEGIN_NS: u64 = 1_700_000_000 * SECOND_NS;
/// How long a device has run before its case begins, at least.
const RUNNING_NS: i64 = 20 * 1_000_000_000;
/// The collector asks so often at first, and for so long.
const FAST_NS: u64 = SECOND_NS / 20;
const FAST_FOR_NS: u64 = 5 * SECOND_NS;
/// How far ahead of the last exchange moments are asked for.
const AHEAD_NS: u64 = 10 * SECOND_NS;

/// What befalls a device's clock in the middle of a case.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// The counter stands still, and the device says so with the next exchange.
    Paused {
        /// For so long.
        ns: u64,
        /// Whether it does say so.
        is_told: bool,
    },
    /// The counter goes by another rate, which the device tells.
    Rate {
        /// Ticks a second.
        hz: u32,
    },
}

/// A device, its clock and its link.
#[derive(Clone, Copy, Debug)]
pub struct ClockCase {
    /// What the device says of its rate, in ticks a second.
    pub hz: u32,
    /// How long after 20 s before the case its counter was 0.
    pub offset_ns: i64,
    /// How much faster it counts than it says.
    pub ppm: f64,
    /// By how much that changes, to either side, within two minutes.
    pub wander_ppm: f64,
    /// The shortest way there and back.
    pub base_ns: [u64; 2],
    /// A way is longer by up to this, evenly drawn.
    pub jitter_ns: u64,
    /// How many pings or answers of a thousand are lost.
    pub lost_per_mille: u64,
    /// How long the case lasts.
    pub duration_ns: u64,
    /// What happens in the middle of it.
    pub trouble: Option<Trouble>,
}

impl ClockCase {
    /// Any device of the row "clocks": offsets to 10 s, 100 ppm either way, up to 20 ms of jitter, up
    /// to 5 ms of asymmetry, and loss.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x000c_10c5);
        let base_ns = random.below(2_000_000);
        let asymmetry_ns = random.below(5_000_001);
        let base_ns = match random.below(2) {
            0 => [base_ns + asymmetry_ns, base_ns],
            _ => [base_ns, base_ns + asymmetry_ns],
        };
        Self {
            hz: [1_000_000, 32_768, 64_000_000, 10_000_000][random.index(4)],
            offset_ns: random.around(10 * SECOND_NS.cast_signed()),
            #[expect(clippy::cast_precision_loss, reason = "it is small")]
            ppm: random.around(100_000) as f64 / 1e3,
            wander_ppm: 1.0,
            base_ns,
            jitter_ns: random.below(20_000_001),
            lost_per_mille: random.below(400),
            duration_ns: 60 * SECOND_NS,
            trouble: None,
        }
    }

    /// A local network: 50 us each way and up to 1 ms more; nothing is lost.
    #[must_use]
    pub fn near(seed: u64) -> Self {
        let case = Self::drawn(seed);
        let (base_ns, jitter_ns) = ([50_000; 2], 1_000_000);
        Self { hz: 64_000_000, base_ns, jitter_ns, lost_per_mille: 0, ..case }
    }
}

/// What came of a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClockOutcome {
    /// Pings that were answered.
    pub exchanges: u32,
    /// Moments that were asked for.
    pub asked: u32,
    /// How many of them were placed further from the truth than stated.
    pub outside: u32,
    /// The first of those.
    pub first_outside: Option<String>,
    /// The bound of now, once 5 s had passed.
    pub bound_after_5s_ns: Option<u64>,
    /// The bound of now at the end.
    pub last_bound_ns: Option<u64>,
    /// How often the exchanges contradicted each other.
    pub contradictions: u32,
    /// What the estimate took the rate to be off by at the end, and by how much that may be wrong.
    pub drift_ppm: Option<(f64, f64)>,
}

/// Calls between two devices of which the second starts what the first asks for, never before; each is
/// drawn by `seed`, and so is the order in which their spans come. Says how many calls there were, and
/// what spans were warned of.
#[must_use]
pub fn call(seed: u64) -> (u32, Vec<String>) {
    let mut random = Random::new(seed ^ 0x00ca_1100);
    let mut worlds = [2 * seed, 2 * seed + 1].map(|seed| World::new(seed, ClockCase::drawn(seed)));
    let mut causality = Causality::default();
    let (mut calls, mut warnings) = (0, Vec::new());
    for step in 0..160_u64 {
        let now_ns = BEGIN_NS + step * FAST_NS;
        for world in &mut worlds {
            world.ping(now_ns);
        }
        if step % 4 != 3 {
            continue;
        }
        // The call and its answer take as long as they take, down to nothing.
        let [there, work, back] = [100_000, 300_000, 100_000].map(|most| random.below(most));
        let called_ns = now_ns - random.below(SECOND_NS / 4) - 500_000;
        let times = [
            [called_ns, called_ns + there + work + back],
            [called_ns + there, called_ns + there + work],
        ];
        let mut batches = Vec::new();
        for ((which, world), times_ns) in (1_u8..).zip(&worlds).zip(times) {
            batches.extend(world.span(which, step, times_ns, now_ns));
        }
        if random.below(2) == 0 {
            batches.reverse();
        }
        for mut batch in batches {
            causality.check(&mut batch);
            calls += 1;
            let warned = batch.spans.iter().flat_map(|span| &span.warnings);
            warnings.extend(warned.map(|warning| format!("seed {seed}: {warning}")));
        }
    }
    (calls / 2, warnings)
}

/// Runs a case. Its troubles apart, all that is drawn comes from `seed`.
#[must_use]
pub fn simulate(seed: u64, case: &ClockCase) -> ClockOutcome {
    let mut world = World::new(seed, *case);
    let end_ns = BEGIN_NS + case.duration_ns;
    let (mut now_ns, mut pause_ns, mut fast_since_ns) = (BEGIN_NS, FAST_NS, BEGIN_NS);
    while now_ns < end_ns {
        let is_contradicted = world.ping(now_ns) == Some(Taken::Contradicted);
        now_ns += pause_ns;
        if now_ns - BEGIN_NS >= FAST_FOR_NS {
            let bound_ns = world.bound_ns(now_ns);
            let outcome = &mut world.outcome;
            outcome.bound_after_5s_ns = outcome.bound_after_5s_ns.or(bound_ns);
        }
        if is_contradicted {
            (pause_ns, fast_since_ns) = (FAST_NS, now_ns);
        } else if now_ns - fast_since_ns >= FAST_FOR_NS {
            pause_ns = (pause_ns * 2).clamp(SECOND_NS / 2, 4 * SECOND_NS);
        }
    }
    world.outcome.last_bound_ns = world.bound_ns(end_ns);
    world.outcome.drift_ppm = world.clock.drift_ppm();
    world.outcome.contradictions = world.clock.contradictions(end_ns + AHEAD_NS);
    world.outcome
}

struct World {
    device: Device,
    random: Random,
    clock: ClockEstimate,
    outcome: ClockOutcome,
    /// Whether the trouble was told.
    told: bool,
}

impl World {
    fn new(seed: u64, case: ClockCase) -> Self {
        Self {
            device: Device::new(case),
            random: Random::new(seed),
            clock: ClockEstimate::new(case.hz),
            outcome: ClockOutcome::default(),
            told: false,
        }
    }

    /// The span of the first or the second device, as a collector hands it on.
    fn span(&self, which: u8, call: u64, times_ns: [u64; 2], now_ns: u64) -> Option<Batch> {
        let placement = self.clock.placement(now_ns)?;
        let ticks = times_ns.map(|time_ns| self.device.ticks(time_ns));
        let placed = ticks.map(|ticks| self.clock.place(ticks, &placement));
        let [a, b] = ticks.map(|ticks| self.clock.error_ns(ticks, &placement));
        let trace = TraceId((u128::from(call) + 1).to_be_bytes());
        let mut span = Span::new(trace, SpanId([which; 8]), "call".into(), placed);
        span.parent_span_id = (which == 2).then_some(SpanId([1; 8]));
        let error = Attribute::new("clock.error_us", a?.max(b?).div_ceil(1_000));
        let resource = Arc::new(Resource::new("board", vec![error]));
        let source = Source { device: DeviceId(which.into()), session: Session::new(1) };
        Some(Batch { source, resource, spans: vec![span] })
    }

    fn ping(&mut self, sent_ns: u64) -> Option<Taken> {
        let case = self.device.case;
        let lost = self.random.below(1_000) < case.lost_per_mille;
        let [there, back] = case.base_ns.map(|base| base + self.random.below(case.jitter_ns + 1));
        let received_ns = sent_ns + there;
        let answered_ns = received_ns + self.random.below(200_000);
        let arrived_ns = answered_ns + back;
        // While the counter stands still the device sleeps.
        let sleeps = (self.device.middle_ns()..self.device.trouble_ns()).contains(&received_ns)
            && case.trouble.is_some();
        if lost || sleeps {
            return None;
        }
        let exchange = Exchange {
            sent_ns,
            received_ticks: self.device.ticks(received_ns),
            answered_ticks: self.device.ticks(answered_ns),
            arrived_ns,
        };
        let is_behind = sent_ns > self.device.trouble_ns();
        let taken = self.clock.exchanged(&exchange);
        // Frames of records are later than answers to pings.
        if is_behind && !self.told {
            self.told = true;
            if let Some((ticks, event)) = self.device.event() {
                self.clock.told(ticks, &event, arrived_ns);
            }
        } else if taken != Some(Taken::Used) && case.trouble.is_none() {
            self.outside(|| format!("{exchange:?} was not used: {taken:?}"));
        }
        self.outcome.exchanges += 1;
        self.ask(arrived_ns, arrived_ns);
        for _ in 0..8 {
            let asked_ns = BEGIN_NS + self.random.below(arrived_ns + AHEAD_NS - BEGIN_NS);
            self.ask(asked_ns, arrived_ns);
        }
        taken
    }

    /// Asks where the moment `at_ns` lies.
    fn ask(&mut self, at_ns: u64, now_ns: u64) {
        // Nobody can know of a trouble before it was, and while the counter stands still it says nothing.
        let is_behind = self.told && at_ns > self.device.trouble_ns();
        if self.device.case.trouble.is_some() && at_ns >= self.device.middle_ns() && !is_behind {
            return;
        }
        let ticks = self.device.ticks(at_ns);
        let Some(placement) = self.clock.placement(now_ns) else { return };
        let placed_ns = self.clock.place(ticks, &placement);
        let error_ns = self.clock.error_ns(ticks, &placement);
        self.outcome.asked += 1;
        if error_ns.is_none_or(|error_ns| placed_ns.abs_diff(at_ns) > error_ns) {
            self.outside(|| {
                format!(
                    "{} ns after the begin, {} ns after the last exchange: off by {} ns of {error_ns:?}",
                    at_ns - BEGIN_NS,
                    i128::from(at_ns) - i128::from(now_ns),
                    i128::from(placed_ns) - i128::from(at_ns),
                )
            });
        }
    }

    fn outside(&mut self, what: impl FnOnce() -> String) {
        self.outcome.outside += 1;
        self.outcome.first_outside.get_or_insert_with(what);
    }

    fn bound_ns(&self, now_ns: u64) -> Option<u64> {
        let placement = self.clock.placement(now_ns)?;
        self.clock.error_ns(self.device.ticks(now_ns), &placement)
    }
}

/// A clock of which the truth is known.
#[derive(Clone, Copy)]
struct Device {
    case: ClockCase,
    zero_ns: u64,
}

impl Device {
    fn new(case: ClockCase) -> Self {
        let zero_ns = BEGIN_NS.saturating_add_signed(case.offset_ns - RUNNING_NS);
        Self { case, zero_ns }
    }

    fn middle_ns(&self) -> u64 {
        BEGIN_NS + self.case.duration_ns / 2
    }

    /// When the trouble is over.
    fn trouble_ns(&self) -> u64 {
        match self.case.trouble {
            None => u64::MAX,
            Some(Trouble::Paused { ns, .. }) => self.middle_ns() + ns,
            Some(Trouble::Rate { .. }) => self.middle_ns(),
        }
    }

    /// Seconds of the counter at its first rate, without trouble.
    #[expect(
        clippy::cast_precision_loss,
        reason = "minutes in nanoseconds are exact to a thousandth"
    )]
    fn seconds(&self, host_ns: u64) -> f64 {
        const PERIOD_S: f64 = 240.0;
        let host_s = (host_ns - self.zero_ns) as f64 / 1e9;
        let turn = core::f64::consts::TAU / PERIOD_S;
        let wander_s = self.case.wander_ppm * 1e-6 * (1.0 - (host_s * turn).cos()) / turn;
        host_s * (1.0 + self.case.ppm * 1e-6) + wander_s
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded down")]
    fn ticks(&self, host_ns: u64) -> u64 {
        let hz = f64::from(self.case.hz);
        let middle_ns = self.middle_ns();
        let before = self.seconds(host_ns.min(middle_ns)) * hz;
        let after = match self.case.trouble {
            _ if host_ns <= middle_ns => 0.0,
            None => (self.seconds(host_ns) - self.seconds(middle_ns)) * hz,
            Some(Trouble::Paused { ns, .. }) => {
                let on_ns = middle_ns + ns;
                (self.seconds(host_ns.max(on_ns)) - self.seconds(on_ns)) * hz
            }
            Some(Trouble::Rate { hz }) => {
                (self.seconds(host_ns) - self.seconds(middle_ns)) * f64::from(hz)
            }
        };
        (before + after) as u64
    }

    /// What the device tells of its trouble.
    fn event(&self) -> Option<(u64, ClockEvent)> {
        let ticks = self.ticks(self.middle_ns());
        match self.case.trouble? {
            Trouble::Paused { ns, is_told } => {
                is_told.then_some((ticks, ClockEvent::Paused { ns }))
            }
            Trouble::Rate { hz } => Some((ticks, ClockEvent::Rate { hz })),
        }
    }
}
