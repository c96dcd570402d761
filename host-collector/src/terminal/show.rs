//! `spandrel show`: a trace as a tree with bars, or everything of a span.

use super::ask::{Reply, Source};
use super::bar::{Bar, Times};
use super::drawing::{Drawing, Item};
use super::error::Error;
use super::look::Look;
use super::options::Looking;
use super::shape::{CLOCK_ERROR, Page, Process, Row, Shape, Stretch, Whole};
use super::{Outcome, document, empty, is_id, notes, span};
use crate::text::{Count, TimeNs};
use crate::tree::Style;
use clap::Args;
use std::collections::HashSet;
use std::io::{self, Write};

/// More spans of a trace are not shown.
const MOST_SPANS: usize = 4_000_000;
/// So often a trace is begun anew that grows while it is read.
const ATTEMPTS: usize = 8;

/// Options of `spandrel show`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Show {
    /// The trace: its id, in hexadecimal. Zeros at its start may be left out.
    pub trace: String,
    /// Show everything of this span instead.
    #[arg(long, value_name = "ID")]
    pub span: Option<String>,
    /// Show logs, too.
    #[arg(long, short)]
    pub logs: bool,
    /// Who is asked.
    #[command(flatten)]
    pub looking: Looking,
}

/// Shows it.
pub(super) fn show(options: &Show, out: &mut impl Write) -> Result<Outcome, Error> {
    let wrong = [Some(&options.trace), options.span.as_ref()].into_iter().flatten();
    if let Some(wrong) = wrong.into_iter().find(|id| !is_id(id)) {
        let wrong = crate::text::Escaped(wrong);
        return empty(&format!(
            "{wrong} is no id: ids are hexadecimal digits, as `spandrel search` shows them"
        ));
    }
    let mut source = Source::of(&options.looking)?;
    let asking = &options.looking.asking;
    if let Some(span) = &options.span {
        let path = format!("/traces/{}/spans/{span}", options.trace);
        return match source.get(&path, &[])? {
            Err(none) => empty(&none.0),
            Ok(reply) => span::show(&source, &reply, asking, out),
        };
    }
    let shape = match fetch(&mut source, &options.trace)? {
        Ok(shape) => shape,
        Err(none) => return empty(&none),
    };
    if asking.json {
        shape.write_json(out)?;
    } else {
        draw(&shape, asking.look(), options.logs, out)?;
    }
    Ok(Outcome::Found)
}

