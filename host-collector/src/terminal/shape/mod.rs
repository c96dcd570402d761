//! A trace as the collector's API gives it, read again: `docs/api.md` has the format.
//!
//! Whatever bytes come, they are a trace or an error, and no more is held than they are long.

mod columns;
mod head;

#[cfg(test)]
mod tests;

pub(super) use head::{Attribute, CLOCK_ERROR, Process, number};

use columns::Columns;
use head::Head;

/// Why bytes are no page.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// The head is none.
    #[error("its head is none: {0}")]
    Head(String),
    /// It is of another version.
    #[error("it is of version {0} of the format")]
    Version(u64),
    /// A column is not there.
    #[error("it has no column {0}")]
    Missing(&'static str),
    /// A column is shorter or longer than it should be, or holds what cannot be.
    #[error("its column {0} is malformed")]
    Column(&'static str),
    /// Pages do not belong together.
    #[error("its pages do not belong together")]
    Pages,
}

/// A span, as a timeline draws it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: [u8; 8],
    /// How many levels are above it.
    pub(super) depth: u32,
    /// Nanoseconds after the start of the trace.
    pub(super) start: i64,
    pub(super) duration: u64,
    /// Nanoseconds in which none of its children lasts.
    pub(super) own: u64,
    /// Places in the page's lists.
    pub(super) name: u32,
    pub(super) process: u32,
    pub(super) kind: u64,
    pub(super) flags: u64,
}

/// A part of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) row: u64,
    pub(super) from: u64,
    pub(super) duration: u64,
}

/// A log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) row: u64,
    /// Nanoseconds after the span's start.
    pub(super) at: i64,
    pub(super) name: u32,
}

/// Records that were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) row: u64,
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) records: u64,
}

/// A reference other than the parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) row: u64,
    /// The row that it refers to; none where that is not here.
    pub(super) to: Option<u64>,
    /// Places in the page's strings: of which type it is, and what it refers to where that is not here.
    pub(super) kind: u32,
    pub(super) trace: u32,
    pub(super) span: u32,
}

/// A row, and all that is said of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole<'a> {
    pub(super) page: &'a Page,
    pub(super) row: &'a Row,
    pub(super) critical: &'a [Stretch],
    pub(super) events: &'a [Event],
    pub(super) links: &'a [Link],
    pub(super) gaps: &'a [Gap],
}

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    head: Head,
    pub(super) rows: Vec<Row>,
    pub(super) critical: Vec<Stretch>,
    pub(super) events: Vec<Event>,
    pub(super) links: Vec<Link>,
    pub(super) gaps: Vec<Gap>,
}

/// The pages of a trace, which are put together one after the other.
#[derive(Debug, Default)]
pub struct Shape {
    pub(super) pages: Vec<Page>,
    /// The starts of the spans that are open where the last page ends.
    open: Vec<i64>,
}

impl Page {
    /// A string of it.
    pub(super) fn string(&self, place: u32) -> &str {
        self.head.strings.get(place as usize).map_or("", |text| text)
    }

    /// A process of it.
    pub(super) fn process(&self, place: u32) -> Option<&Process> {
        self.head.processes.get(place as usize)
    }

    /// All of them.
    pub(super) fn processes(&self) -> &[Process] {
        &self.head.processes
    }

    /// Its rows with all that is said of each.
    fn whole(&self) -> impl Iterator<Item = Whole<'_>> {
        let mut critical = &*self.critical;
        let (mut events, mut links, mut gaps) = (&*self.events, &*self.links, &*self.gaps);
        self.rows.iter().zip(self.head.first..).map(move |(row, number)| Whole {
            page: self,
            row,
            critical: take(&mut critical, |stretch| stretch.row == number),
            events: take(&mut events, |event| event.row == number),
            links: take(&mut links, |link| link.row == number),
            gaps: take(&mut gaps, |gap| gap.row == number),
        })
    }
}

/// Takes those from the start that are of a row.
fn take<'a, T>(rest: &mut &'a [T], is_of: impl Fn(&T) -> bool) -> &'a [T] {
    let count = rest.iter().take_while(|one| is_of(one)).count();
    let (those, behind) = rest.split_at(count);
    *rest = behind;
    those
}

impl Shape {
    /// How many pages there are in all, once the first is here.
    pub(super) fn page_count(&self) -> u64 {
        self.pages.first().map_or(1, |page| page.head.pages)
    }

    /// What the other pages must say, too.
    pub(super) fn revision(&self) -> &str {
        self.pages.first().map_or("", |page| &page.head.revision)
    }

    /// The trace's id.
    pub(super) fn trace(&self) -> &str {
        self.pages.first().map_or("", |page| &page.head.trace)
    }

    /// The earliest start, and how long it is from there to the latest end.
    pub(super) fn bounds(&self) -> (u64, u64) {
        self.pages.first().map_or((0, 0), |page| (page.head.base_ns, page.head.extent_ns))
    }

    /// All rows.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = (&Page, &Row)> {
        self.pages.iter().flat_map(|page| page.rows.iter().map(move |row| (page, row)))
    }

    /// All rows with all that is said of each.
    pub(super) fn whole(&self) -> impl Iterator<Item = Whole<'_>> {
        self.pages.iter().flat_map(Page::whole)
    }

    /// The row of a number, if it is here.
    pub(super) fn row(&self, number: u64) -> Option<(&Page, &Row)> {
        let behind = self.pages.partition_point(|page| page.head.first <= number);
        let page = self.pages.get(behind.checked_sub(1)?)?;
        let place = usize::try_from(number.checked_sub(page.head.first)?).ok()?;
        page.rows.get(place).map(|row| (page, row))
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.pages.iter().map(|page| page.rows.len()).sum()
    }

    /// Takes the next page, as the API gave it.
    ///
    /// # Errors
    ///
    /// Why it is none, or not the next one.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), ShapeError> {
        let (head, columns) = head::read(bytes)?;
        if let Some(last) = self.pages.last() {
            let before = &last.head;
            let is_next = head.first == before.first + last.rows.len() as u64
                && (&head.trace, &head.revision) == (&before.trace, &before.revision)
                && (head.base_ns, head.extent_ns) == (before.base_ns, before.extent_ns);
            if !is_next {
                return Err(ShapeError::Pages);
            }
        } else if head.first != 0 {
            return Err(ShapeError::Pages);
        }
        let page = Columns::new(&head, columns)?.page(&mut self.open)?;
        self.pages.push(Page { head, ..page });
        Ok(())
    }
}
