//! The store as a whole: beside a naive one, through crashes, and when the disk does not do its part.

mod crashes;
pub(super) mod deleting;
mod faults;
mod model;
mod searches;

use super::core::Core;
use super::deleted::SETTLE_S;
use super::disk::Disk;
use super::log::Log;
use super::options::{Limits, Options};
use super::rows::tests::{Sketch, chunk, contents};
use crate::model::TraceId;
use std::sync::Arc;

/// Small enough that a few spans go all the way.
pub(super) fn small() -> Limits {
    Limits { rows: 8, fan_in: 3, sizes: [30, 100], ..Limits::default() }
}

/// A store whose steps are taken one by one.
pub(super) struct Steps {
    pub(super) core: Core,
    log: Option<Log>,
    now_s: u64,
}

impl Steps {
    pub(super) fn open(disk: &(impl Disk + Clone + 'static), options: Options) -> Self {
        Self::try_open(disk, options).unwrap()
    }

    pub(super) fn try_open(
        disk: &(impl Disk + Clone + 'static),
        options: Options,
    ) -> Result<Self, super::OpenError> {
        let core = Core::open(Arc::new(disk.clone()), options, small())?;
        Ok(Self { core, log: None, now_s: 1_000_000 })
    }

    pub(super) fn append(&mut self, some: &[Sketch]) -> std::io::Result<()> {
        self.core.append(&mut self.log, &[chunk(some)])
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now_s += seconds;
    }

    pub(super) fn seal(&mut self) -> std::io::Result<()> {
        while self.core.seal_oldest(self.now_s)? {}
        Ok(())
    }

    pub(super) fn merge(&mut self) -> std::io::Result<()> {
        while self.core.merge_some()? {}
        Ok(())
    }

    pub(super) fn delete(&mut self, trace: u8) -> std::io::Result<()> {
        let id = TraceId(super::rows::tests::trace_id(trace));
        assert!(self.core.delete(id, self.now_s)?, "there is room");
        Ok(())
    }

    pub(super) fn erase(&mut self) -> std::io::Result<()> {
        while self.core.erase_some(self.now_s + SETTLE_S)? {}
        Ok(())
    }

    pub(super) fn retain(&mut self) -> std::io::Result<()> {
        self.core.retain(self.now_s)
    }

    /// Everything that is in traces which have these ids.
    pub(super) fn all(&self, ids: impl IntoIterator<Item = TraceId>) -> Vec<[Vec<u8>; 3]> {
        let mut all = Vec::new();
        let view = self.core.view();
        for id in ids {
            let pieces = view.pieces(id, false).unwrap();
            all.extend(contents(&super::rows::assemble(pieces)));
        }
        all.sort();
        all
    }
}

/// All ids that sketches have.
pub(super) fn ids() -> impl Iterator<Item = TraceId> {
    (0..12).map(|trace| TraceId(super::rows::tests::trace_id(trace)))
}
