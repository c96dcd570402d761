//! Tables that fit a width.

use super::fit::{blanks, columns};
use super::look::Look;
use crate::tree::Style;
use std::io::{self, Write};

/// Blanks between columns.
const GAP: usize = 2;
/// A column that may be shortened keeps so much.
const LEAST: usize = 8;

/// A column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) head: &'static str,
    /// Whether it stands at the right, as numbers do.
    pub(super) is_number: bool,
    /// Whether it may be shortened.
    pub(super) may_shrink: bool,
    /// What is left out first where there is no room: the largest. 0 is never left out.
    pub(super) dispensable: u8,
}

impl Column {
    pub(super) const fn text(head: &'static str) -> Self {
        Self { head, is_number: false, may_shrink: true, dispensable: 0 }
    }

    /// Text that is worth nothing when it is shortened.
    pub(super) const fn id(head: &'static str) -> Self {
        Self { may_shrink: false, ..Self::text(head) }
    }

    pub(super) const fn number(head: &'static str) -> Self {
        Self { is_number: true, ..Self::id(head) }
    }

    /// The same, left out before those with a smaller number.
    pub(super) const fn or_without(self, dispensable: u8) -> Self {
        Self { dispensable, ..self }
    }
}

/// A cell: text from anywhere, and how it looks.
pub(super) type Cell = (String, Option<Style>);

/// A cell in no style.
pub(super) fn cell(text: impl Into<String>) -> Cell {
    (text.into(), None)
}

/// Writes a table in the width that there is.
pub(super) fn write(
    out: &mut impl Write,
    look: Look,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> io::Result<()> {
    let widths = widths(look, columns, rows);
    let heads: Vec<Cell> =
        columns.iter().map(|column| (column.head.to_owned(), Some(Style::Bold))).collect();
    for row in core::iter::once(&heads).chain(rows) {
        let mut is_first = true;
        // Blanks that end a line are of no use.
        let mut owed = 0;
        for ((column, width), (text, style)) in columns.iter().zip(&widths).zip(row) {
            let Some(width) = *width else { continue };
            if !core::mem::take(&mut is_first) {
                owed += GAP;
            }
            let text = look.fitted(text, width);
            let fill = blanks(&text, width).len();
            let (before, behind) = if column.is_number { (fill, 0) } else { (0, fill) };
            write!(out, "{:owed$}{:before$}", "", "")?;
            owed = behind;
            match style {
                Some(style) => write!(out, "{}", look.paint(*style, text))?,
                None => write!(out, "{text}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// How wide each column is; none that is left out.
fn widths(look: Look, columns: &[Column], rows: &[Vec<Cell>]) -> Vec<Option<usize>> {
    let natural = |index: usize, column: &Column| {
        let cells = rows.iter().filter_map(|row| row.get(index));
        // Of a long text only the start is of interest.
        let wide = cells.map(|(text, _)| self::columns(&look.fitted(text, look.width)));
        wide.chain([column.head.len()]).max()
    };
    let naturals: Vec<_> =
        columns.iter().enumerate().map(|(index, column)| natural(index, column)).collect();
    let mut widths = naturals.clone();
    loop {
        let shown = widths.iter().flatten().count();
        let all = widths.iter().flatten().sum::<usize>() + GAP * shown.saturating_sub(1);
        let Some(over) = all.checked_sub(look.width).filter(|over| *over > 0) else {
            return widths;
        };
        // The widest gives first, as far as it is wider than the next.
        let can_give = |(at, width): (usize, &Option<usize>)| {
            let may = columns.get(at).is_some_and(|column| column.may_shrink);
            width.filter(|width| may && *width > LEAST).map(|width| (width, at))
        };
        let mut givers: Vec<_> = widths.iter().enumerate().filter_map(can_give).collect();
        givers.sort_unstable_by(|one, other| other.cmp(one));
        if let Some((width, at)) = givers.first().copied() {
            let next = givers.get(1).map_or(LEAST, |(next, _)| *next).max(LEAST);
            let gives = (width - next).max(1).min(over);
            if let Some(given) = widths.get_mut(at) {
                *given = Some(width - gives);
            }
            continue;
        }
        let there =
            columns.iter().enumerate().filter(|(at, _)| matches!(widths.get(*at), Some(Some(_))));
        let least = there.filter(|(_, column)| column.dispensable > 0);
        match least.max_by_key(|(_, column)| column.dispensable) {
            Some((at, _)) => {
                // The others have the room that it leaves.
                let is_shown = |(index, width): (usize, &Option<usize>)| {
                    let was = widths.get(index).copied().flatten();
                    was.and(*width).filter(|_| index != at)
                };
                widths = naturals.iter().enumerate().map(is_shown).collect();
            }
            // What is left is wider than the screen, which breaks the lines.
            None => return widths,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;

    const COLUMNS: [Column; 4] = [
        Column::text("SERVICE"),
        Column::number("SPANS"),
        Column::text("NAME").or_without(1),
        Column::id("ID").or_without(2),
    ];

    fn table(width: usize) -> String {
        let row = |service: &str, spans: &str, name: &str| {
            [service, spans, name, "0123456789abcdef"].map(cell).to_vec()
        };
        let rows = [
            row("panel", "12", "greet"),
            row("温度センサー", "3", "read the temperature of the hall"),
        ];
        let mut out = Vec::new();
        write(&mut out, look(width), &COLUMNS, &rows).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_takes_what_it_needs() {
        let expected = "\
SERVICE       SPANS  NAME                              ID
panel            12  greet                             0123456789abcdef
温度センサー      3  read the temperature of the hall  0123456789abcdef
";
        assert_eq!(table(200), expected);
    }

    #[test]
    fn the_widest_text_is_shortened_first() {
        let expected = "\
SERVICE      SPANS  NAME        ID
panel           12  greet       0123456789abcdef
温度センサ…      3  read the …  0123456789abcdef
";
        assert_eq!(table(48), expected);
    }

    #[test]
    fn where_nothing_can_be_shortened_columns_are_left_out() {
        let expected = "\
SERVICE       SPANS  NAME
panel            12  greet
温度センサー      3  read the temperatu…
";
        assert_eq!(table(40), expected);
        assert!(table(20).lines().all(|line| columns(line) <= 20), "{}", table(20));
    }
}
