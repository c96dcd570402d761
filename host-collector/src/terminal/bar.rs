//! When something lasted, as a bar of letters.

use super::look::Look;
use crate::query::own::shape::flag::{CUT_OFF, FAILED, MADE};
use crate::tree::Style;
use core::mem::take;
use std::io::{self, Write};

/// How wide a trace is drawn, and what was drawn of it.
#[derive(Debug, Default)]
pub(super) struct Scale {
    /// Nanoseconds.
    extent: u64,
    /// Columns.
    cells: usize,
    /// Which parts of [`LEGEND`] were drawn.
    seen: [bool; LEGEND.len()],
}

/// From one moment to another, in nanoseconds after the trace's start.
pub(super) type Times = (u64, u64);

/// What is drawn of a span.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bar<'a> {
    /// When it lasted.
    pub(super) times: Times,
    /// What of it the trace's duration hangs on.
    pub(super) critical: &'a [Times],
    /// When records were lost.
    pub(super) lost: &'a [Times],
    /// When the first of what it refers to was over, if that was before it.
    pub(super) waits: Option<u64>,
    /// By how many nanoseconds its times may be off.
    pub(super) error: u64,
}

/// What a column shows: the halves of it that the span lasts, or something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Nothing,
    Strong(bool, bool),
    Weak(bool, bool),
    /// Here a reset cut it off.
    Cut,
    Lost,
    Waits,
    /// It may have lasted here, too.
    Unsure,
    /// As far as that goes.
    Earliest,
    Latest,
}

/// What letters mean, with and without UTF-8.
const LEGEND: [([&str; 2], &str); 6] = [
    (["\u{2588}", "="], "critical path"),
    (["\u{2501}", "-"], "the rest"),
    (["\u{2573}", "x"], "cut off"),
    (["\u{2591}", "/"], "records lost"),
    (["\u{2508}", "."], "since what it refers to ended"),
    (["\u{251c}\u{2500}\u{2500}\u{2524}", "|~~|"], "how sure its times are"),
];

impl Part {
    fn letter(self, is_unicode: bool) -> char {
        let (letter, plain) = match self {
            Self::Nothing | Self::Strong(false, false) | Self::Weak(false, false) => (' ', ' '),
            Self::Strong(true, true) => ('\u{2588}', '='),
            Self::Strong(true, false) => ('\u{258c}', '='),
            Self::Strong(false, true) => ('\u{2590}', '='),
            Self::Weak(true, true) => ('\u{2501}', '-'),
            Self::Weak(true, false) => ('\u{2578}', '-'),
            Self::Weak(false, true) => ('\u{257a}', '-'),
            Self::Cut => ('\u{2573}', 'x'),
            Self::Lost => ('\u{2591}', '/'),
            Self::Waits => ('\u{2508}', '.'),
            Self::Unsure => ('\u{2500}', '~'),
            Self::Earliest => ('\u{251c}', '|'),
            Self::Latest => ('\u{2524}', '|'),
        };
        if is_unicode { letter } else { plain }
    }

    /// Its style, and its place in the legend.
    fn style(self, is_failed: bool) -> Option<(Style, usize)> {
        let plain = if is_failed { Style::Error } else { Style::Service };
        match self {
            Self::Nothing => None,
            // What failed stays red.
            Self::Strong(..) if is_failed => Some((Style::Error, 0)),
            Self::Strong(..) => Some((Style::Critical, 0)),
            Self::Weak(..) => Some((plain, 1)),
            Self::Cut => Some((Style::Error, 2)),
            Self::Lost => Some((Style::Warning, 3)),
            Self::Waits => Some((Style::Dim, 4)),
            Self::Unsure | Self::Earliest | Self::Latest => Some((Style::Dim, 5)),
        }
    }
}

/// Half columns, from one up to another.
type Halves = (usize, usize);

/// Whether some of it is in a column.
fn is_in(cell: usize, (from, to): Halves) -> bool {
    from <= 2 * cell + 1 && 2 * cell < to
}

impl Scale {
    pub(super) fn new(extent: u64, cells: usize) -> Self {
        Self { extent, cells, ..Self::default() }
    }

