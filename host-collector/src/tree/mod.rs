//! A trace as a tree for the terminal.

mod forest;
mod parts;
mod rails;

pub(crate) use forest::{Forest, Line};
pub(crate) use parts::{Painted, Style};
pub(crate) use rails::{DEEPEST_INDENT, Glyphs, Rails};

use crate::model::{Resource, Span, Status, Trace};
use crate::text::{Count, DurationNs, Escaped, TimeNs};
use core::fmt::{self, Display, Formatter};
use parts::{Tags, Warning};
use std::collections::HashSet;

/// A trace, written as a tree by its [`Display`].
///
/// It ends with a newline. Text from devices is escaped, see [`Escaped`].
#[derive(Clone, Copy, Debug)]
pub struct Tree<'a> {
    trace: &'a Trace,
    colour: bool,
}

impl<'a> Tree<'a> {
    /// The tree of `trace`, with terminal colours if `colour`.
    #[must_use]
    pub fn new(trace: &'a Trace, colour: bool) -> Self {
        Self { trace, colour }
    }

    fn paint<T: Display>(&self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.colour.then_some(style), text }
    }

    fn head(&self, f: &mut Formatter<'_>, spans: &[(&Resource, &Span)]) -> fmt::Result {
        let Some((start_ns, end_ns)) = self.trace.bounds_ns() else { return Ok(()) };
        let services: HashSet<_> =
            spans.iter().map(|(resource, _)| &resource.service_name).collect();
        let title = self.paint(Style::Bold, format!("trace {}", self.trace.id));
        writeln!(
            f,
            "{title}  {}, {}, {}, from {}",
            Count(spans.len(), "span"),
            Count(services.len(), "service"),
            DurationNs(end_ns - start_ns),
            TimeNs(start_ns),
        )?;
        let mut seen = HashSet::new();
        for (process, _) in spans {
            if !seen.insert(process) || process.attributes.is_empty() && process.warnings.is_empty()
            {
                continue;
            }
            let name = self.paint(Style::Service, Escaped(&process.service_name));
            writeln!(f, "  {name} {}", self.paint(Style::Dim, Tags(&process.attributes)))?;
            for warning in &process.warnings {
                writeln!(f, "    {}", self.paint(Style::Warning, Warning(warning)))?;
            }
        }
        Ok(())
    }

    fn span(
        &self,
        f: &mut Formatter<'_>,
        line: &Line<'_>,
        rails: &Rails,
        start_ns: u64,
    ) -> fmt::Result {
        let (resource, span) = (line.resource, line.span);
        let before = rails.before(Glyphs::LINES, DEEPEST_INDENT);
        let service = self.paint(Style::Service, Escaped(&resource.service_name));
        let name = self.paint(Style::Bold, Escaped(&span.name));
        let duration = DurationNs(span.duration_ns());
        let offset = DurationNs(span.start_ns.saturating_sub(start_ns));
        write!(f, "{before}{service} {name}  {duration}  +{offset}")?;
        if let Some(kind) = span.kind.tag() {
            write!(f, "  {}", self.paint(Style::Dim, kind))?;
        }
        if let Status::Error(description) = &span.status {
            let colon = if description.is_empty() { "" } else { ": " };
            let error = format_args!("  error{colon}{}", Escaped(description));
            write!(f, "{}", self.paint(Style::Error, error))?;
        }
        writeln!(f)?;

        let below = if line.has_children { "\u{2502} " } else { "  " };
        let rails = rails.before_details(Glyphs::LINES, DEEPEST_INDENT);
        let rails = format!("{rails}{below}");
        if let (true, Some(parent)) = (line.orphan, span.parent_span_id) {
            let text = format!("its parent {parent} is not here");
            writeln!(f, "{rails}{}", self.paint(Style::Warning, Warning(&text)))?;
        }
        if !span.attributes.is_empty() {
            writeln!(f, "{rails}{}", self.paint(Style::Dim, Tags(&span.attributes)))?;
        }
        for event in &span.events {
            let offset = DurationNs(event.time_ns.saturating_sub(start_ns));
            let gap = if event.name.is_empty() { "" } else { " " };
            let (name, tags) = (Escaped(&event.name), Tags(&event.attributes));
            let log = format_args!("+{offset} {name}{gap}{tags}");
            writeln!(f, "{rails}{}", self.paint(Style::Dim, log))?;
        }
        for warning in &span.warnings {
            writeln!(f, "{rails}{}", self.paint(Style::Warning, Warning(warning)))?;
        }
        Ok(())
    }
}

impl Display for Tree<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let spans = self.trace.in_order();
        let spans: Vec<_> = spans.into_iter().map(|(resource, span)| (&**resource, span)).collect();
        let start_ns = self.trace.bounds_ns().map_or(0, |(start_ns, _)| start_ns);
        self.head(f, &spans)?;
        let mut rails = Rails::default();
        Forest::new(spans).try_for_each(|line| {
            rails.enter(line.depth, line.last);
            self.span(f, &line, &rails, start_ns)
        })
    }
}

#[cfg(test)]
mod tests;
