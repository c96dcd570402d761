//! The process of a session: what its hellos say, and what is known about its clock and losses.

use super::definitions::Definitions;
use super::record::{RawValue, SHARED};
use crate::clock::Sync;
use crate::model::{Attribute, Event, Resource, Source, Value};
use serde::{Deserialize, Serialize};
use spandrel::carrier::short::MAX_HANDLE;
use spandrel::wire::{self, Losses};
use std::sync::Arc;

/// What a process says about itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Description {
    pub(super) service: String,
    pub(super) build: Vec<u8>,
    tags: Vec<(String, RawValue)>,
    /// Type and parameter of the sampler, for the roots that do not say it themselves.
    pub(super) sampler: [Value; 2],
    /// The handle that it goes by in the short form of contexts; 0 where it asks for one.
    pub(super) handle: Option<u16>,
}

/// The tag that tells by how much times may be off.
pub(super) const ERROR: &str = "clock.error_us";
/// The tag that tells the handle.
const HANDLE: &str = "device.handle";

/// What Jaeger's clients write on a root that was sampled.
pub(super) const SAMPLER: [&str; 2] = ["sampler.type", "sampler.param"];

impl Description {
    /// Reads the whole that hellos carry in pieces.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let read: wire::Process<'_, Vec<(&str, wire::Value<'_>)>> =
            postcard::from_bytes(bytes).ok()?;
        // A device whose sampler takes everything does not say so.
        let mut sampler = [Value::from("const"), Value::from(true)];
        let mut handle = None;
        let mut tags = Vec::with_capacity(read.tags.len());
        for (key, value) in &read.tags {
            if let (HANDLE, wire::Value::U32(told)) = (*key, value) {
                handle = u16::try_from(*told).ok().filter(|told| *told <= MAX_HANDLE);
                if *told == 0 {
                    continue;
                }
            }
            let raw = RawValue::from(value);
            match (SAMPLER.iter().zip(&mut sampler).find(|(name, _)| *name == key), raw) {
                (Some((_, place)), RawValue::Known(value)) => *place = value,
                (_, raw) => tags.push(((*key).to_owned(), raw)),
            }
        }
        Some(Self {
            sampler,
            service: read.service.to_owned(),
            build: read.build.to_owned(),
            tags,
            handle,
        })
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        let tag = |(key, value): &(String, RawValue)| SHARED + key.len() + value.payload();
        self.service.len()
            + self.build.len()
            + self.tags.capacity() * size_of::<(String, RawValue)>()
            + self.tags.iter().map(tag).sum::<usize>()
            + 2 * SHARED
    }

    /// Whether the device has a tag of its own in the place of ours.
    pub(super) fn has_tag(&self, key: &str) -> bool {
        self.tags.iter().any(|(known, _)| known == key)
    }

    fn attributes(&self, definitions: &Definitions) -> Vec<Attribute> {
        let attribute =
            |(key, raw): &(String, RawValue)| Attribute::new(&**key, raw.value(definitions));
        self.tags.iter().map(attribute).collect()
    }
}

/// Everything that was lost between the device's spans and here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lost {
    /// As the device counts.
    pub(super) device: Losses,
    /// Records that the link lost.
    pub(super) link: u64,
    /// Records that found no room here.
    pub(super) here: u64,
}

impl Lost {
    /// Notes the device's own counts. They only grow, and a frame without room says none: the
    /// greatest are true, in whatever order frames come.
    pub(super) fn device_says(&mut self, said: &Losses) {
        self.device = self.device.max(said);
    }

    /// Each count that is not 0: its tag, and a warning where it means that something is missing.
    fn named(&self) -> impl Iterator<Item = (&'static str, u64, Option<String>)> {
        let device = &self.device;
        let counts = [
            ("lost.link", self.link, "records were lost on the way"),
            ("lost.ring_full", device.ring_full.into(), "records found the device's buffer full"),
            ("lost.evicted", device.evicted.into(), "records were given up to keep newer ones"),
            ("lost.tag_cut", device.tag_cut.into(), "tags or log fields were cut for want of room"),
            ("lost.here", self.here, "records of unfinished spans found no room in the collector"),
            ("lost.open_full", device.open_full.into(), "open spans would not survive a reset"),
            ("lost.baggage_full", device.baggage_full.into(), "items of baggage found no room"),
            ("lost.baggage_stale", device.baggage_stale.into(), "contexts had lost their baggage"),
            ("sampled_out", device.sampled_out.into(), ""),
            ("names_full", device.names_full.into(), ""),
        ];
        counts.into_iter().filter(|(_, count, _)| *count != 0).map(|(tag, count, meaning)| {
            (tag, count, (!meaning.is_empty()).then(|| format!("{count} {meaning}")))
        })
    }