    /// Which half columns a time covers; one at least.
    fn halves(&self, (from, to): Times) -> Halves {
        let all = 2 * self.cells;
        let at = |time: u64, round_up: u64| {
            let extent = u128::from(self.extent.max(1));
            let halves = u128::from(time) * all as u128 + u128::from(round_up) * (extent - 1);
            usize::try_from(halves / extent).unwrap_or(all).min(all)
        };
        let from = at(from, 0).min(all.saturating_sub(1));
        (from, at(to, 1).clamp(from + 1, all.max(from + 1)))
    }

    /// What each column shows.
    fn parts(&self, flags: u64, bar: &Bar<'_>) -> impl Iterator<Item = Part> {
        let (start, end) = bar.times;
        let all = |times: &[Times]| times.iter().map(|of| self.halves(*of)).collect::<Vec<_>>();
        let (lasts, strong, lost) = (self.halves(bar.times), all(bar.critical), all(bar.lost));
        let waits = bar.waits.map(|since| self.halves((since, start)));
        let is_made = flags & MADE != 0;
        // Less than a column of doubt is not seen, and what was made says itself what it does not know.
        let is_seen = u128::from(bar.error) * self.cells as u128 >= u128::from(self.extent.max(1));
        let unsure = (is_seen && bar.error > 0 && !is_made).then(|| {
            let (earliest, latest) = (start.checked_sub(bar.error), end.saturating_add(bar.error));
            let before = self.halves((earliest.unwrap_or(0), start));
            let behind = self.halves((end, latest));
            // Doubt that goes on beyond the trace has no end here.
            let first = earliest.map(|_| before.0 / 2);
            let last = (latest <= self.extent).then(|| behind.1.saturating_sub(1) / 2);
            (before, behind, first, last)
        });
        let is_lit = move |half| lasts.0 <= half && half < lasts.1;
        let is_cut = flags & CUT_OFF != 0;
        (0..self.cells).map(move |cell| {
            let lit = (is_lit(2 * cell), is_lit(2 * cell + 1));
            let is_lost = lost.iter().any(|halves| is_in(cell, *halves));
            // What the collector made took no time of its own.
            if is_lost && (is_made || lit == (false, false)) {
                return Part::Lost;
            }
            if lit != (false, false) {
                let is_strong = strong.iter().any(|halves| is_in(cell, *halves));
                return match lit {
                    _ if is_cut && !is_lit(2 * cell + 2) => Part::Cut,
                    (left, right) if is_strong => Part::Strong(left, right),
                    (left, right) => Part::Weak(left, right),
                };
            }
            match unsure {
                Some((_, _, Some(first), _)) if cell == first => Part::Earliest,
                Some((_, _, _, Some(last))) if cell == last => Part::Latest,
                Some((before, behind, ..)) if is_in(cell, before) || is_in(cell, behind) => {
                    Part::Unsure
                }
                _ if waits.is_some_and(|halves| is_in(cell, halves)) => Part::Waits,
                _ => Part::Nothing,
            }
        })
    }

    /// Draws a bar over all columns; what of it the trace's duration hangs on is drawn stronger.
    pub(super) fn draw(
        &mut self,
        out: &mut impl Write,
        look: Look,
        flags: u64,
        bar: &Bar<'_>,
    ) -> io::Result<()> {
        let parts: Vec<_> = self.parts(flags, bar).collect();
        let (mut run, mut style) = (String::new(), None);
        for part in parts {
            let told = part.style(flags & FAILED != 0);
            if let Some(seen) = told.and_then(|(_, place)| self.seen.get_mut(place)) {
                *seen = true;
            }
            let next = told.map(|(style, _)| style);
            if next != style {
                write_run(out, look, style, &take(&mut run))?;
                style = next;
            }
            run.push(part.letter(look.is_unicode));
        }
        write_run(out, look, style, &run)
    }

    /// What the letters mean that were drawn.
    pub(super) fn legend(&self, look: Look) -> impl Iterator<Item = String> {
        let seen = LEGEND.iter().zip(self.seen).filter(|(_, seen)| *seen);
        seen.map(move |((letters, means), _)| {
            let [letter, plain] = letters;
            format!("{} {means}", if look.is_unicode { letter } else { plain })
        })
    }
}

