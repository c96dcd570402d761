//! Which rows go into which group: traces whole where they fit, in the order of their starts.
//!
//! Here a span that is there twice becomes one, and it is told where each span's parent is.

use crate::store::codec::wire::narrow;
use crate::store::group::{Member, Part, ROWS, parent};
use crate::store::rows::{Rows, at};

/// A group to be packed.
#[derive(Debug, Default)]
pub(super) struct Planned {
    pub(super) parts: Vec<Part>,
    /// Sorted by rank, then trace.
    pub(super) members: Vec<Member>,
}

/// Distributes the rows that `keeps` says yes to over groups.
pub(super) fn plan(rows: &Rows, keeps: impl Fn(usize) -> bool) -> Vec<Planned> {
    let (begins, mut sorted) = by_trace(rows, keeps);
    let ranks = ranks(rows);
    let mut traces: Vec<(u64, u32, usize, usize)> = Vec::new();
    for (trace, ends) in begins.windows(2).enumerate() {
        let &[begin, end] = ends else { continue };
        let Some(of_trace) = sorted.get_mut(begin..end).filter(|list| !list.is_empty()) else {
            continue;
        };
        let count = without_doubles(rows, of_trace);
        let starts = of_trace.iter().take(count).map(|row| at(&rows.start_ns, *row as usize));
        traces.push((starts.min().unwrap_or_default(), narrow(trace), begin, begin + count));
    }
    let id = |trace: u32| rows.traces.get(trace as usize).map(|id| id.0);
    traces.sort_unstable_by_key(|(start_ns, trace, ..)| (*start_ns, id(*trace)));

    let mut groups = vec![Planned::default()];
    // By number of row; 0 is none.
    let mut group_of = vec![0_u32; rows.len()];
    for (_, trace, begin, end) in traces {
        let Some(of_trace) = sorted.get(begin..end) else { continue };
        let filled = groups.last().map_or(0, |group| group.members.len());
        if filled > 0 && filled + of_trace.len() > ROWS {
            groups.push(Planned::default());
        }
        if of_trace.len() <= ROWS {
            add(rows, &mut groups, &mut group_of, &ranks, trace, of_trace);
        } else {
            let mut by_start = of_trace.to_vec();
            by_start.sort_by_key(|row| at(&rows.start_ns, *row as usize));
            for (index, some) in by_start.chunks(ROWS).enumerate() {
                if index > 0 {
                    groups.push(Planned::default());
                }
                add(rows, &mut groups, &mut group_of, &ranks, trace, some);
            }
        }
        let from = groups.len() - of_trace.len().div_ceil(ROWS);
        for group in groups.iter_mut().skip(from) {
            let members = group.members.iter_mut().rev();
            // Those of this trace were added last.
            let local = narrow(group.parts.len() - 1);
            for member in members.take_while(|member| member.trace == local) {
                member.parent = parent_of(rows, of_trace, &group_of, member.row);
            }
        }
    }
    for group in &mut groups {
        group.members.sort_unstable_by_key(|member| {
            (u64::from(member.rank) << 32 | u64::from(member.trace), member.row)
        });
    }
    groups.retain(|group| !group.members.is_empty());
    groups
}