    /// Each count that is not 0, by its tag.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.named().map(|(tag, count, _)| (tag, count))
    }

    /// What a log says that tells how much more was lost since `before`; none if nothing was.
    pub(super) fn since(&self, before: &Self) -> Option<Vec<Attribute>> {
        let earlier =
            |tag| before.named().find(|(other, ..)| *other == tag).map_or(0, |(_, count, _)| count);
        let more: Vec<_> = self
            .named()
            .filter(|(tag, ..)| tag.starts_with("lost."))
            .map(|(tag, count, _)| (tag, count.saturating_sub(earlier(tag))))
            .filter(|(_, more)| *more != 0)
            .map(|(tag, more)| Attribute::new(tag, more))
            .collect();
        (!more.is_empty()).then_some(more)
    }
}

impl Lost {
    /// The log that tells how much more was lost than `told`, if anything was; it is told then.
    pub(super) fn tell(&self, told: &mut Self, time_ns: u64) -> Option<Event> {
        let attributes = self.since(told)?;
        *told = *self;
        Some(Event { time_ns, name: "loss".into(), attributes, dropped_attributes: 0 })
    }
}

/// What a device counts of itself, rounded up so that its process is not another one with every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counts([u64; 6]);

impl Counts {
    const TAGS: [&str; 6] = [
        "ring.words",
        "ring.most_words",
        "sent.frames",
        "sent.bytes",
        "mask.longest_cycles",
        "refused.frames",
    ];

    pub(super) fn of(stats: wire::Stats) -> Self {
        let wire::Stats { ring_words, ring_most_words, frames, bytes, .. } = stats;
        let [most, frames, bytes, refused] =
            [ring_most_words, frames, bytes, stats.refused].map(|count| rounded_up(count.into()));
        let most = most.min(ring_words.into());
        Self([ring_words.into(), most, frames, bytes, stats.longest_mask_cycles.into(), refused])
    }
}

/// What a process is described by, beside its description, source and notes: while it is the same,
/// so is the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) clock: Clock,
    pub(super) lost: Lost,
    pub(super) counts: Option<Counts>,
    pub(super) is_described: bool,
    /// The session of the boot before.
    pub(super) previous: Option<u32>,
    /// How many notes there are.
    pub(super) notes: usize,
    /// How much is defined: tags may name strings by number.
    pub(super) definitions: usize,
}

/// What is said of a session's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Clock {
    pub(super) sync: Sync,
    /// By how much times may be off; none where that is not known from both sides.
    pub(super) error_us: Option<u64>,
    /// How much faster it is than it says, in tenths of a part per million, where that is known.
    pub(super) drift: Option<i64>,
    /// How often it stepped, or paused, without saying so.
    pub(super) steps: u32,
}

impl Clock {
    fn tags(&self) -> impl Iterator<Item = Attribute> {
        let one_sided =
            (self.sync == Sync::Arrival).then(|| Attribute::new("clock.bound", "one-sided"));
        let error = self.error_us.map(|error_us| Attribute::new(ERROR, error_us));
        #[expect(clippy::cast_precision_loss, reason = "no clock is off by that much")]
        let drift =
            self.drift.map(|tenths| Attribute::new("clock.drift_ppm", tenths as f64 / 10.0));
        let steps = (self.steps != 0).then(|| Attribute::new("clock.steps", i64::from(self.steps)));
        let sync = Attribute::new("clock.sync", self.sync.tag());
        [Some(sync), one_sided, error, drift, steps].into_iter().flatten()
    }
}

/// A rate as it is stated, so that a process is not another one at every moment: what was said last, as
/// long as it may be true and is known about as well; else rounded to about as much as is known.
///
/// Both are in parts per million, what is stated in tenths of one. None where little is known.
pub(super) fn stated_drift(found: (f64, f64), last: Option<(i64, f64)>) -> Option<(i64, f64)> {
    const LITTLE_PPM: f64 = 50.0;
    let (ppm, doubt_ppm) = found;
    if let Some((tenths, its_doubt_ppm)) = last {
        #[expect(clippy::cast_precision_loss, reason = "no clock is off by that much")]
        let away_ppm = (tenths as f64 / 10.0 - ppm).abs();
        if away_ppm <= doubt_ppm && doubt_ppm > its_doubt_ppm / 4.0 {
            return last;
        }
    }
    if doubt_ppm > LITTLE_PPM {
        return None;
    }
    let steps = [500.0, 200.0, 100.0, 50.0, 20.0, 10.0, 5.0, 2.0];
    let step = steps.into_iter().find(|step| *step <= doubt_ppm * 10.0).unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
    let tenths = ((ppm * 10.0 / step).round() * step) as i64;
    Some((tenths, doubt_ppm))
}

