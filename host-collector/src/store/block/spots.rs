//! Where a term is in a block, and which rows of its pages may have it.

use super::{Block, GROUPS, sorted};
use crate::storage::ReadError;
use crate::store::codec::wire::narrow;
use crate::store::codec::{Damaged, hash};
use crate::store::group::ROWS;
use roaring::RoaringBitmap;
use std::collections::BTreeMap;
use std::io;

/// Bitmaps that stand no farther apart are read at once: what is between them costs less than to
/// ask the disk again.
const GAP: u64 = 16 << 10;

/// So much is read at once, if it is more than one bitmap.
const MOST: u64 = 1 << 20;

/// Where a term is.
#[derive(Debug, Default)]
pub(in crate::store) struct Spots {
    /// Sorted by page, and as they stand in the file.
    bitmaps: Vec<Bitmap>,
    /// Groups of which each row may have it.
    groups: Vec<u64>,
    /// Nobody knows: every row may have it.
    pub(in crate::store) anywhere: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bitmap {
    page: u64,
    offset: u64,
    length: u32,
}

impl Bitmap {
    fn end(&self) -> u64 {
        self.offset.saturating_add(self.length.into())
    }
}

impl Spots {
    /// Whether no row has it.
    pub(in crate::store) fn is_nowhere(&self) -> bool {
        !self.anywhere && self.bitmaps.is_empty() && self.groups.is_empty()
    }

    /// About how much must be read to know its rows.
    pub(in crate::store) fn weight(&self) -> u64 {
        if self.anywhere {
            return u64::MAX / 256;
        }
        let bitmaps: u64 = self.bitmaps.iter().map(|bitmap| u64::from(bitmap.length)).sum();
        bitmaps + self.groups.len() as u64
    }
}

/// The rows of a page that may be what is looked for.
#[derive(Clone, Debug)]
pub(in crate::store) struct InPage {
    /// By their number in the page.
    pub(in crate::store) rows: RoaringBitmap,
    /// Whether all of them surely are.
    pub(in crate::store) is_exact: bool,
}

impl InPage {
    pub(in crate::store) fn none() -> Self {
        Self { rows: RoaringBitmap::new(), is_exact: true }
    }

    fn add(&mut self, rows: RoaringBitmap) {
        if self.rows.is_empty() {
            self.rows = rows;
        } else {
            self.rows |= rows;
        }
    }

    /// Leaves those rows that are in the other, too.
    pub(in crate::store) fn keep(&mut self, other: Self) {
        // To see that nothing is left takes a part of what it takes to know what is.
        if self.rows.is_disjoint(&other.rows) {
            self.rows = RoaringBitmap::new();
        } else {
            self.rows &= other.rows;
        }
        self.is_exact &= other.is_exact;
    }

    /// Adds all rows: nobody knows which of them it is.
    pub(in crate::store) fn add_all(&mut self) {
        self.rows.insert_range(0..1 << 16);
        self.is_exact = false;
    }
}

/// Pages by their numbers.
pub(in crate::store) type Pages = BTreeMap<u32, InPage>;

impl Block {
    /// Where a term is.
    pub(in crate::store) fn spots(&self, term: u64) -> Result<Spots, ReadError> {
        let failed = |error: io::Error| self.failed(&error);
        let bitmaps = self.footer.bitmaps.find(&*self.input, term).map_err(failed)?;
        let hash = hash::high(term).into();
        let places = self.footer.places.find(&*self.input, hash).map_err(failed)?;
        let (Ok(bitmaps), Ok(places)) = (bitmaps, places) else {
            self.slow(1, "a table of terms");
            return Ok(Spots { anywhere: true, ..Spots::default() });
        };
        let bitmap = |[_, page, offset, length]: [u64; 4]| {
            let length = u32::try_from(length).unwrap_or(u32::MAX);
            Bitmap { page, offset, length }
        };
        Ok(Spots {
            bitmaps: bitmaps.into_iter().map(bitmap).collect(),
            groups: places.into_iter().map(|[_, group]| group).collect(),
            anywhere: false,
        })
    }

    /// Adds to some pages the rows that may have a term.
    pub(in crate::store) fn add_rows(
        &self,
        spots: &Spots,
        pages: &mut Pages,
    ) -> Result<(), ReadError> {
        if spots.anywhere {
            pages.values_mut().for_each(InPage::add_all);
            return Ok(());
        }
        let is_asked = |bitmap: &&Bitmap| {
            u32::try_from(bitmap.page).is_ok_and(|page| pages.contains_key(&page))
        };
        let asked: Vec<Bitmap> = spots.bitmaps.iter().filter(is_asked).copied().collect();
        let mut rest = asked.as_slice();
        while !rest.is_empty() {
            let (some, others) = rest.split_at_checked(at_once(rest)).unwrap_or((rest, &[]));
            self.add_bitmaps(some, pages).map_err(|error| self.failed(&error))?;
            rest = others;
        }
        for group in &spots.groups {
            let page = u32::try_from(group / u64::from(GROUPS)).ok();
            if let Some(page) = page.and_then(|page| pages.get_mut(&page)) {
                let place = u32::try_from(group % u64::from(GROUPS)).unwrap_or_default();
                let from = place * narrow(ROWS);
                page.rows.insert_range(from..from + narrow(ROWS));
                page.is_exact = false;
            }
        }
        Ok(())
    }

    /// Adds bitmaps that stand near each other.
    fn add_bitmaps(&self, bitmaps: &[Bitmap], pages: &mut Pages) -> io::Result<()> {
        let (Some(first), Some(last)) = (bitmaps.first(), bitmaps.last()) else { return Ok(()) };
        let length = last.end().saturating_sub(first.offset);
        let bytes = self.bytes(first.offset, length)?.unwrap_or_default();
        for bitmap in bitmaps {
            let Some(page) = u32::try_from(bitmap.page).ok().and_then(|page| pages.get_mut(&page))
            else {
                continue;
            };
            let from = usize::try_from(bitmap.offset.saturating_sub(first.offset));
            let rest = from.ok().and_then(|from| bytes.get(from..));
            let content = rest.and_then(|rest| rest.get(..bitmap.length as usize));
            match content.ok_or(Damaged).and_then(|content| bitmap_of(content, bitmap.offset)) {
                Ok(rows) => page.add(rows),
                Err(Damaged) => {
                    self.slow(bitmap.offset, "a bitmap");
                    page.add_all();
                }
            }
        }
        Ok(())
    }

    /// One bitmap.
    pub(super) fn bitmap(
        &self,
        offset: u64,
        length: u32,
    ) -> io::Result<Result<RoaringBitmap, Damaged>> {
        let bytes = self.bytes(offset, length.into())?;
        Ok(bytes.and_then(|bytes| bitmap_of(&bytes, offset)))
    }
}

/// How many of some bitmaps, one at least, are read at once.
fn at_once(bitmaps: &[Bitmap]) -> usize {
    let from = bitmaps.first().map_or(0, |first| first.offset);
    let is_near = |two: &[Bitmap]| {
        matches!(two, [one, next] if next.offset >= one.end()
            && next.offset - one.end() <= GAP
            && next.end() - from <= MOST)
    };
    1 + bitmaps.windows(2).take_while(|two| is_near(two)).count()
}

fn bitmap_of(bytes: &[u8], offset: u64) -> Result<RoaringBitmap, Damaged> {
    let content = sorted::checked(bytes, offset)?;
    RoaringBitmap::deserialize_from(content).map_err(|_| Damaged)
}
