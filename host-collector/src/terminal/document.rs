//! A trace as one document of JSON.

use super::harmless;
use super::shape::{Shape, Whole};
use crate::json::Writer;
use crate::model::{Kind, SpanId};
use std::io::{self, Write};

/// Writes it, a span a line.
pub(super) fn write(shape: &Shape, out: &mut impl Write) -> io::Result<()> {
    let (base_ns, extent_ns) = shape.bounds();
    write!(out, "{{\"trace\":{}", text(shape.trace()))?;
    write!(out, ",\"start_ns\":\"{base_ns}\",\"duration_ns\":\"{extent_ns}\",\"spans\":[")?;
    let mut above: Vec<[u8; 8]> = Vec::new();
    for (place, whole) in shape.whole().enumerate() {
        let Whole { page, row, .. } = whole;
        above.truncate(row.depth as usize);
        let parent = above.last().map_or_else(String::new, |id| SpanId(*id).to_string());
        above.push(row.id);
        let kind = Kind::from_number(row.kind).tag().unwrap_or_default();
        let service = page.process(row.process).map_or("", |process| &process.service);
        write!(
            out,
            "{}\n{{\"id\":\"{}\",\"parent\":\"{parent}\",\"service\":{},\"name\":{},\"kind\":\"{kind}\",\
             \"start_ns\":\"{}\",\"duration_ns\":\"{}\",\"self_ns\":\"{}\",\"flags\":{}",
            comma(place),
            SpanId(row.id),
            text(service),
            text(page.string(row.name)),
            base_ns.saturating_add_signed(row.start),
            row.duration,
            row.own,
            row.flags,
        )?;
        references(shape, &whole, out)?;
        losses(base_ns, &whole, out)?;
        write!(out, "}}")?;
    }
    writeln!(out, "\n]}}")
}

/// References other than the parent, if there are any.
fn references(shape: &Shape, whole: &Whole<'_>, out: &mut impl Write) -> io::Result<()> {
    if whole.links.is_empty() {
        return Ok(());
    }
    write!(out, ",\"references\":[")?;
    for (place, link) in whole.links.iter().enumerate() {
        let here = link.to.and_then(|to| shape.row(to));
        let here = here.map(|(_, row)| (shape.trace(), SpanId(row.id).to_string()));
        let page = whole.page;
        let there = || (page.string(link.trace), page.string(link.span).to_owned());
        let (trace, span) = here.unwrap_or_else(there);
        let (comma, kind) = (comma(place), text(page.string(link.kind)));
        let (trace, span) = (text(trace), text(&span));
        write!(out, "{comma}{{\"type\":{kind},\"trace\":{trace},\"span\":{span}}}")?;
    }
    write!(out, "]")
}

/// Where records were lost, if there were any.
fn losses(base_ns: u64, whole: &Whole<'_>, out: &mut impl Write) -> io::Result<()> {
    if whole.gaps.is_empty() {
        return Ok(());
    }
    write!(out, ",\"lost\":[")?;
    for (place, gap) in whole.gaps.iter().enumerate() {
        let [from, to] = [gap.from, gap.to].map(|time| base_ns.saturating_add_signed(time));
        let (comma, records) = (comma(place), gap.records);
        write!(out, "{comma}{{\"from_ns\":\"{from}\",\"to_ns\":\"{to}\",\"records\":{records}}}")?;
    }
    write!(out, "]")
}

fn comma(place: usize) -> &'static str {
    if place == 0 { "" } else { "," }
}

fn text(text: &str) -> String {
    let mut json = Writer::default();
    json.string(text);
    harmless(&json.into_text())
}
