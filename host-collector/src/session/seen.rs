//! A session as it is seen from outside: for people who look at devices.

use super::Session;
use super::process::{Clock, Counts, Known, Lost, resource, stated_error_us};
use crate::model::{Resource, Source};

/// What is known of a device in one of its boots.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Which device, and which boot.
    pub source: Source,
    /// The process that its spans have, as of now.
    pub resource: Resource,
    /// When it was first heard of, in nanoseconds since the Unix epoch.
    pub first_ns: u64,
    /// When it was last heard of.
    pub last_ns: u64,
    /// Whether the device said that it is over.
    pub is_over: bool,
    /// How its times are known: the value of the tag `clock.sync`.
    pub sync: &'static str,
    /// By how much they may be off, in nanoseconds; none where that is not known from both sides.
    pub error_ns: Option<u64>,
    /// How much faster its counter is than it says, in parts per million.
    pub drift_ppm: Option<f64>,
    /// How many records came of it, each once.
    pub records: u64,
    /// What was lost of it, by kind; and what the sampler left out, as `sampled_out`.
    pub lost: Vec<(&'static str, u64)>,
    /// Frames that it has sent, the size of its ring in words, and the most that were taken at once; none
    /// where it does not count.
    pub counts: Option<[u64; 3]>,
}

impl Session {
    /// What is known of it now; none before it has said who it is.
    pub(crate) fn seen(&self, now_ns: u64) -> Option<Seen> {
        let identity = self.identity.as_ref()?;
        let placement = identity.clock.placement(now_ns);
        let error_ns = placement
            .and_then(|placement| identity.clock.error_ns(identity.hello_ticks, &placement));
        let drift = identity.clock.drift_ppm();
        let drift = drift.filter(|(ppm, _)| error_ns.is_some() && ppm.is_finite());
        let sync = placement.map(|placement| placement.sync()).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, reason = "a cast saturates")]
        let tenths = drift.map(|(ppm, _)| (ppm * 10.0).round() as i64);
        let lost = Lost { link: self.gaps.lost(), ..self.lost };
        let known = Known {
            clock: Clock {
                sync,
                error_us: error_ns.map(stated_error_us),
                drift: tenths,
                steps: identity.clock.contradictions(now_ns),
            },
            lost,
            counts: self.counts.map(Counts::of),
            is_described: self.description.is_some(),
            previous: self.resets.previous,
            notes: self.notes.len(),
            definitions: 0,
        };
        let (source, said) = (identity.source, self.description.as_ref());
        Some(Seen {
            source,
            resource: resource(source, said, &self.definitions, &known, &self.notes),
            first_ns: self.first_ns,
            last_ns: self.last_ns,
            is_over: self.ended_ns.is_some() || self.is_over(),
            sync: sync.tag(),
            error_ns,
            drift_ppm: drift.map(|(ppm, _)| ppm),
            records: self.gaps.received(),
            lost: lost.counts().collect(),
            counts: self.counts.map(|counts| {
                [counts.frames, counts.ring_words, counts.ring_most_words].map(u64::from)
            }),
        })
    }
}
