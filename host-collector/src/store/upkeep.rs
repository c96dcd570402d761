//! What is done behind the scenes: logs become blocks, blocks are merged, and what is old or deleted goes.

use super::block::{self, Block};
use super::core::Core;
use super::names::{self, BlockName};
use super::read::Unsealed;
use super::rows::{Rows, at};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

/// Blocks that come from more than this part of the time they are kept are not merged, so that
/// what is old goes in small pieces; but an hour's always may.
const PARTS: u64 = 8;
const HOUR_S: u64 = 3600;

impl Core {
    /// Seals the oldest log that waits. Says whether there was one.
    pub(super) fn seal_oldest(&self, now_s: u64) -> io::Result<bool> {
        let Some(oldest) = self.lock().waiting.front().cloned() else { return Ok(false) };
        let sealed = self.seal(&oldest, now_s)?;
        {
            let mut state = self.lock();
            state.waiting.pop_front();
            state.blocks.extend(sealed.into_iter().map(Arc::new));
            state.blocks.sort_by_key(|block| block.name);
            state.version += 1;
            if self.limits.has_log {
                state.unremoved.insert(oldest.log);
            }
        }
        self.remove_logs()?;
        Ok(true)
    }

    fn seal(&self, unsealed: &Unsealed, now_s: u64) -> io::Result<Vec<Block>> {
        let table = unsealed.table();
        let rows = &table.rows;
        let deleted = self.lock().deleted.clone();
        let is_shown: Vec<bool> = rows.traces.iter().map(|id| !deleted.has(*id)).collect();
        let is_shown = |row: usize| at(&is_shown, at(&rows.trace, row) as usize);
        let keeps = self.keeps(rows);
        let shown = keeps.iter().enumerate().filter(|(row, _)| is_shown(*row));
        let mut distinct: Vec<u64> = shown.map(|(_, keep_s)| *keep_s).collect();
        distinct.sort_unstable();
        distinct.dedup();
        let of = u32::try_from(distinct.len()).unwrap_or(u32::MAX);
        let mut blocks = Vec::new();
        for keep_s in distinct {
            let name = BlockName { first: unsealed.log, last: unsealed.log, keep_s, of };
            let is_kept = |row: usize| keeps.get(row) == Some(&keep_s) && is_shown(row);
            let sealed = block::seal(&*self.disk, name, rows, is_kept, now_s);
            blocks.push(self.opened(name, sealed)?);
        }
        Ok(blocks)
    }

    /// How long each row is kept; 0: as the store says.
    fn keeps(&self, rows: &Rows) -> Vec<u64> {
        let services = &self.options.keep_services_s;
        let keep = |service: &str| services.get(service).map_or(0, |keep_s| (*keep_s).max(1));
        let of_shapes: Vec<u64> =
            rows.shapes.iter().map(|shape| keep(rows.service(shape))).collect();
        let of_row = |shape: &u32| at(&of_shapes, *shape as usize);
        rows.shape.iter().map(of_row).collect()
    }

    /// Opens what was just written, or takes away what is left of it.
    fn opened(&self, name: BlockName, written: io::Result<()>) -> io::Result<Block> {
        let open = |()| match Block::open(&*self.disk, name, self.damages.clone()) {
            Ok(block) => Ok(block),
            Err(block::OpenError::Io(error)) => Err(error),
            Err(_) => Err(io::Error::other("what was written is not what is read")),
        };
        let opened = written.and_then(open);
        if opened.is_err() {
            block::seal::give_up(&*self.disk, name);
        }
        opened
    }

    /// Removes logs that are sealed.
    fn remove_logs(&self) -> io::Result<()> {
        let logs = self.lock().unremoved.clone();
        let mut removed = Vec::new();
        for number in logs {
            match self.disk.remove(&names::log(number)) {
                // A log that nothing came to was never made.
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => removed.push(number),
            }
        }
        if removed.is_empty() {
            return Ok(());
        }
        self.disk.sync_names()?;
        let mut state = self.lock();
        state.unremoved.retain(|number| !removed.contains(number));
        Ok(())
    }

