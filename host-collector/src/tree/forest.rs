//! The order in which the spans of a trace are written, and how deep each is.

use crate::model::{Resource, Span, SpanId};
use std::collections::{HashMap, HashSet};

/// One span and where it stands.
pub(crate) struct Line<'a> {
    pub(crate) resource: &'a Resource,
    pub(crate) span: &'a Span,
    /// How many levels are above it.
    pub(crate) depth: usize,
    /// Whether it is the last child of its parent.
    pub(crate) last: bool,
    /// Whether children follow.
    pub(crate) has_children: bool,
    /// Whether its parent is missing.
    pub(crate) orphan: bool,
}

/// Walks the spans parent first, without recursion: a hostile trace may be a chain of any length.
pub(crate) struct Forest<'a> {
    spans: Vec<(&'a Resource, &'a Span)>,
    children: HashMap<Option<SpanId>, Vec<usize>>,
    ids: HashSet<SpanId>,
    visited: HashSet<usize>,
    stack: Vec<(usize, usize, bool)>,
    next_root: usize,
}

impl<'a> Forest<'a> {
    pub(crate) fn new(spans: Vec<(&'a Resource, &'a Span)>) -> Self {
        let ids = spans.iter().map(|(_, span)| span.span_id).collect();
        let mut children: HashMap<_, Vec<_>> = HashMap::new();
        for (index, (_, span)) in spans.iter().enumerate() {
            children.entry(span.parent_span_id).or_default().push(index);
        }
        Self { spans, children, ids, visited: HashSet::new(), stack: Vec::new(), next_root: 0 }
    }

    /// The next root: a span without a parent here. What still remains then is a ring of parents,
    /// which is entered anywhere.
    fn root(&mut self) -> Option<usize> {
        let count = self.spans.len();
        while self.next_root < 2 * count {
            let index = self.next_root % count;
            let ring = self.next_root >= count;
            self.next_root += 1;
            let (_, span) = self.spans.get(index)?;
            let has_parent = span.parent_span_id.is_some_and(|id| self.ids.contains(&id));
            if (ring || !has_parent) && !self.visited.contains(&index) {
                return Some(index);
            }
        }
        None
    }
}

impl<'a> Iterator for Forest<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        let (index, depth, last) = loop {
            match self.stack.pop() {
                Some(next) if self.visited.contains(&next.0) => {}
                Some(next) => break next,
                None => break (self.root()?, 0, true),
            }
        };
        self.visited.insert(index);
        let &(resource, span) = self.spans.get(index)?;
        // Of spans that share an id, as a client's and a server's may, the first has the children.
        let children = self.children.remove(&Some(span.span_id)).unwrap_or_default();
        let orphan = span.parent_span_id.is_some_and(|id| !self.ids.contains(&id));
        let has_children = children.iter().any(|child| !self.visited.contains(child));
        let line = Line { resource, span, depth, last, has_children, orphan };
        for (order, child) in children.into_iter().rev().enumerate() {
            self.stack.push((child, depth + 1, order == 0));
        }
        Some(line)
    }
}
