//! Sessions that a reset ended, and the sessions of the boots behind them.
//!
//! A device whose recorder a reset does not take sends what the boot before left, under that session, and says how
//! it ended. Its own session says which that was. So the two are put together here: the new one begins with a span
//! that says why, and refers to what was cut off.

use super::definitions::Site;
use super::emit::Worst;
use super::{Effects, Identity, Session, made};
use crate::model::opentracing::{RefType, Reference};
use crate::model::{Attribute, Batch, Source, Span, SpanId, TraceId};
use crate::stats::Stats;
use serde::{Deserialize, Serialize};
use spandrel::wire::{Hello, ResetCause, SpanHead, TraceRef};
use std::sync::Arc;

/// So many spans that were cut off are referred to by the boot that follows.
const MOST_REFERENCES: usize = 16;
/// All that a session that has ended left has come if it was quiet for so long.
const QUIET_NS: u64 = 1_000_000_000;
/// So long it is waited for what the next boot says of the time.
const NEXT_PATIENCE_NS: u64 = 1_500_000_000;
/// The number in the new session of the span that says that it began: no span of a device has it.
const BOOT_NUMBER: u64 = 1;

/// What a session knows of resets.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Resets {
    /// What ended it.
    ended: Option<Ended>,
    /// The session of the boot before.
    pub(super) previous: Option<u32>,
    /// What was cut off: how many spans, and the first of them.
    cut_off: u64,
    cut_off_first: Vec<(TraceId, SpanId)>,
    /// Whether it is known, or not worth waiting for, when the next boot began.
    is_bounded: bool,
    /// Whether the span that says that it began was made.
    is_told: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ended {
    cause: ResetCause,
    /// The last tick that is known.
    ticks: u64,
}

/// How a session ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct End {
    cause: ResetCause,
    cut_off: u64,
    cut_off_first: Vec<(TraceId, SpanId)>,
}

impl Resets {
    pub(super) fn cause(&self) -> Option<ResetCause> {
        self.ended.map(|ended| ended.cause)
    }

    /// Notes a span that a reset ended.
    pub(super) fn saw(&mut self, head: &SpanHead, source: Source) {
        if head.cut_off {
            self.cut_off += 1;
            if self.cut_off_first.len() < MOST_REFERENCES {
                let id = SpanId::expand(source.device, source.session, head.own);
                self.cut_off_first.push((made::trace_id(head.trace, source), id));
            }
        }
    }

    pub(super) fn weight(&self) -> usize {
        self.cut_off_first.capacity() * size_of::<(TraceId, SpanId)>()
    }
}

/// The tags of a span that a reset ended.
pub(super) fn tags_of_cut_off(cause: Option<ResetCause>) -> Vec<Attribute> {
    let mut tags = vec![Attribute::new("error", true), Attribute::new("cut_off", "reset")];
    tags.extend(cause.map(|cause| Attribute::new("reset.cause", cause.name())));
    tags
}

impl Session {
    /// Takes from a hello what it says of resets.
    pub(super) fn hear_of_resets(&mut self, hello: &Hello<'_>) {
        if let Some(cause) = hello.ended {
            self.resets.ended = Some(Ended { cause, ticks: hello.sent_ticks });
        }
        self.resets.previous = hello.previous.or(self.resets.previous);
    }

    /// Whether a reset has ended it: then nobody is there to be asked.
    pub(super) fn is_over(&self) -> bool {
        self.resets.ended.is_some()
    }

    /// Whether its times are known as well as they ever will be, where it has ended.
    pub(super) fn is_placed_at_its_end(&self, identity: &Identity, now_ns: u64) -> bool {
        let waited_ns = now_ns.saturating_sub(identity.since_ns);
        self.resets.is_bounded
            || identity.clock.exchanges() > 0
            || !self.options.downlink
            || waited_ns >= NEXT_PATIENCE_NS
    }

    /// The session of the boot before, as long as nothing was told of its end.
    pub(crate) fn untold_previous(&self) -> Option<Source> {
        let session = self.resets.previous.filter(|_| !self.resets.is_told && !self.is_over())?;
        Some(Source { session: spandrel::Session::new(session), ..self.source()? })
    }