/// The process as the model has it. The device's own tags come first, and win.
pub(super) fn resource(
    source: Source,
    description: Option<&Description>,
    definitions: &Definitions,
    known: &Known,
    notes: &[Arc<str>],
) -> Resource {
    let lost = &known.lost;
    let device = format!("{:016x}", source.device.0);
    let mut attributes = description.map_or_else(Vec::new, |said| said.attributes(definitions));
    let mut add = |attribute: Attribute| {
        if attributes.iter().all(|known| known.key != attribute.key) {
            attributes.push(attribute);
        }
    };
    add(Attribute::new("device.id", &*device));
    add(Attribute::new("device.session", i64::from(source.session.get())));
    if let Some(previous) = known.previous {
        add(Attribute::new("device.previous_session", i64::from(previous)));
    }
    if let Some(build) = description.map(|said| &said.build).filter(|build| !build.is_empty()) {
        let build: String = build.iter().map(|byte| format!("{byte:02x}")).collect();
        add(Attribute::new("device.build", build));
    }
    known.clock.tags().for_each(&mut add);
    for (tag, count, _) in lost.named() {
        add(Attribute::new(tag, count));
    }
    for (tag, count) in Counts::TAGS.into_iter().zip(known.counts.map_or([0; 6], |counts| counts.0))
    {
        if count != 0 {
            add(Attribute::new(tag, count));
        }
    }
    let unnamed = || format!("device-{device}");
    let service = description.map_or_else(unnamed, |said| said.service.clone());
    let mut resource = Resource::new(&service, attributes);
    resource.warnings.extend(lost.named().filter_map(|(.., warning)| warning.map(Arc::from)));
    resource.warnings.extend(notes.iter().cloned());
    resource
}

/// An error as it is stated: a little more, so that a process is not another one at every moment.
pub(super) fn stated_error_us(error_ns: u64) -> u64 {
    rounded_up(error_ns.div_ceil(1_000))
}

/// Up to an eighth more.
fn rounded_up(value: u64) -> u64 {
    let step = (value / 8 + 1).next_power_of_two() / 2;
    value.checked_next_multiple_of(step.max(1)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_log_of_losses_tells_what_is_new() {
        let mut lost = Lost::default();
        assert_eq!(lost.since(&Lost::default()), None);
        lost.device.ring_full = 3;
        lost.device.sampled_out = 9;
        let before = lost;
        lost.device.ring_full = 5;
        lost.link = 2;
        let more = lost.since(&before).unwrap();
        let expected =
            [Attribute::new("lost.link", 2_u64), Attribute::new("lost.ring_full", 2_u64)];
        assert_eq!(more, expected);
    }

    #[test]
    fn a_rate_is_stated_as_well_as_it_is_known_and_stays() {
        assert_eq!(stated_drift((30.0, 120.0), None), None);
        let first = stated_drift((31.7, 40.0), None);
        assert_eq!(first, Some((400, 40.0)));
        assert_eq!(stated_drift((20.0, 25.0), first), first);
        let better = stated_drift((33.3, 6.0), first);
        assert_eq!(better, Some((350, 6.0)));
        assert_eq!(stated_drift((-12.34, 0.05), better), Some((-123, 0.05)));
    }

    proptest! {
        #[test]
        fn a_stated_rate_may_be_true(ppm in -50_000.0..50_000.0_f64, doubt_ppm in 0.05..50.0_f64) {
            let (tenths, _) = stated_drift((ppm, doubt_ppm), None).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "it is small")]
            let stated = tenths as f64 / 10.0;
            prop_assert!((stated - ppm).abs() <= doubt_ppm + 1e-9, "{stated}");
        }

        #[test]
        fn an_error_is_never_stated_too_small(value in 0..u64::MAX / 2) {
            let rounded = rounded_up(value);
            prop_assert!(rounded >= value && rounded - value <= value / 8);
        }

        #[test]
        fn any_description_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = Description::read(&bytes);
        }
    }
}
