//! What spans that follow each other have in common.

use super::known::{Known, Plain};
use super::line::Put;
use crate::clock::{ClockEstimate, Placement, Ruler};
use crate::model::{Source, TraceId};
use crate::session::Identity;
use crate::session::made::trace_id;
use crate::session::traces::Placements;
use spandrel::SpanIds;
use spandrel::wire::{SpanHead, TraceRef};

/// What all spans of a frame have in common.
pub(super) struct Common<'a> {
    pub(super) clock: &'a ClockEstimate,
    current: Placement,
    pub(super) source: Source,
    pub(super) ids: SpanIds,
    pub(super) now_ns: u64,
}

/// What spans of one trace that follow each other have in common.
pub(super) struct Run<'a> {
    trace: TraceRef,
    pub(super) id: TraceId,
    pub(super) placement: Placement,
    pub(super) ruler: Ruler<'a>,
    opening: Opening<'a>,
}

/// How a span begins: its trace, its own id, that of its parent, and its name.
pub(super) struct Opening<'a> {
    pub(super) bytes: [u8; MOST],
    pub(super) len: usize,
    /// Whether the name is in it, which may be too long.
    pub(super) has_name: bool,
    /// Its call site, and its parent.
    of: Option<(u16, Option<u64>)>,
    pub(super) site: Option<&'a Plain>,
}

/// So many bytes have an opening with most names.
const MOST: usize = 96;
/// Where in it the span's own id is, and where that ends.
pub(super) const OWN: usize = 20;
const PARENT: usize = OWN + 8;

impl<'a> Opening<'a> {
    fn new(trace: TraceId) -> Self {
        let mut bytes = [0; MOST];
        let mut put = Put::new(&mut bytes);
        // There is room for all of it.
        let _ = put.array([0x0a, 16]).and_then(|()| put.array(trace.0));
        let _ = put.array([0x12, 8]);
        Self { bytes, len: 0, has_name: false, of: None, site: None }
    }

    /// Makes it that of a span of a call site below a parent.
    fn set(&mut self, ids: SpanIds, known: &'a Known, site: u16, parent: Option<u64>) {
        self.site = known.site(site);
        let Some((_, place)) = self.bytes.split_at_mut_checked(PARENT) else { return };
        let mut put = Put::new(place);
        if let Some(parent) = parent {
            // There is room for it.
            let _ = put.array([0x22, 8]).and_then(|()| put.array(ids.get(parent).0));
        }
        self.has_name = self.site.is_some_and(|site| put.bytes(site.name.bytes()).is_ok());
        self.len = MOST - put.room();
        self.of = Some((site, parent));
    }
}

impl<'a> Common<'a> {
    pub(super) fn of(identity: &'a Identity, current: Placement, now_ns: u64) -> Self {
        let (clock, source) = (&identity.clock, identity.source);
        let ids = SpanIds::new(source.device, source.session);
        Self { clock, current, source, ids, now_ns }
    }

    /// The placement of a span's trace.
    pub(super) fn placement(&self, head: &SpanHead, placements: &mut Placements) -> Placement {
        placements.of(trace_id(head.trace, self.source), self.current, self.now_ns)
    }

    /// The run that a span begins.
    pub(super) fn run(&self, head: &SpanHead, placements: &mut Placements) -> Run<'a> {
        let placement = self.placement(head, placements);
        let ruler = self.clock.ruler(placement, head.start_ticks);
        let id = trace_id(head.trace, self.source);
        Run { trace: head.trace, id, placement, ruler, opening: Opening::new(id) }
    }
}

impl<'a> Run<'a> {
    /// Whether a span goes on with it.
    #[inline(always)]
    pub(super) fn goes_on_with(&self, head: &SpanHead) -> bool {
        self.trace == head.trace
    }

    /// How a span of this call site below this parent begins.
    #[inline(always)]
    pub(super) fn opening(
        &mut self,
        ids: SpanIds,
        known: &'a Known,
        site: u16,
        parent: Option<u64>,
    ) -> &Opening<'a> {
        if self.opening.of != Some((site, parent)) {
            self.opening.set(ids, known, site, parent);
        }
        &self.opening
    }
}
