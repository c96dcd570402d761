//! A block on the way of a search: which rows of its groups may match.
//!
//! Rows are told by bitmaps, a page of groups at a time, before any group is read. The first pages
//! are read one by one, since most searches need no more; then more and more of them at once, so
//! that one which finds nothing asks the disk a few times, and not twice for each page.

use crate::storage::{Matching, ReadError};
use crate::store::block::{Block, GROUPS, InPage, Pages, Spots};
use crate::store::codec::wire::narrow;
use crate::store::group::ROWS;
use std::collections::BTreeMap;

/// Pages that are read at once at most: each may take 8 KiB for each term.
const MOST: usize = 32;

/// How many pages are read at once, in whatever block is next.
#[derive(Debug)]
pub(super) struct Ahead(usize);

impl Default for Ahead {
    fn default() -> Self {
        Self(1)
    }
}

impl Ahead {
    fn next(&mut self) -> usize {
        let now = self.0;
        self.0 = (now * 2).min(MOST);
        now
    }
}

/// Rows of a group that may match.
#[derive(Debug)]
pub(super) struct Candidates {
    pub(super) rows: Vec<u32>,
    /// Whether they surely have the values that are asked for.
    pub(super) is_exact: bool,
}

/// A block on the way of a search.
#[derive(Debug)]
pub(super) struct Searched<'a> {
    pub(super) block: &'a Block,
    matching: Matching,
    /// How many of its groups were passed.
    passed: usize,
    /// How many groups of a page were passed, as long as there are more of it.
    of_page: BTreeMap<u32, u32>,
    /// Where each condition's terms are, once that was looked for.
    spots: Option<Vec<Vec<Spots>>>,
    /// The rows of a page that may match, as long as groups of it are left.
    pages: Pages,
}

impl<'a> Searched<'a> {
    pub(super) fn new(block: &'a Block, matching: Matching) -> Self {
        let (of_page, pages) = (BTreeMap::new(), Pages::new());
        Self { block, matching, passed: 0, of_page, spots: None, pages }
    }

    /// The latest start in the groups that are left.
    pub(super) fn next_start_ns(&self) -> Option<u64> {
        let group = self.block.newest_first().get(self.passed)?;
        Some(self.block.about(*group).max_start_ns)
    }

    /// Passes a group.
    pub(super) fn advance(&mut self) -> Option<u32> {
        let groups = self.block.newest_first();
        let before = self.passed.checked_sub(1).and_then(|last| groups.get(last));
        if let Some(group) = before {
            self.forget(group / GROUPS);
        }
        let group = groups.get(self.passed).copied()?;
        self.passed += 1;
        *self.of_page.entry(group / GROUPS).or_default() += 1;
        Some(group)
    }

    /// Looks up the terms; says no if the block has nothing of a condition.
    pub(super) fn resolve(&mut self, terms: &[Vec<u64>]) -> Result<bool, ReadError> {
        if self.spots.is_some() {
            return Ok(true);
        }
        // Of a trace that meets all conditions together each is met somewhere, so one will do.
        let needed = match self.matching {
            Matching::PerSpan => terms.len(),
            Matching::PerTrace => terms.len().min(1),
        };
        let mut all = Vec::new();
        for terms in terms.iter().take(needed) {
            let mut spots = Vec::new();
            for term in terms {
                let spot = self.block.spots(*term)?;
                if !spot.is_nowhere() {
                    spots.push(spot);
                }
            }
            if spots.is_empty() {
                return Ok(false);
            }
            all.push(spots);
        }
        // What those leave that are read soonest is all that the others are read for.
        all.sort_by_key(|spots| {
            spots.iter().map(Spots::weight).fold(0, |sum: u64, one| sum.saturating_add(one))
        });
        self.spots = Some(all);
        Ok(true)
    }

    /// The rows that may match of the group that was passed last.
    pub(super) fn candidates(
        &mut self,
        group: u32,
        ahead: &mut Ahead,
    ) -> Result<Option<Candidates>, ReadError> {
        let number = group / GROUPS;
        if !self.pages.contains_key(&number) {
            self.read_pages(group, ahead.next())?;
        }
        let Some(page) = self.pages.get(&number) else { return Ok(None) };
        let from = group % GROUPS * narrow(ROWS);
        let count = self.block.about(group).rows;
        let rows: Vec<u32> = page.rows.range(from..from + count).map(|row| row - from).collect();
        Ok((!rows.is_empty()).then_some(Candidates { rows, is_exact: page.is_exact }))
    }

    /// Forgets a page if all its groups were passed.
    fn forget(&mut self, page: u32) {
        let groups = page * GROUPS..(page + 1) * GROUPS;
        let count = groups.filter(|group| self.block.about(*group).rows > 0).count();
        if self.of_page.get(&page).is_some_and(|passed| *passed as usize >= count) {
            self.of_page.remove(&page);
            self.pages.remove(&page);
        }
    }

    /// Reads the page of a group, and more of those that come next.
    fn read_pages(&mut self, group: u32, count: usize) -> Result<(), ReadError> {
        let mut left = Pages::new();
        let next = self.block.newest_first().get(self.passed..).unwrap_or_default();
        for page in [group].iter().chain(next).map(|group| group / GROUPS) {
            if left.len() >= count {
                break;
            }
            if !self.pages.contains_key(&page) {
                left.entry(page).or_insert_with(InPage::none);
            }
        }
        let mut numbers: Vec<u32> = left.keys().copied().collect();
        let (first, others) = match self.spots.as_deref() {
            Some([first, others @ ..]) => (Some(first), others),
            _ => (None, &[][..]),
        };
        match first {
            Some(condition) => self.add_any(condition, &mut left)?,
            None => left.values_mut().for_each(InPage::add_all),
        }
        for condition in others {
            left.retain(|_, page| !page.rows.is_empty());
            let none = left.keys().map(|page| (*page, InPage::none()));
            let mut also: Pages = none.collect();
            self.add_any(condition, &mut also)?;
            for (page, other) in left.values_mut().zip(also.into_values()) {
                page.keep(other);
            }
        }
        // Where nothing is left nothing needs to be read again.
        numbers.retain(|page| !left.contains_key(page));
        self.pages.extend(numbers.into_iter().map(|page| (page, InPage::none())));
        self.pages.append(&mut left);
        Ok(())
    }

    /// Adds the rows that may have any of some terms.
    fn add_any(&self, condition: &[Spots], pages: &mut Pages) -> Result<(), ReadError> {
        condition.iter().try_for_each(|spots| self.block.add_rows(spots, pages))
    }
}
