//! Where the time of a trace went.

use super::rows::{Row, Rows};

/// A stretch of the critical path: the trace would end earlier if this were shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Whose time it is.
    pub row: usize,
    /// From when, in nanoseconds since the Unix epoch.
    pub from_ns: u64,
    /// To when.
    pub to_ns: u64,
}

impl Rows<'_> {
    /// How long a row lasts while none of its children does, in nanoseconds.
    #[must_use]
    pub fn self_ns(&self, row: usize) -> u64 {
        let Some(own) = self.rows.get(row) else { return 0 };
        let (mut free, mut until) = (0, own.span.start_ns());
        // By their start: what lies before one and behind all others is nobody's but its own.
        for child in self.children_of(row).iter().filter_map(|child| self.rows.get(*child)) {
            let start = child.span.start_ns().min(own.span.end_ns());
            free += start.saturating_sub(until);
            until = until.max(child.span.end_ns());
        }
        free + own.span.end_ns().saturating_sub(until)
    }

    /// The critical path, by row, then time: what the longest root's duration hangs on.
    ///
    /// From its end back to its start it is always in the child that ended last; what a child outlasts its
    /// parent by is not on it.
    #[must_use]
    pub fn critical_path(&self) -> Vec<Stretch> {
        let roots = self.rows.iter().enumerate().filter(|(_, row)| row.parent.is_none());
        let longest =
            roots.max_by_key(|(at, row)| (row.span.duration_ns(), core::cmp::Reverse(*at)));
        let mut path = Vec::new();
        let mut stack: Vec<Walk> =
            longest.map(|(at, row)| self.walk(at, row, None)).into_iter().collect();
        while let Some(walk) = stack.last_mut() {
            let Some(child) = walk.children.pop() else {
                walk.pass(walk.floor_ns, &mut path);
                stack.pop();
                continue;
            };
            let Some(row) = self.rows.get(child) else { continue };
            let (floor, ceiling) = (walk.floor_ns, walk.end_ns);
            let end = row.span.end_ns().min(ceiling);
            let start = row.span.start_ns().max(floor);
            // What still ran when the next one on the path began did not hold it up.
            if end > walk.cursor_ns || start >= end {
                continue;
            }
            walk.pass(end, &mut path);
            walk.cursor_ns = start;
            stack.push(self.walk(child, row, Some((start, end))));
        }
        path.sort_by_key(|stretch| (stretch.row, stretch.from_ns));
        path
    }

    fn walk(&self, at: usize, row: &Row<'_>, within: Option<(u64, u64)>) -> Walk {
        let (start, end) = within.unwrap_or((row.span.start_ns(), row.span.end_ns()));
        let mut children = self.children_of(at).to_vec();
        let end_of = |child: &usize| self.rows.get(*child).map(|row| row.span.end_ns().min(end));
        children.sort_by_key(end_of);
        Walk { row: at, children, cursor_ns: end, floor_ns: start, end_ns: end }
    }
}

/// One row on the way back from its end to its start.
struct Walk {
    row: usize,
    /// Those not seen yet; that which ended last is last.
    children: Vec<usize>,
    cursor_ns: u64,
    floor_ns: u64,
    end_ns: u64,
}

impl Walk {
    /// What lies between `from_ns` and where the way is now is the row's own.
    fn pass(&mut self, from_ns: u64, path: &mut Vec<Stretch>) {
        if from_ns < self.cursor_ns {
            path.push(Stretch { row: self.row, from_ns, to_ns: self.cursor_ns });
            self.cursor_ns = from_ns;
        }
    }
}
