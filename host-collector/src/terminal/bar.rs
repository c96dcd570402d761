//! When something lasted, as a bar of letters.

use super::look::Look;
use crate::tree::Style;
use std::io::{self, Write};

/// How wide a trace is drawn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Nanoseconds.
    pub(super) extent: u64,
    /// Columns.
    pub(super) cells: usize,
}

/// From one moment to another, in nanoseconds after the trace's start.
pub(super) type Times = (u64, u64);

impl Scale {
    /// Which half columns a time covers; one at least.
    fn halves(self, (from, to): Times) -> (usize, usize) {
        let all = 2 * self.cells;
        let at = |time: u64, round_up: u64| {
            let extent = u128::from(self.extent.max(1));
            let halves = u128::from(time) * all as u128 + u128::from(round_up) * (extent - 1);
            usize::try_from(halves / extent).unwrap_or(all).min(all)
        };
        let from = at(from, 0).min(all.saturating_sub(1));
        (from, at(to, 1).clamp(from + 1, all.max(from + 1)))
    }

    /// Draws a bar over all columns; what of it the trace's duration hangs on is drawn stronger.
    pub(super) fn draw(
        self,
        out: &mut impl Write,
        look: Look,
        style: Style,
        times: Times,
        critical: &[Times],
    ) -> io::Result<()> {
        let (from, to) = self.halves(times);
        let strong: Vec<_> = critical.iter().map(|times| self.halves(*times)).collect();
        let mut run: Option<(Option<Style>, String)> = None;
        for cell in 0..self.cells {
            let (left, right) = (2 * cell, 2 * cell + 1);
            let is_lit = |half| from <= half && half < to;
            let is_strong = strong.iter().any(|(from, to)| *from <= right && left < *to);
            let style = match (is_lit(left) || is_lit(right), is_strong, style) {
                (false, _, _) => None,
                // What failed stays red.
                (true, true, Style::Service) => Some(Style::Critical),
                (true, _, style) => Some(style),
            };
            let letter = letter(look.is_unicode, is_lit(left), is_lit(right), is_strong);
            match &mut run {
                Some((same, letters)) if *same == style => letters.push(letter),
                _ => {
                    write_run(out, look, run.take())?;
                    run = Some((style, letter.into()));
                }
            }
        }
        write_run(out, look, run)
    }
}

fn write_run(
    out: &mut impl Write,
    look: Look,
    run: Option<(Option<Style>, String)>,
) -> io::Result<()> {
    match run {
        None => Ok(()),
        Some((None, letters)) => write!(out, "{letters}"),
        Some((Some(style), letters)) => write!(out, "{}", look.paint(style, letters)),
    }
}

fn letter(is_unicode: bool, left: bool, right: bool, is_strong: bool) -> char {
    match (left, right, is_strong) {
        (false, false, _) => ' ',
        (_, _, true) if !is_unicode => '=',
        (_, _, false) if !is_unicode => '-',
        (true, true, true) => '\u{2588}',
        (true, false, true) => '\u{258c}',
        (false, true, true) => '\u{2590}',
        (true, true, false) => '\u{2501}',
        (true, false, false) => '\u{2578}',
        (false, true, false) => '\u{257a}',
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;
    use proptest::prelude::*;

    fn drawn(look: Look, cells: usize, extent: u64, times: Times, critical: &[Times]) -> String {
        let mut out = Vec::new();
        Scale { extent, cells }.draw(&mut out, look, Style::Service, times, critical).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_bar_lies_where_the_span_does() {
        let look = look(80);
        assert_eq!(drawn(look, 10, 100, (0, 100), &[]), "━━━━━━━━━━");
        assert_eq!(drawn(look, 10, 100, (25, 45), &[]), "  ╺━╸     ");
        assert_eq!(drawn(look, 10, 100, (0, 100), &[(20, 45)]), "━━███━━━━━");
        // The shortest is seen, too, also at the end.
        assert_eq!(drawn(look, 10, 100, (100, 100), &[]), "         ╺");
        assert_eq!(drawn(look, 4, 0, (0, 0), &[]), "╸   ");
        let plain = Look { is_unicode: false, ..look };
        assert_eq!(drawn(plain, 10, 100, (20, 80), &[(40, 60)]), "  --==--  ");
        let coloured = Look { colour: true, ..look };
        let expected = "\x1b[36m━\x1b[0m\x1b[35m█\x1b[0m  ";
        assert_eq!(drawn(coloured, 4, 100, (0, 50), &[(25, 50)]), expected);
    }

    proptest! {
        #[test]
        fn a_bar_is_as_wide_as_the_scale(cells in 0_usize..50, extent: u64, from: u64, to: u64, strong: Times) {
            let bar = drawn(look(80), cells, extent, (from, to), &[strong]);
            prop_assert_eq!(bar.chars().count(), cells);
            prop_assert!(cells == 0 || bar.trim() != "");
        }
    }
}
