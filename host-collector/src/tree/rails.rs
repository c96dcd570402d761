//! What stands in front of a row of a tree: lines from those above to those below.

use core::fmt::{self, Display, Formatter};

/// Deeper levels are not indented further, so that a chain of a thousand spans stays readable.
pub(crate) const DEEPEST_INDENT: usize = 24;

/// How lines look; each is three columns wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Glyphs {
    /// In front of a child that is not the last one.
    branch: &'static str,
    /// In front of the last child.
    last: &'static str,
    /// Beside the children of one that is not the last.
    rail: &'static str,
}

impl Glyphs {
    /// As they are drawn best.
    pub(crate) const LINES: Self =
        Self { branch: "\u{251c}\u{2500} ", last: "\u{2514}\u{2500} ", rail: "\u{2502}  " };
    /// Where there is nothing but ASCII.
    pub(crate) const ASCII: Self = Self { branch: "|- ", last: "`- ", rail: "|  " };
    /// Columns of each level.
    pub(crate) const WIDTH: usize = 3;
}

/// Which levels go on below the present row. Rows come in the order of the tree.
#[derive(Debug, Default)]
pub(crate) struct Rails {
    goes_on: Vec<bool>,
}

impl Rails {
    /// Goes to the next row, `depth` levels below a root, and `last` of its parent's children.
    pub(crate) fn enter(&mut self, depth: usize, last: bool) {
        self.goes_on.truncate(depth);
        self.goes_on.resize(depth, false);
        self.goes_on.push(!last);
    }

    /// What stands in front of the row, of at most so many levels.
    pub(crate) fn before(&self, glyphs: Glyphs, levels: usize) -> Before<'_> {
        let (own, above) =
            self.goes_on.split_last().map_or((None, &[][..]), |(own, above)| (Some(*own), above));
        // Roots have no lines.
        let own = own.filter(|_| !above.is_empty());
        Before { above: above.get(1..).unwrap_or_default(), own, glyphs, levels }
    }

    /// What stands in front of the row's details.
    pub(crate) fn before_details(&self, glyphs: Glyphs, levels: usize) -> Before<'_> {
        let above = self.goes_on.get(1..).unwrap_or_default();
        Before { above, own: None, glyphs, levels }
    }
}

/// Lines in front of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before<'a> {
    above: &'a [bool],
    /// Whether the row's own level goes on; none if it has no line of its own.
    own: Option<bool>,
    glyphs: Glyphs,
    levels: usize,
}

impl Before<'_> {
    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        let levels = self.above.len().min(self.levels) + usize::from(self.own.is_some());
        levels * Glyphs::WIDTH
    }
}

impl Display for Before<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for goes_on in self.above.iter().take(self.levels) {
            f.write_str(if *goes_on { self.glyphs.rail } else { "   " })?;
        }
        match self.own {
            None => Ok(()),
            Some(true) => f.write_str(self.glyphs.branch),
            Some(false) => f.write_str(self.glyphs.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lead_to_each_child() {
        let mut rails = Rails::default();
        let mut rows = Vec::new();
        for (depth, last) in [(0, true), (1, false), (2, true), (1, true), (2, true), (3, true)] {
            rails.enter(depth, last);
            let before = rails.before(Glyphs::ASCII, 1);
            assert_eq!(before.to_string().len(), before.width());
            rows.push(format!("{before}x"));
        }
        assert_eq!(rows, ["x", "|- x", "|  `- x", "`- x", "   `- x", "   `- x"]);
        assert_eq!(rails.before_details(Glyphs::ASCII, 9).to_string(), "         ");
    }
}