fn by_trace(rows: &Rows, keeps: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<u32>) {
    let mut begins = vec![0; rows.traces.len() + 1];
    let kept: Vec<bool> = (0..rows.len()).map(keeps).collect();
    let each = || rows.trace.iter().zip(&kept).enumerate().filter(|(_, (_, kept))| **kept);
    for (_, (trace, _)) in each() {
        if let Some(count) = begins.get_mut(*trace as usize + 1) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut begins {
        sum += *count;
        *count = sum;
    }
    let mut next = begins.clone();
    let mut sorted = vec![0; sum];
    for (row, (trace, _)) in each() {
        if let Some(place) = next.get_mut(*trace as usize) {
            if let Some(slot) = sorted.get_mut(*place) {
                *slot = narrow(row);
            }
            *place += 1;
        }
    }
    (begins, sorted)
}

/// For each shape its place when they are sorted by resource, scope, name and so on.
fn ranks(rows: &Rows) -> Vec<u32> {
    let mut order: Vec<u32> = (0..narrow(rows.shapes.len())).collect();
    order.sort_unstable_by_key(|shape| rows.shapes.words(*shape));
    let mut ranks = vec![0; order.len()];
    for (rank, shape) in order.into_iter().enumerate() {
        if let Some(slot) = ranks.get_mut(shape as usize) {
            *slot = narrow(rank);
        }
    }
    ranks
}

/// Rows of one trace, each span once, by span id.
pub(in crate::store) fn distinct(rows: &Rows, some: impl Iterator<Item = usize>) -> Vec<u32> {
    let mut some: Vec<u32> = some.map(narrow).collect();
    let count = without_doubles(rows, &mut some);
    some.truncate(count);
    some
}

/// Sorts the rows of a trace by span id, and says how many are left without doubles.
fn without_doubles(rows: &Rows, of_trace: &mut [u32]) -> usize {
    let span = |row: &u32| u64::from_be_bytes(at(&rows.span, *row as usize));
    let mut by_span: Vec<(u64, u32)> = of_trace.iter().map(|row| (span(row), *row)).collect();
    by_span.sort_unstable();
    of_trace.iter_mut().zip(&by_span).for_each(|(slot, (_, row))| *slot = *row);
    if !by_span.windows(2).any(|two| matches!(two, [a, b] if a.0 == b.0)) {
        return of_trace.len();
    }
    let key = |row: &u32| {
        let row = *row as usize;
        let of = rows.row(row);
        (of.span, at(&rows.shape, row), of.start_ns, of.took_ns, of.parent, of.values)
    };
    of_trace.sort_by(|a, b| key(a).cmp(&key(b)));
    let mut kept = 0;
    for index in 0..of_trace.len() {
        let row = at(of_trace, index);
        let is_double = kept > 0 && key(&at(of_trace, kept - 1)) == key(&row);
        if !is_double {
            if let Some(slot) = of_trace.get_mut(kept) {
                *slot = row;
            }
            kept += 1;
        }
    }
    kept
}

fn add(
    rows: &Rows,
    groups: &mut [Planned],
    group_of: &mut [u32],
    ranks: &[u32],
    trace: u32,
    some: &[u32],
) {
    let number = narrow(groups.len());
    let Some(group) = groups.last_mut() else { return };
    let mut part = Part { trace, start_ns: u64::MAX, end_ns: 0 };
    let local = narrow(group.parts.len());
    for row in some {
        let index = *row as usize;
        let start_ns = at(&rows.start_ns, index);
        part.start_ns = part.start_ns.min(start_ns);
        part.end_ns = part.end_ns.max(start_ns.wrapping_add(at(&rows.took_ns, index)));
        let rank = at(ranks, at(&rows.shape, index) as usize);
        group.members.push(Member { row: *row, trace: local, rank, parent: parent::NONE });
        if let Some(slot) = group_of.get_mut(index) {
            *slot = number;
        }
    }
    group.parts.push(part);
}

/// Where the parent of a row is; `of_trace` is sorted by span id.
fn parent_of(rows: &Rows, of_trace: &[u32], group_of: &[u32], row: u32) -> u64 {
    let parent = at(&rows.parent, row as usize);
    if parent == [0; 8] {
        return parent::NONE;
    }
    let span = |row: &u32| at(&rows.span, *row as usize);
    let first = of_trace.partition_point(|row| span(row) < parent);
    let same = of_trace.get(first..).unwrap_or_default();
    let same = || same.iter().take_while(|row| span(row) == parent);
    let own = at(group_of, row as usize);
    match same().find(|row| at(group_of, **row as usize) == own) {
        Some(found) => u64::from(*found) + parent::HERE,
        None if same().next().is_some() => parent::BESIDE,
        None => parent::AWAY,
    }
}
