//! The order in which the spans of a trace are written, and how far each is indented.

use crate::model::{Resource, Span, SpanId};
use std::collections::{HashMap, HashSet};

/// Deeper levels are not indented further, so that a chain of a thousand spans stays readable.
const DEEPEST_INDENT: usize = 24;

/// One span and where it stands.
pub(super) struct Line<'a> {
    pub(super) resource: &'a Resource,
    pub(super) span: &'a Span,
    /// What stands in front of it: the rails of those above; none for a root.
    pub(super) rails: Option<String>,
    /// Whether it is the last child of its parent.
    pub(super) last: bool,
    /// Whether children follow.
    pub(super) has_children: bool,
    /// Whether its parent is missing.
    pub(super) orphan: bool,
}

impl Line<'_> {
    /// The rails of its own details.
    pub(super) fn detail_rails(&self) -> String {
        let mut rails = self.child_rails();
        rails.push_str(if self.has_children { "\u{2502} " } else { "  " });
        rails
    }

    fn child_rails(&self) -> String {
        let Some(rails) = &self.rails else { return String::new() };
        let deep = rails.chars().count() >= 3 * DEEPEST_INDENT;
        let rail = match (deep, self.last) {
            (true, _) => "",
            (false, true) => "   ",
            (false, false) => "\u{2502}  ",
        };
        format!("{rails}{rail}")
    }
}

/// Walks the spans parent first, without recursion: a hostile trace may be a chain of any length.
pub(super) struct Forest<'a> {
    spans: Vec<(&'a Resource, &'a Span)>,
    children: HashMap<Option<SpanId>, Vec<usize>>,
    ids: HashSet<SpanId>,
    visited: HashSet<usize>,
    stack: Vec<(usize, Option<String>, bool)>,
    next_root: usize,
}

impl<'a> Forest<'a> {
    pub(super) fn new(spans: Vec<(&'a Resource, &'a Span)>) -> Self {
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
        let (index, rails, last) = loop {
            match self.stack.pop() {
                Some(next) if self.visited.contains(&next.0) => {}
                Some(next) => break next,
                None => break (self.root()?, None, true),
            }
        };
        self.visited.insert(index);
        let &(resource, span) = self.spans.get(index)?;
        // Of spans that share an id, as a client's and a server's may, the first has the children.
        let children = self.children.remove(&Some(span.span_id)).unwrap_or_default();
        let orphan = span.parent_span_id.is_some_and(|id| !self.ids.contains(&id));
        let has_children = children.iter().any(|child| !self.visited.contains(child));
        let line = Line { resource, span, rails, last, has_children, orphan };
        let rails = line.child_rails();
        for (order, child) in children.into_iter().rev().enumerate() {
            self.stack.push((child, Some(rails.clone()), order == 0));
        }
        Some(line)
    }
}
