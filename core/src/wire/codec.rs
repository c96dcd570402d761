//! What a record may leave out because an earlier one in the same frame said it.
//!
//! Writer and reader keep the same [`Codec`] in step; it starts empty with every frame, so that a
//! frame stands alone.

use super::record::{SiteRef, TraceRef};
use crate::TraceId;
use heapless::Vec;

/// The most pairs of site and shape in one frame.
pub const MAX_SITES: usize = 32;
/// The most remote traces in one frame.
pub const MAX_TRACES: usize = 8;

/// The state that is shared by the records of one frame.
#[derive(Clone, Debug)]
pub struct Codec {
    pub(super) own: u64,
    pub(super) parent: u64,
    pub(super) time: u64,
    pub(super) trace: TraceRef,
    pub(super) site: SiteRef,
    sites: Vec<SiteRef, MAX_SITES>,
    traces: Vec<TraceId, MAX_TRACES>,
}

/// A table of the frame is full: the record belongs into the next frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TableFull;

impl Default for Codec {
    fn default() -> Self {
        Self::new()
    }
}

impl Codec {
    /// The state at the start of a frame.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            own: 0,
            parent: 0,
            time: 0,
            trace: TraceRef::Apart,
            site: SiteRef::NONE,
            sites: Vec::new(),
            traces: Vec::new(),
        }
    }

    /// Makes the state what it was at `mark`, as if nothing had been written since.
    pub fn undo(&mut self, mark: &Mark) {
        (self.own, self.parent, self.time) = (mark.own, mark.parent, mark.time);
        (self.trace, self.site) = (mark.trace, mark.site);
        self.sites.truncate(mark.sites);
        self.traces.truncate(mark.traces);
    }

    /// The state, for [`Codec::undo`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark {
            own: self.own,
            parent: self.parent,
            time: self.time,
            trace: self.trace,
            site: self.site,
            sites: self.sites.len(),
            traces: self.traces.len(),
        }
    }

    /// The index of a site, and whether the entry is new.
    pub(super) fn intern_site(&mut self, site: SiteRef) -> Result<(usize, bool), TableFull> {
        intern(&mut self.sites, site)
    }

    pub(super) fn site_at(&self, index: usize) -> Option<SiteRef> {
        self.sites.get(index).copied()
    }

    /// The index of a remote trace, and whether the entry is new.
    pub(super) fn intern_trace(&mut self, trace: TraceId) -> Result<(usize, bool), TableFull> {
        intern(&mut self.traces, trace)
    }

    pub(super) fn trace_at(&self, index: usize) -> Option<TraceId> {
        self.traces.get(index).copied()
    }

    pub(super) fn sites_len(&self) -> usize {
        self.sites.len()
    }

    pub(super) fn traces_len(&self) -> usize {
        self.traces.len()
    }
}

/// A state of a [`Codec`] to go back to.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    own: u64,
    parent: u64,
    time: u64,
    trace: TraceRef,
    site: SiteRef,
    sites: usize,
    traces: usize,
}

fn intern<T: PartialEq, const N: usize>(
    table: &mut Vec<T, N>,
    item: T,
) -> Result<(usize, bool), TableFull> {
    if let Some(index) = table.iter().position(|known| *known == item) {
        return Ok((index, false));
    }
    table.push(item).map_err(|_| TableFull)?;
    Ok((table.len() - 1, true))
}
