//! What stands below the row of a span: what it refers to, what was lost, its logs.

use super::drawing::Drawing;
use super::look::Look;
use super::shape::{Gap, Link, Row, Shape, Whole};
use crate::model::SpanId;
use crate::query::own::shape::flag::TWIN;
use crate::text::Count;
use crate::tree::Style;
use std::io::{self, Write};

/// More references of a span are counted, and not told.
const MOST_REFERENCES: usize = 8;

/// When the first of those that a span refers to was over, if that was before it.
pub(super) fn waits(shape: &Shape, whole: &Whole<'_>) -> Option<u64> {
    let to = whole.links.iter().take(MOST_REFERENCES).filter_map(|link| link.to);
    let ends = to.filter_map(|to| shape.row(to)).map(|(_, row)| end(row));
    let first = ends.filter(|end| *end < whole.row.start).min()?;
    Some(u64::try_from(first).unwrap_or(0))
}

fn end(row: &Row) -> i64 {
    row.start.saturating_add_unsigned(row.duration)
}

/// Writes it.
pub(super) fn write(
    drawing: &Drawing,
    shape: &Shape,
    look: Look,
    whole: &Whole<'_>,
    with_logs: bool,
    out: &mut impl Write,
) -> io::Result<()> {
    let Whole { page, row, .. } = whole;
    if row.flags & TWIN != 0 {
        let id = SpanId(row.id);
        drawing.note(out, Style::Dim, &[format!("another span has its id {id}, too")])?;
    }
    let arrow = if look.is_unicode { "\u{21b3}" } else { "->" };
    for link in whole.links.iter().take(MOST_REFERENCES) {
        let [what, which, when] = reference(shape, look, whole, link);
        drawing.note(out, Style::Dim, &[format!("{arrow} {what}"), which, when])?;
    }
    let others = whole.links.len().saturating_sub(MOST_REFERENCES);
    if others > 0 {
        let id = SpanId(row.id);
        let more = [format!("{arrow} and to {others} more:"), format!("--span {id} has them")];
        drawing.note(out, Style::Dim, &more)?;
    }
    for gap in whole.gaps {
        drawing.note(out, Style::Warning, &lost(look, gap))?;
    }
    for event in whole.events.iter().filter(|_| with_logs) {
        let at = u64::try_from(row.start.saturating_add(event.at)).unwrap_or(0);
        let log = format!("+{} {}", look.duration(at), page.string(event.name));
        drawing.note(out, Style::Dim, &[log])?;
    }
    Ok(())
}

/// What a reference says, in parts that may stand in lines of their own.
fn reference(shape: &Shape, look: Look, whole: &Whole<'_>, link: &Link) -> [String; 3] {
    let Whole { page, row, .. } = whole;
    let refers = match page.string(link.kind) {
        "follows_from" => "follows from",
        "child_of" => "child of",
        _ => "refers to",
    };
    if let Some(to) = link.to {
        // Of a trace that is too large to be shown whole it may be among those that are left out.
        let Some((there, to)) = shape.row(to) else {
            return [format!("{refers} a span"), "that is not shown".to_owned(), String::new()];
        };
        let service = there.process(to.process).map_or("", |process| &process.service);
        let of = if service.is_empty() { String::new() } else { format!("of {service},") };
        let (end, way) = (end(to), |from: i64, to: i64| look.duration(from.abs_diff(to)));
        let when = if end <= row.start {
            format!("ended {} before", way(end, row.start))
        } else if to.start <= row.start {
            format!("began {} before", way(to.start, row.start))
        } else {
            format!("begins {} after", way(to.start, row.start))
        };
        return [format!("{refers} \"{}\"", there.string(to.name)), of, when];
    }
    let (trace, span) = (page.string(link.trace), page.string(link.span));
    if trace == shape.trace() {
        return [format!("{refers} {span},"), "which is not here".to_owned(), String::new()];
    }
    [format!("{refers} {span}"), "of trace".to_owned(), trace.to_owned()]
}

fn lost(look: Look, gap: &Gap) -> [String; 3] {
    let at = |time: i64| look.duration(u64::try_from(time).unwrap_or(0));
    let records = Count(usize::try_from(gap.records).unwrap_or(usize::MAX), "record");
    let from = format!("between +{}", at(gap.from));
    [format!("! lost here: {records},"), from, format!("and +{}", at(gap.to))]
}
