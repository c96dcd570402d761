//! A trace as rows: the tree, when each span lasted, and how long.

use super::bar::{Bar, Scale};
use super::fit::{blanks, columns};
use super::look::Look;
use crate::query::own::shape::flag::{
    CUT_OFF, FAILED, MADE, MISSING, ORPHAN, RING, TWIN, WARNINGS,
};
use crate::tree::{DEEPEST_INDENT, Glyphs, Rails, Style};
use std::io::{self, Write};

/// What is said of a span, by its flags.
const MARKS: [(u64, &str); 8] = [
    (FAILED, "failed"),
    (CUT_OFF, "cut off"),
    (ORPHAN, "no parent"),
    (RING, "ring"),
    (MADE, "made"),
    (MISSING, "partial"),
    (WARNINGS, "warned"),
    (TWIN, "twin"),
];
/// Those that mean no harm.
const HARMLESS: u64 = MADE | WARNINGS | TWIN;
/// Names get so much before marks do.
const LEAST_NAME: usize = 8;
/// Services that begin alike for so many letters are the same.
const LONGEST_SERVICE: usize = 256;
/// Wider bars say no more.
const WIDEST_BAR: usize = 100;

/// A span to draw.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'a> {
    pub(super) depth: usize,
    /// Whether it is the last of its parent's children.
    pub(super) last: bool,
    pub(super) service: &'a str,
    pub(super) name: &'a str,
    pub(super) flags: u64,
    pub(super) bar: Bar<'a>,
}

/// What draws one row after the other.
#[derive(Debug)]
pub(super) struct Drawing {
    look: Look,
    scale: Scale,
    /// Columns of the tree, of the durations, and levels that are indented.
    tree: usize,
    durations: usize,
    levels: usize,
    rails: Rails,
    /// The services of those above.
    services: Vec<String>,
}

impl Drawing {
    /// Where the trace lasts so long, and its widest row needs so many columns for the tree.
    pub(super) fn new(look: Look, extent: u64, widest: usize) -> Self {
        let durations = look.duration(extent).chars().count().max(10);
        let rest = look.width.saturating_sub(durations + 2);
        let tree = widest.clamp(1, (rest * 3 / 5).max(1));
        let cells = rest.saturating_sub(tree).min(WIDEST_BAR);
        let levels = (tree / 2 / Glyphs::WIDTH).min(DEEPEST_INDENT);
        let scale = Scale::new(extent, cells);
        let (rails, services) = (Rails::default(), Vec::new());
        Self { look, scale, tree, durations, levels, rails, services }
    }

    /// How many columns the tree of a row takes that is not shortened.
    pub(super) fn wide(look: Look, item: &Item<'_>) -> usize {
        let marks = marks(item.flags);
        let marks = if marks.is_empty() { 0 } else { marks.len() + 3 };
        let name = |text: &str| columns(&look.fitted(text, look.width));
        let levels = item.depth.min(DEEPEST_INDENT + 1) * Glyphs::WIDTH;
        levels + name(item.service) + 1 + name(item.name) + marks
    }

    /// Draws the next row.
    pub(super) fn row(&mut self, out: &mut impl Write, item: &Item<'_>) -> io::Result<()> {
        let look = self.look;
        self.rails.enter(item.depth, item.last);
        let before = self.rails.before(look.glyphs(), self.levels);
        // Where durations take all there is, there is no room for lines of the tree.
        let lines = if before.width() < self.tree { before.width() } else { 0 };
        if lines > 0 {
            write!(out, "{}", look.paint(Style::Dim, before))?;
        }
        let mut room = self.tree.saturating_sub(lines);
        let mut used = lines;
        // What is not indented any more says how deep it is.
        if item.depth > self.levels + 1 {
            let depth = look.fitted(&format!("{} ", item.depth), room);
            write!(out, "{}", look.paint(Style::Dim, &depth))?;
            (used, room) = (used + columns(&depth), room.saturating_sub(columns(&depth)));
        }
        used += self.names(out, item, room)?;
        write!(out, "{:fill$} ", "", fill = self.tree.saturating_sub(used))?;
        self.scale.draw(out, look, item.flags, &item.bar)?;
        let (from, to) = item.bar.times;
        let duration = look.duration(to.saturating_sub(from));
        writeln!(out, " {}{duration}", blanks(&duration, self.durations))
    }