fn write_run(out: &mut impl Write, look: Look, style: Option<Style>, run: &str) -> io::Result<()> {
    match style {
        _ if run.is_empty() => Ok(()),
        None => write!(out, "{run}"),
        Some(style) => write!(out, "{}", look.paint(style, run)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;
    use proptest::prelude::*;

    fn drawn(look: Look, cells: usize, extent: u64, flags: u64, bar: Bar<'_>) -> String {
        let mut out = Vec::new();
        Scale::new(extent, cells).draw(&mut out, look, flags, &bar).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn plain(times: Times, critical: &[Times]) -> Bar<'_> {
        Bar { times, critical, ..Bar::default() }
    }

    #[test]
    fn a_bar_lies_where_the_span_does() {
        let look = look(80);
        assert_eq!(drawn(look, 10, 100, 0, plain((0, 100), &[])), "━━━━━━━━━━");
        assert_eq!(drawn(look, 10, 100, 0, plain((25, 45), &[])), "  ╺━╸     ");
        assert_eq!(drawn(look, 10, 100, 0, plain((0, 100), &[(20, 45)])), "━━███━━━━━");
        // The shortest is seen, too, also at the end.
        assert_eq!(drawn(look, 10, 100, 0, plain((100, 100), &[])), "         ╺");
        assert_eq!(drawn(look, 4, 0, 0, plain((0, 0), &[])), "╸   ");
        let ascii = Look { is_unicode: false, ..look };
        assert_eq!(drawn(ascii, 10, 100, 0, plain((20, 80), &[(40, 60)])), "  --==--  ");
        let coloured = Look { colour: true, ..look };
        let expected = "\x1b[36m━\x1b[0m\x1b[35m█\x1b[0m  ";
        assert_eq!(drawn(coloured, 4, 100, 0, plain((0, 50), &[(25, 50)])), expected);
    }

    /// With and without UTF-8.
    fn both(flags: u64, bar: Bar<'_>) -> [String; 2] {
        [true, false].map(|is_unicode| drawn(Look { is_unicode, ..look(80) }, 10, 100, flags, bar))
    }

    #[test]
    fn losses_resets_waits_and_doubt_are_where_they_are_in_time() {
        let bar = plain((30, 60), &[]);
        // Where records were lost, all that is known is that it was in that time.
        let lost = Bar { lost: &[(25, 55)], error: 20, ..plain((25, 25), &[]) };
        assert_eq!(both(MADE, lost), ["  ░░░░    ", "  ////    "]);
        assert_eq!(both(0, Bar { lost: &[(0, 100)], ..bar }), ["░░░━━━░░░░", "///---////"]);
        assert_eq!(both(CUT_OFF, bar), ["   ━━╳    ", "   --x    "]);
        assert_eq!(both(0, Bar { waits: Some(10), ..bar }), [" ┈┈━━━    ", " ..---    "]);
        assert_eq!(both(0, Bar { error: 20, ..bar }), [" ├─━━━─┤  ", " |~---~|  "]);
        assert_eq!(both(0, Bar { error: 10, ..bar }), ["  ├━━━┤   ", "  |---|   "]);
        // Beyond the trace nobody sees where it ends, and less than a column is not drawn.
        assert_eq!(both(0, Bar { error: 50, ..bar }), ["───━━━────", "~~~---~~~~"]);
        assert_eq!(both(0, Bar { error: 9, ..bar }), ["   ━━━    ", "   ---    "]);
    }

    #[test]
    fn the_legend_says_what_was_drawn_and_nothing_else() {
        let mut scale = Scale::new(100, 10);
        assert_eq!(scale.legend(look(80)).count(), 0);
        let bar = Bar { waits: Some(10), ..plain((30, 60), &[(30, 40)]) };
        scale.draw(&mut Vec::new(), look(80), 0, &bar).unwrap();
        let legend: Vec<_> = scale.legend(look(80)).collect();
        let expected = ["█ critical path", "━ the rest", "┈ since what it refers to ended"];
        assert_eq!(legend, expected);
    }

    proptest! {
        #[test]
        fn a_bar_is_as_wide_as_the_scale(
            cells in 0_usize..50,
            extent: u64,
            error: u64,
            times: Times,
            critical: Times,
            lost: Times,
            waits: Option<u64>,
            flags in 0_u64..256,
        ) {
            let (critical, lost) = (&[critical], &[lost]);
            let bar = drawn(look(80), cells, extent, flags, Bar { times, critical, lost, waits, error });
            prop_assert_eq!(bar.chars().count(), cells);
            prop_assert!(cells == 0 || bar.trim() != "");
        }
    }
}
