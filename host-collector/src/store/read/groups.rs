//! The groups that one reader needs. The last of them are held, since what finds a trace and what
//! tells of it look at the same.

use super::View;
use crate::model::TraceId;
use crate::storage::ReadError;
use crate::store::block::About;
use crate::store::group::{Unpacked, Want};
use std::collections::HashMap;

/// Groups that are held at most.
const MOST: usize = 4;

/// A group: in which block of the view, and its number there.
pub(super) type Place = (usize, u32);

/// Groups of a view.
#[derive(Debug)]
pub(super) struct Groups<'a> {
    view: &'a View,
    /// The one that was used last stands last.
    held: Vec<(Place, Unpacked)>,
    /// Those that have spans of one trace alone, among those that were read.
    only: HashMap<Place, TraceId>,
}

impl<'a> Groups<'a> {
    pub(super) fn new(view: &'a View) -> Self {
        Self { view, held: Vec::new(), only: HashMap::new() }
    }

    /// A group's rows; none if it is damaged.
    pub(super) fn get(&mut self, place: Place, want: Want) -> Result<Option<&Unpacked>, ReadError> {
        let Some(block) = self.view.blocks.get(place.0) else { return Ok(None) };
        let known = self.held.iter().position(|(of, _)| *of == place);
        let mut group = known.map(|index| self.held.remove(index).1).unwrap_or_default();
        if !block.complete(place.1, &mut group, want)? {
            return Ok(None);
        }
        if let [only] = group.rows.traces.as_slice() {
            self.only.insert(place, *only);
        }
        if self.held.len() >= MOST {
            self.held.remove(0);
        }
        self.held.push((place, group));
        Ok(self.held.last().map(|(_, group)| group))
    }

    /// The trace that all spans of a group are known to be of.
    pub(super) fn only(&self, place: Place) -> Option<TraceId> {
        self.only.get(&place).copied()
    }
}

impl View {
    /// The groups that may have spans of a trace.
    pub(super) fn places_of(&self, id: TraceId) -> Result<Vec<Place>, ReadError> {
        let mut places = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            places.extend(block.groups_of(id)?.into_iter().map(|group| (index, group)));
        }
        Ok(places)
    }

    /// What is known of a group without reading it.
    pub(super) fn about(&self, place: Place) -> About {
        self.blocks.get(place.0).map_or_else(About::default, |block| block.about(place.1))
    }

    /// A group's rows; none if it is damaged.
    pub(super) fn read(&self, place: Place, want: Want) -> Result<Option<Unpacked>, ReadError> {
        self.blocks.get(place.0).map_or(Ok(None), |block| block.read(place.1, want))
    }
}