impl Shape {
    /// What is shown of it in so many columns, without colours, with logs; all in ASCII unless `is_unicode`.
    #[must_use]
    pub fn drawn(&self, width: usize, is_unicode: bool) -> String {
        let mut out = Vec::new();
        let look = Look { width, height: None, colour: false, is_unicode };
        // Memory takes everything.
        let _ = draw(self, look, true, &mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    /// The same as JSON.
    ///
    /// # Errors
    ///
    /// What the writer says.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        document::write(self, out)
    }
}

/// All pages of a trace; or why there is no such trace.
fn fetch(source: &mut Source, trace: &str) -> Result<Result<Shape, String>, Error> {
    for _ in 0..ATTEMPTS {
        match fetch_once(source, trace) {
            // It has grown since the first page.
            Err(Error::Refused { status: 409, .. }) => {}
            other => return other,
        }
    }
    let what = "the trace grows faster than it can be read: try again when it is over".to_owned();
    Err(Error::Refused { at: source.name(), status: 409, what })
}

fn fetch_once(source: &mut Source, trace: &str) -> Result<Result<Shape, String>, Error> {
    let mut shape = Shape::default();
    let path = format!("/traces/{trace}");
    for page in 0_u64.. {
        let mut query = vec![("page", page.to_string())];
        if page > 0 {
            query.push(("revision", shape.revision().to_owned()));
        }
        let Reply { body, .. } = match source.get(&path, &query)? {
            Ok(reply) => reply,
            Err(none) if page == 0 => return Ok(Err(none.0)),
            Err(none) => {
                return Err(Error::Refused { at: source.name(), status: 404, what: none.0 });
            }
        };
        let added = shape.add(&body);
        added.map_err(|error| Error::Nonsense { at: source.name(), why: error.to_string() })?;
        let is_whole = page + 1 >= shape.page_count();
        if !is_whole && shape.len() >= MOST_SPANS {
            log::warn!("the trace has more than {MOST_SPANS} spans: the others are not shown");
        }
        if is_whole || shape.len() >= MOST_SPANS {
            break;
        }
    }
    Ok(Ok(shape))
}

/// For each row whether it is the last of its parent's children.
fn last_children(shape: &Shape) -> Vec<bool> {
    // Whether something follows at each level, seen from the end.
    let mut follows: Vec<bool> = Vec::new();
    let mut last: Vec<_> = shape
        .rows()
        .rev()
        .map(|(_, row)| {
            let depth = row.depth as usize;
            follows.resize(depth + 1, false);
            follows.last_mut().is_none_or(|follows| !core::mem::replace(follows, true))
        })
        .collect();
    last.reverse();
    last
}

/// Draws a trace, row after row.
fn draw(shape: &Shape, look: Look, with_logs: bool, out: &mut impl Write) -> io::Result<()> {
    head(shape, look, out)?;
    let last = last_children(shape);
    // A trace that lasts less than a span of it is nonsense, and fits nevertheless.
    let longest = shape.rows().map(|(_, row)| row.duration).max().unwrap_or(0);
    let extent = shape.bounds().1.max(longest);
    let wide =
        |(page, row): (&Page, &Row)| Drawing::wide(look, &item(page, row, true, Bar::default()));
    let mut drawing = Drawing::new(look, extent, shape.rows().map(wide).max().unwrap_or(0));
    let (mut critical, mut lost): (Vec<Times>, Vec<Times>) = (Vec::new(), Vec::new());
    for (whole, is_last) in shape.whole().zip(last) {
        let Whole { page, row, .. } = whole;
        let time = |time: i64| u64::try_from(time).unwrap_or(0);
        critical.clear();
        let end = |stretch: &Stretch| stretch.from.saturating_add(stretch.duration);
        critical.extend(whole.critical.iter().map(|stretch| (stretch.from, end(stretch))));
        lost.clear();
        lost.extend(whole.gaps.iter().map(|gap| (time(gap.from), time(gap.to))));
        let start = time(row.start);
        let bar = Bar {
            times: (start, start.saturating_add(row.duration)),
            critical: &critical,
            lost: &lost,
            waits: notes::waits(shape, &whole),
            error: page.process(row.process).and_then(Process::error_ns).unwrap_or(0),
        };
        drawing.row(out, &item(page, row, is_last, bar))?;
        notes::write(&drawing, shape, look, &whole, with_logs, out)?;
    }
    drawing.legend(out)
}

fn item<'a>(page: &'a Page, row: &Row, last: bool, bar: Bar<'a>) -> Item<'a> {
    Item {
        depth: row.depth as usize,
        last,
        service: page.process(row.process).map_or("", |process| &process.service),
        name: page.string(row.name),
        flags: row.flags,
        bar,
    }
}

/// What the trace is, and what made it.
fn head(shape: &Shape, look: Look, out: &mut impl Write) -> io::Result<()> {
    let (base_ns, extent_ns) = shape.bounds();
    let processes = shape.pages.iter().flat_map(|page| page.processes());
    let mut seen = HashSet::new();
    let processes: Vec<&Process> = processes.filter(|process| seen.insert(*process)).collect();
    let services: HashSet<_> = processes.iter().map(|process| &*process.service).collect();
    let title = format!("trace {}", shape.trace());
    writeln!(out, "{}", look.paint(Style::Bold, look.fitted(&title, look.width)))?;
    let about = format!(
        "{}, {}, {}, from {}",
        Count(shape.len(), "span"),
        Count(services.len(), "service"),
        look.duration(extent_ns),
        TimeNs(base_ns),
    );
    writeln!(out, "{}", look.fitted(&about, look.width))?;
    for process in processes {
        let service = look.fitted(&process.service, look.width / 2);
        let room = look.width.saturating_sub(super::fit::columns(&service) + 1);
        let about = look.fitted(&about_process(look, process), room);
        let service = look.paint(Style::Service, service);
        writeln!(out, "{service} {}", look.paint(Style::Dim, about))?;
        for warning in &process.warnings {
            let warning = look.fitted(&format!("  ! {warning}"), look.width);
            writeln!(out, "{}", look.paint(Style::Warning, warning))?;
        }
    }
    Ok(())
}

/// How sure its times are, and its attributes.
fn about_process(look: Look, process: &Process) -> String {
    let clock = process.error_ns().map(|error_ns| format!("clock {}", look.bound(error_ns)));
    let others = process.attributes.iter().filter(|(key, ..)| key != CLOCK_ERROR);
    let others = others.map(|(key, _, value)| format!("{key}={value}"));
    clock.into_iter().chain(others).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "show_tests.rs"]
mod tests;