    /// Merges blocks, if there are enough of a size. Says whether there were.
    pub(super) fn merge_some(&self) -> io::Result<bool> {
        let Some(blocks) = self.mergeable() else { return Ok(false) };
        let (Some(first), Some(last)) = (blocks.first(), blocks.last()) else { return Ok(false) };
        let name = BlockName { last: last.name.last, of: 1, ..first.name };
        let sources: Vec<&Block> = blocks.iter().map(|block| &**block).collect();
        let merged = match block::merge(&*self.disk, name, &sources) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                block::seal::give_up(&*self.disk, name);
                let mut state = self.lock();
                state.unmergeable.extend(blocks.iter().map(|block| block.name));
                return Ok(true);
            }
            merged => self.opened(name, merged)?,
        };
        {
            let mut state = self.lock();
            state.blocks.retain(|block| !blocks.iter().any(|other| other.name == block.name));
            state.blocks.push(Arc::new(merged));
            state.blocks.sort_by_key(|block| block.name);
            state.version += 1;
        }
        for block in blocks {
            self.disk.remove(&block.name.to_name())?;
        }
        self.disk.sync_names()?;
        Ok(true)
    }

    /// Forgets that traces were deleted of which nothing would be kept any more.
    fn forget_deleted(&self, now_s: u64) -> io::Result<()> {
        let Some(keep_s) = self.options.keep_s else { return Ok(()) };
        let longest_s = self.options.keep_services_s.values().fold(keep_s, |a, b| a.max(*b));
        self.forget(|entry| entry.at_s.saturating_add(longest_s) < now_s)
    }

    /// Erases what is in one block of traces that were deleted a while ago. Says whether there was a block
    /// that had not been looked at.
    pub(super) fn erase_some(&self, now_s: u64) -> io::Result<bool> {
        let (deleted, block, after, until) = {
            let state = self.lock();
            let until = state.deleted.settled(now_s);
            let upto = |block: &Block| state.erased.get(&block.name).copied().unwrap_or_default();
            let Some(block) = state.blocks.iter().find(|block| upto(block) < until) else {
                return Ok(false);
            };
            (state.deleted.clone(), block.clone(), upto(block), until)
        };
        let mut has_some = false;
        for entry in deleted.between(after, until) {
            has_some = has_some || block.has_like(entry.id).map_err(io::Error::other)?;
        }
        if has_some {
            match block::erase(&*self.disk, &block, &deleted) {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    block::seal::give_up(&*self.disk, block.name);
                    let file = block.name.to_name();
                    log::error!("{file} is damaged: what was deleted cannot be erased in it");
                }
                erased => {
                    let erased = Arc::new(self.opened(block.name, erased)?);
                    let mut state = self.lock();
                    let other = state.blocks.iter_mut().find(|other| other.name == block.name);
                    other.into_iter().for_each(|other| *other = erased.clone());
                    state.version += 1;
                }
            }
        }
        let mut state = self.lock();
        let names: BTreeSet<BlockName> = state.blocks.iter().map(|block| block.name).collect();
        state.erased.retain(|name, _| names.contains(name));
        state.erased.insert(block.name, until);
        Ok(true)
    }

    /// The oldest blocks that are next to each other, of one size, and enough to be merged.
    fn mergeable(&self) -> Option<Vec<Arc<Block>>> {
        let state = self.lock();
        let mut by_keep: BTreeMap<u64, Vec<&Arc<Block>>> = BTreeMap::new();
        for block in &state.blocks {
            let is_settled = !state.unremoved.contains(&block.name.first);
            if is_settled && !state.unmergeable.contains(&block.name) {
                by_keep.entry(block.name.keep_s).or_default().push(block);
            }
        }
        let size = |block: &Block| {
            self.limits.sizes.iter().filter(|least| block.spans() >= **least).count()
        };
        for (keep_s, blocks) in by_keep {
            let keep_s = if keep_s == 0 { self.options.keep_s } else { Some(keep_s) };
            let longest_s = keep_s.map_or(u64::MAX, |keep_s| (keep_s / PARTS).max(HOUR_S));
            for run in blocks.windows(self.limits.fan_in) {
                let [first, ..] = run else { continue };
                let since_s = run.iter().map(|block| block.sealed_s().0).min().unwrap_or_default();
                let until_s = run.iter().map(|block| block.sealed_s().1).max().unwrap_or_default();
                let is_alike = run.iter().all(|block| size(block) == size(first));
                let is_small = size(first) < self.limits.sizes.len();
                if is_alike && is_small && until_s.saturating_sub(since_s) <= longest_s {
                    return Some(run.iter().map(|block| Arc::clone(block)).collect());
                }
            }
        }
        None
    }

    /// Removes blocks that are too old, and the oldest where all are too large.
    pub(super) fn retain(&self, now_s: u64) -> io::Result<()> {
        self.forget_deleted(now_s)?;
        let gone = {
            let mut state = self.lock();
            let is_old = |block: &Block| {
                let own = Some(block.name.keep_s).filter(|keep_s| *keep_s > 0);
                let keep_s = own.or(self.options.keep_s);
                keep_s.is_some_and(|keep_s| block.sealed_s().1.saturating_add(keep_s) < now_s)
            };
            let mut gone: Vec<BlockName> =
                state.blocks.iter().filter(|block| is_old(block)).map(|block| block.name).collect();
            if let Some(most) = self.options.most_bytes {
                let mut bytes = state.bytes();
                let mut by_age: Vec<_> = state.blocks.iter().collect();
                by_age.sort_by_key(|block| (block.sealed_s(), block.name));
                for block in by_age {
                    if gone.contains(&block.name) {
                        bytes = bytes.saturating_sub(block.bytes);
                    } else if bytes > most {
                        bytes = bytes.saturating_sub(block.bytes);
                        gone.push(block.name);
                    }
                }
            }
            // One whose log could come back would come back with it.
            gone.retain(|name| !state.unremoved.contains(&name.first));
            if gone.is_empty() {
                return Ok(());
            }
            state.blocks.retain(|block| !gone.contains(&block.name));
            state.version += 1;
            gone
        };
        for name in gone {
            self.disk.remove(&name.to_name())?;
        }
        self.disk.sync_names()
    }
}
