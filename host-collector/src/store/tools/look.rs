//! Reading a store without taking it: a collector may have it meanwhile.

use super::{folder, is_gone};
use crate::model::{Chunk, Kind, TraceId};
use crate::storage::{Dependency, Found, Operation, ReadError, Reader, Search, Window};
use crate::store::block::catalog::Catalog;
use crate::store::core::{open_blocks, replay};
use crate::store::damage::Damages;
use crate::store::deleted::Deleted;
use crate::store::disk::Disk;
use crate::store::names;
use crate::store::options::OpenError;
use crate::store::read::View;
use crate::store::{assemble, unsealed_catalog};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// So often a store is looked at anew whose files went while they were opened.
const ATTEMPTS: usize = 5;

/// What a store had when it was looked at.
#[derive(Debug)]
pub struct Glance {
    view: View,
    catalog: Catalog,
}

/// Looks at what a store has now. Nothing of it is changed, nor made.
///
/// # Errors
///
/// [`OpenError`], which says what to do.
pub fn look(path: &Path) -> Result<Glance, OpenError> {
    look_on(&(Arc::new(folder(path)?) as Arc<dyn Disk>))
}

pub(super) fn look_on(disk: &Arc<dyn Disk>) -> Result<Glance, OpenError> {
    let mut attempts = 0..ATTEMPTS;
    loop {
        attempts.next();
        match look_once(disk) {
            // Logs are sealed and blocks are merged all the time, and the old files go.
            Err(error) if is_gone(&error) && !attempts.is_empty() => {}
            other => return other,
        }
    }
}

fn look_once(disk: &Arc<dyn Disk>) -> Result<Glance, OpenError> {
    let damages = Damages::default();
    let files = disk.list().map_err(|why| OpenError::of(&**disk, "its files", why))?;
    let (sorting, mut blocks) = open_blocks(disk, &files, &damages)?;
    // After the blocks: what is erased in them is still known to be deleted.
    let deleted = Arc::new(Deleted::load(&**disk, &damages)?);
    blocks.sort_by_key(|block| block.name);
    let mut unsealed = Vec::new();
    for number in sorting.logs {
        let replayed = replay(disk, number, &damages)
            .map_err(|why| OpenError::of_log(&**disk, &names::log(number), why))?;
        unsealed.push(Arc::new(replayed));
    }
    let mut catalog = Catalog::default();
    for block in &blocks {
        match block.catalog() {
            Ok(of_block) => catalog.merge(of_block),
            Err(why) => log::warn!("{why}: its names are left out of lists"),
        }
    }
    let blocks = blocks.into_iter().map(Arc::new).collect();
    let view = View { unsealed, blocks, deleted };
    catalog.merge(unsealed_catalog(&view, true));
    Ok(Glance { view, catalog })
}

impl Reader for Glance {
    fn services(&self) -> Result<Vec<String>, ReadError> {
        Ok(self.catalog.services.iter().cloned().collect())
    }

    fn operations(&self, service: &str, kind: Option<Kind>) -> Result<Vec<Operation>, ReadError> {
        let all = self.catalog.operations.iter();
        let wanted = all.filter(|(of, _, which)| of == service && kind.is_none_or(|k| k == *which));
        let operations: BTreeSet<_> =
            wanted.map(|(_, name, kind)| Operation { name: name.clone(), kind: *kind }).collect();
        Ok(operations.into_iter().collect())
    }

    fn peers(&self, service: &str) -> Result<Vec<String>, ReadError> {
        let peers: BTreeSet<_> = self
            .catalog
            .peers
            .iter()
            .filter(|(of, _)| of == service)
            .map(|(_, peer)| peer)
            .collect();
        Ok(peers.into_iter().cloned().collect())
    }

    fn values(&self, key: &str) -> Result<Vec<String>, ReadError> {
        Ok(self.catalog.values.get(key).into_iter().flatten().cloned().collect())
    }

    fn get(&self, trace: TraceId) -> Result<Option<Chunk>, ReadError> {
        let pieces = self.view.pieces(trace, true)?;
        Ok((!pieces.is_empty()).then(|| assemble(pieces)))
    }

    fn find(&self, search: &Search) -> Result<Vec<Found>, ReadError> {
        self.view.find(search)
    }

    fn dependencies(&self, window: Window) -> Result<Vec<Dependency>, ReadError> {
        self.view.dependencies(window)
    }
}