    /// Service, name and marks in so much room; gives how much they took.
    fn names(&mut self, out: &mut impl Write, item: &Item<'_>, room: usize) -> io::Result<usize> {
        let look = self.look;
        let marks = match marks(item.flags) {
            none if none.is_empty() => none,
            some if room >= some.len() + 3 + LEAST_NAME => format!(" [{some}]"),
            _ if room > LEAST_NAME / 2 => " !".to_owned(),
            _ => String::new(),
        };
        let mut left = room.saturating_sub(marks.len());
        self.services.truncate(item.depth);
        self.services.resize(item.depth, String::new());
        // What is the parent's is not said again.
        let is_known = self.services.last().is_some_and(|above| above == start(item.service));
        self.services.push(start(item.service).to_owned());
        if !is_known && !item.service.is_empty() {
            let service = look.fitted(item.service, left.min((left / 2).max(LEAST_NAME)));
            let gap = usize::from(columns(&service) < left);
            left -= columns(&service) + gap;
            write!(out, "{}{:gap$}", look.paint(Style::Service, service), "")?;
        }
        let name = look.fitted(item.name, left);
        left -= columns(&name);
        write!(out, "{}", look.paint(Style::Bold, name))?;
        let style = match item.flags {
            flags if flags & FAILED != 0 => Style::Error,
            flags if flags & !HARMLESS != 0 => Style::Warning,
            _ => Style::Dim,
        };
        write!(out, "{}", look.paint(style, &marks))?;
        Ok(room - left)
    }

    /// Writes what belongs to the row before: in one line, or in more that break between its parts.
    pub(super) fn note<'a>(
        &self,
        out: &mut impl Write,
        style: Style,
        parts: impl IntoIterator<Item = &'a String>,
    ) -> io::Result<()> {
        let look = self.look;
        let before = self.rails.before_details(look.glyphs(), self.levels);
        let room = look.width.saturating_sub(before.width() + 2);
        for line in lines(look, room, parts, (" ", "  ")) {
            let before = look.paint(Style::Dim, before);
            writeln!(out, "{before}  {}", look.paint(style, line))?;
        }
        Ok(())
    }

    /// Says what the letters of bars mean that were drawn.
    pub(super) fn legend(&self, out: &mut impl Write) -> io::Result<()> {
        let look = self.look;
        let means: Vec<_> = self.scale.legend(look).collect();
        let lines = lines(look, look.width, &means, ("  ", ""));
        lines.iter().try_for_each(|line| writeln!(out, "{}", look.paint(Style::Dim, line)))
    }
}

/// Text in lines of so many columns: what stands between its parts, and in front of each line but the first.
fn lines<'a>(
    look: Look,
    width: usize,
    parts: impl IntoIterator<Item = &'a String>,
    (between, indent): (&str, &str),
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts.into_iter().filter(|part| !part.is_empty()) {
        let indent = if lines.is_empty() { "" } else { indent };
        let part = look.fitted(part, width.saturating_sub(indent.len()));
        match lines.last_mut() {
            Some(line) if columns(line) + between.len() + columns(&part) <= width => {
                line.push_str(between);
                line.push_str(&part);
            }
            _ => lines.push(format!("{indent}{part}")),
        }
    }
    lines
}

/// So much of a service as it is told by, however long it is: there may be one for each level.
fn start(service: &str) -> &str {
    let end = service.char_indices().nth(LONGEST_SERVICE).map(|(end, _)| end);
    end.and_then(|end| service.get(..end)).unwrap_or(service)
}

/// The words of flags.
fn marks(flags: u64) -> String {
    let words = MARKS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, word)| *word);
    words.collect::<Vec<_>>().join(", ")
}
