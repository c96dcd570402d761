//! The spans of a trace in the order of its tree.

use crate::model::{Chunk, ResourceView, SpanId, SpanView};
use std::collections::HashMap;

/// A span and its place.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The span.
    pub span: SpanView<'a>,
    /// The place of its process among [`Rows::processes`].
    pub process: usize,
    /// The row of its parent; none for a root.
    pub parent: Option<usize>,
    /// How many rows lead from a root to it.
    pub depth: usize,
    /// Whether its parent is not there.
    pub is_orphan: bool,
    /// Whether its parent is below it, so that a ring was opened here.
    pub is_ring: bool,
    /// Whether another span has its id.
    pub is_twin: bool,
}

/// All spans of a trace: a parent, then its children by their start, each with all that is below it.
#[derive(Debug, Default)]
pub struct Rows<'a> {
    /// The spans.
    pub rows: Vec<Row<'a>>,
    /// Their processes.
    pub processes: Vec<ResourceView<'a>>,
    /// Where the children of each row begin among [`Rows::children_of`]; one more than there are rows.
    offsets: Vec<usize>,
    children: Vec<usize>,
}

/// Whose parent is nobody's.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    None,
    Missing,
    /// A ring was opened: it would be this one's child.
    Ring,
    At(usize),
}

impl<'a> Rows<'a> {
    /// Those of a chunk, whatever it holds: no two are of one trace to it.
    #[must_use]
    pub fn new(chunk: &'a Chunk) -> Self {
        let mut processes: Vec<ResourceView<'a>> = Vec::new();
        let mut known = HashMap::new();
        let mut spans: Vec<(usize, SpanView<'a>)> = Vec::new();
        for (resource, _, span) in chunk.spans() {
            // Mostly the one before.
            let last = spans.last().map(|(process, _)| *process);
            let same = last.filter(|last| processes.get(*last) == Some(&resource));
            let process = same.unwrap_or_else(|| {
                *known.entry(resource.raw()).or_insert_with(|| {
                    processes.push(resource);
                    processes.len() - 1
                })
            });
            spans.push((process, span));
        }
        spans.sort_by_key(|(_, span)| {
            (span.start_ns(), core::cmp::Reverse(span.end_ns()), span.span_id())
        });
        let (parents, twins) = parents(&spans);
        let (offsets, children) = by_parent(parents.iter().map(|parent| match parent {
            Parent::At(parent) => Some(*parent),
            _ => None,
        }));
        let mut rows = Vec::with_capacity(spans.len());
        // Place among spans, row of the parent, depth; the next to come is last.
        let mut stack: Vec<(usize, Option<usize>, usize)> = Vec::new();
        let roots = parents.iter().enumerate();
        for (root, _) in roots.filter(|(_, parent)| !matches!(parent, Parent::At(_))) {
            stack.push((root, None, 0));
            while let Some((place, parent, depth)) = stack.pop() {
                let Some(&(process, span)) = spans.get(place) else { continue };
                let (kind, row) = (parents.get(place), rows.len());
                rows.push(Row {
                    span,
                    process,
                    parent,
                    depth,
                    is_orphan: kind == Some(&Parent::Missing),
                    is_ring: kind == Some(&Parent::Ring),
                    is_twin: twins.get(place).is_some_and(|is_twin| *is_twin),
                });
                let below = slice(&offsets, &children, place).iter().rev();
                stack.extend(below.map(|child| (*child, Some(row), depth + 1)));
            }
        }
        let (offsets, children) = by_parent(rows.iter().map(|row| row.parent));
        Self { rows, processes, offsets, children }
    }

    /// The rows of the children of a row, by their start.
    #[must_use]
    pub fn children_of(&self, row: usize) -> &[usize] {
        slice(&self.offsets, &self.children, row)
    }
}

fn slice<'s>(offsets: &[usize], children: &'s [usize], place: usize) -> &'s [usize] {
    let bounds = offsets.get(place).zip(offsets.get(place + 1));
    bounds.and_then(|(from, to)| children.get(*from..*to)).unwrap_or_default()
}

/// Who is below whom: where those of each begin, and all of them, in their order.
fn by_parent(parents: impl Iterator<Item = Option<usize>> + Clone) -> (Vec<usize>, Vec<usize>) {
    let count = parents.clone().count();
    let mut offsets = vec![0_usize; count + 1];
    for parent in parents.clone().flatten() {
        if let Some(behind) = offsets.get_mut(parent + 1) {
            *behind += 1;
        }
    }
    let mut sum = 0;
    for offset in &mut offsets {
        sum += *offset;
        *offset = sum;
    }
    let (mut next, mut children) = (offsets.clone(), vec![0; sum]);
    for (place, parent) in parents.enumerate() {
        let Some(next) = parent.and_then(|parent| next.get_mut(parent)) else { continue };
        if let Some(child) = children.get_mut(*next) {
            *child = place;
        }
        *next += 1;
    }
    (offsets, children)
}

/// The place of each one's parent, and whether somebody else has its id. Of spans that share one, as a
/// client's and a server's may, the first has the children, and the second is below it.
fn parents(spans: &[(usize, SpanView<'_>)]) -> (Vec<Parent>, Vec<bool>) {
    let mut places: HashMap<SpanId, usize> = HashMap::with_capacity(spans.len());
    let mut twins = vec![false; spans.len()];
    for (place, (_, span)) in spans.iter().enumerate() {
        let first = *places.entry(span.span_id()).or_insert(place);
        if first != place {
            for place in [first, place] {
                twins.get_mut(place).into_iter().for_each(|is_twin| *is_twin = true);
            }
        }
    }
    let parents = spans.iter().map(|(_, span)| match span.parent_span_id() {
        None => Parent::None,
        Some(id) => places.get(&id).map_or(Parent::Missing, |place| Parent::At(*place)),
    });
    let mut parents: Vec<Parent> = parents.collect();
    open_rings(&mut parents);
    (parents, twins)
}

/// Opens each ring of parents at the first of it.
fn open_rings(parents: &mut [Parent]) {
    const NOT_SEEN: usize = usize::MAX;

    // From which place each was seen first.
    let mut seen = vec![NOT_SEEN; parents.len()];
    for start in 0..parents.len() {
        let mut place = start;
        while seen.get(place) == Some(&NOT_SEEN) {
            seen.get_mut(place).into_iter().for_each(|seen| *seen = start);
            let Some(Parent::At(parent)) = parents.get(place) else { break };
            place = *parent;
            if seen.get(place) == Some(&start) {
                open_ring(parents, place);
                break;
            }
        }
    }
}

fn open_ring(parents: &mut [Parent], of: usize) {
    let (mut first, mut place) = (of, of);
    while let Some(Parent::At(parent)) = parents.get(place) {
        place = *parent;
        first = first.min(place);
        if place == of {
            break;
        }
    }
    parents.get_mut(first).into_iter().for_each(|parent| *parent = Parent::Ring);
}