    /// When its clock was 0, if that is known well.
    pub(crate) fn began_ns(&self, now_ns: u64) -> Option<u64> {
        let identity = self.identity.as_ref()?;
        let is_known = self.may_emit(now_ns);
        let placement = identity.clock.placement(now_ns).filter(|_| is_known)?;
        Some(identity.clock.place(0, &placement))
    }

    /// The boot behind this one began at this time: what is known of this one was before.
    pub(crate) fn ended_before(&mut self, next_began_ns: u64) {
        if let (Some(ended), Some(identity), false) =
            (self.resets.ended, &mut self.identity, self.resets.is_bounded)
        {
            identity.clock.arrived(ended.ticks, next_began_ns);
            self.resets.is_bounded = true;
        }
    }

    /// How it ended, once all that it left has come.
    pub(crate) fn how_it_ended(&self, now_ns: u64) -> Option<End> {
        let is_quiet = now_ns.saturating_sub(self.last_ns) >= QUIET_NS;
        let ended =
            self.resets.ended.filter(|_| is_quiet && self.assembly.finished().is_empty())?;
        let Resets { cut_off, ref cut_off_first, .. } = self.resets;
        Some(End { cause: ended.cause, cut_off, cut_off_first: cut_off_first.clone() })
    }

    /// Makes the span that says how the boot before ended.
    pub(crate) fn tell_boot(
        &mut self,
        end: &End,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        if !self.may_emit(now_ns) {
            return;
        }
        let Some((source, worst, time_ns)) = self.identity.as_ref().and_then(|identity| {
            let placement = identity.clock.placement(now_ns)?;
            let error_ns = identity.clock.error_ns(0, &placement);
            let worst = Worst { error_ns, sync: placement.sync() };
            Some((identity.source, worst, identity.clock.place(0, &placement)))
        }) else {
            return;
        };
        self.resets.is_told = true;
        stats.made += 1;
        let span = boot(end, source, time_ns);
        if let Some(resource) = self.resource(worst, now_ns) {
            effects.outlet.hand_over_owned(Batch { source, resource, spans: vec![span] });
        }
    }

    /// Numbers of call sites whose definitions did not come, of a session that has ended, and its build.
    pub(crate) fn undefined_sites(&self) -> Option<(Vec<u8>, Vec<u16>)> {
        let build = self.description.as_ref().map(|said| &said.build)?;
        if !self.is_over() || build.is_empty() {
            return None;
        }
        let sites = self.assembly.wanted_sites(&self.definitions);
        (!sites.is_empty()).then(|| (build.clone(), sites))
    }

    /// What those of these sites are that it has defined.
    pub(crate) fn known_sites(&self, sites: &[u16]) -> Vec<(u16, Arc<Site>)> {
        sites.iter().filter_map(|id| Some((*id, self.definitions.site(*id)?.clone()))).collect()
    }

    /// Takes sites that another session has defined.
    pub(crate) fn take_sites(&mut self, sites: Vec<(u16, Arc<Site>)>) {
        sites.into_iter().for_each(|(id, site)| self.definitions.borrow(id, site));
    }

    /// Whether it is of this build.
    pub(crate) fn is_of_build(&self, build: &[u8]) -> bool {
        self.description.as_ref().is_some_and(|said| said.build == build)
    }
}

/// The span that says that a boot began, and how the one before ended.
fn boot(end: &End, source: Source, time_ns: u64) -> Span {
    let Source { device, session } = source;
    let tags = vec![
        Attribute::new(made::MADE, true),
        Attribute::new("reset.cause", end.cause.name()),
        Attribute::new("boot.cut_off", end.cut_off),
    ];
    let references: Vec<_> = end
        .cut_off_first
        .iter()
        .map(|(trace_id, span_id)| Reference {
            ref_type: RefType::FollowsFrom,
            trace_id: *trace_id,
            span_id: *span_id,
        })
        .collect();
    let id = SpanId::expand(device, session, BOOT_NUMBER);
    made::span(source, TraceRef::Own(BOOT_NUMBER), id, made::BOOT, time_ns)
        .with_tags(tags)
        .with_references(&references)
}
