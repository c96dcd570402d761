//! Pages that were made along with one that was asked for, until they are asked for, too.

use crate::model::TraceId;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of so many traces at most.
const MOST: usize = 4;
/// So many bytes at most, of all of them.
const MOST_BYTES: usize = 32 << 20;

/// Pages that wait. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Shelf(Arc<Mutex<VecDeque<Pages>>>);

#[derive(Debug)]
struct Pages {
    trace: TraceId,
    revision: String,
    /// Empty where it was taken.
    pages: Vec<Vec<u8>>,
}

impl Pages {
    fn bytes(&self) -> usize {
        self.pages.iter().map(Vec::len).sum()
    }
}

impl Shelf {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Pages>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page, once: who asks again has it made again.
    pub(super) fn take(&self, trace: TraceId, revision: &str, page: usize) -> Option<Vec<u8>> {
        let mut shelf = self.lock();
        let of = |pages: &Pages| pages.trace == trace && pages.revision == revision;
        let at = shelf.iter().position(of)?;
        let pages = shelf.get_mut(at)?;
        let page = pages.pages.get_mut(page).map(core::mem::take)?;
        if pages.bytes() == 0 {
            shelf.remove(at);
        }
        Some(page).filter(|page| !page.is_empty())
    }

    /// Lets go of the pages of a trace, and of all that its id may mean.
    pub(in super::super) fn forget(&self, trace: TraceId) {
        self.lock().retain(|pages| pages.trace.low() != trace.low());
    }

    /// Keeps pages in the place of those that were kept longest.
    pub(in super::super) fn keep(&self, trace: TraceId, revision: String, pages: Vec<Vec<u8>>) {
        let mut shelf = self.lock();
        shelf.retain(|pages| pages.trace != trace);
        shelf.push_back(Pages { trace, revision, pages });
        while shelf.len() > MOST || shelf.iter().map(Pages::bytes).sum::<usize>() > MOST_BYTES {
            shelf.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(byte: u8) -> TraceId {
        TraceId([byte; 16])
    }

    #[test]
    fn a_page_is_taken_once_and_of_its_revision() {
        let shelf = Shelf::default();
        shelf.keep(id(1), "a".to_owned(), vec![vec![], vec![1], vec![2]]);
        assert_eq!(shelf.take(id(1), "b", 1), None);
        assert_eq!(shelf.take(id(2), "a", 1), None);
        assert_eq!(shelf.take(id(1), "a", 1), Some(vec![1]));
        assert_eq!(shelf.take(id(1), "a", 1), None);
        assert_eq!(shelf.take(id(1), "a", 0), None);
        assert_eq!(shelf.take(id(1), "a", 2), Some(vec![2]));
        assert!(shelf.lock().is_empty());
    }

    #[test]
    fn it_holds_so_much_and_no_more() {
        let shelf = Shelf::default();
        for byte in 1..=10 {
            shelf.keep(id(byte), "a".to_owned(), vec![vec![byte]]);
        }
        assert_eq!(shelf.lock().len(), MOST);
        assert_eq!(shelf.take(id(10), "a", 0), Some(vec![10]));
        shelf.keep(id(11), "a".to_owned(), vec![vec![0; MOST_BYTES + 1]]);
        assert!(shelf.lock().is_empty());
    }
}
