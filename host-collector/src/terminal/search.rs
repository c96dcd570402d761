//! `spandrel search`: traces that match.

use super::answers::{Found, Traces};
use super::ask::Source;
use super::error::Error;
use super::look::Look;
use super::options::Looking;
use super::table::{self, Cell, Column, cell};
use super::{Outcome, empty, harmless, when};
use crate::text::Count;
use crate::tree::Style;
use clap::Args;
use std::io::{self, Write};

/// Below this a table of traces has no room for what they are.
const NARROW: usize = 100;

/// What spans must have, of a search and of what is shown as it comes.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub struct Conditions {
    /// Of this service.
    #[arg(long, short, value_name = "NAME")]
    pub service: Option<String>,
    /// Of this operation.
    #[arg(long, short, value_name = "NAME")]
    pub operation: Option<String>,
    /// With this tag, or with any value of it. Give it once for each.
    #[arg(long = "tag", short, value_name = "KEY[=VALUE]")]
    pub tags: Vec<String>,
    /// On this side of a call.
    #[arg(long, value_parser = ["internal", "server", "client", "producer", "consumer"])]
    pub kind: Option<String>,
    /// That call this service.
    #[arg(long, value_name = "NAME")]
    pub peer: Option<String>,
    /// That took so long at least, such as 1.5ms, 100us or 2s.
    #[arg(long, value_name = "DURATION")]
    pub min: Option<String>,
    /// That took so long at most.
    #[arg(long, value_name = "DURATION")]
    pub max: Option<String>,
    /// That failed; with false, that did not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub failed: Option<bool>,
}

/// Options of `spandrel search`.
#[derive(Args, Clone, Debug)]
#[group(skip)]
pub struct Search {
    /// What one of its spans must have.
    #[command(flatten)]
    pub conditions: Conditions,
    /// That started no earlier: so long ago as 1h or 30s, or nanoseconds since 1970.
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// That started no later.
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    /// So many traces at most, the newest.
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub limit: u32,
    /// Who is asked.
    #[command(flatten)]
    pub looking: Looking,
}

impl Conditions {
    /// As parameters of the API.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let single = [
            ("service", &self.service),
            ("operation", &self.operation),
            ("kind", &self.kind),
            ("peer", &self.peer),
            ("min", &self.min),
            ("max", &self.max),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let tags = self.tags.iter().map(|tag| ("tag", tag.clone()));
        let failed = self.failed.map(|failed| ("failed", failed.to_string()));
        single.chain(tags).chain(failed).collect()
    }
}

/// `1h` is a time ago, as is `-1h`; a number is a moment.
fn moment(text: &str) -> String {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number || text.starts_with('-') { text.to_owned() } else { format!("-{text}") }
}

/// Searches, and shows what is found.
pub(super) fn search(options: &Search, out: &mut impl Write) -> Result<Outcome, Error> {
    let mut query = options.conditions.query();
    query.extend(options.from.as_deref().map(|from| ("from", moment(from))));
    query.extend(options.to.as_deref().map(|to| ("to", moment(to))));
    query.push(("limit", options.limit.to_string()));
    let mut source = Source::of(&options.looking)?;
    if options.looking.asking.json {
        let reply = source.get("/traces", &query)?;
        let Ok(reply) = reply else { return Ok(Outcome::Nothing) };
        let traces: Traces = serde_json::from_slice(&reply.body).unwrap_or_default();
        writeln!(out, "{}", harmless(&String::from_utf8_lossy(&reply.body)))?;
        return Ok(Outcome::of(!traces.traces.is_empty()));
    }
    let Traces { traces } = source.json("/traces", &query)?.unwrap_or_default();
    if traces.is_empty() {
        return empty(
            "no trace matches: leave out a condition, or see what there is with `spandrel services --operations`",
        );
    }
    write(out, options.looking.asking.look(), &traces)?;
    Ok(Outcome::Found)
}

fn write(out: &mut impl Write, look: Look, traces: &[Found]) -> io::Result<()> {
    if look.width < NARROW {
        return traces.iter().try_for_each(|found| write_below(out, look, found));
    }
    let columns = [
        Column::id("TRACE"),
        Column::id("START").or_without(1),
        Column::number("DURATION"),
        Column::number("SPANS"),
        Column::number("FAILED").or_without(2),
        Column::text("ROOT"),
    ];
    let rows: Vec<_> = traces.iter().map(|found| row(look, found)).collect();
    table::write(out, look, &columns, &rows)
}

fn row(look: Look, found: &Found) -> Vec<Cell> {
    let failed = match found.errors {
        0 => cell(""),
        errors => (errors.to_string(), Some(Style::Error)),
    };
    vec![
        (found.id.clone(), Some(Style::Bold)),
        cell(when(found.start_ns)),
        cell(look.duration(found.duration_ns)),
        cell(found.spans.to_string()),
        failed,
        cell(root(found)),
    ]
}

/// What a trace is about, and who else took part.
fn root(found: &Found) -> String {
    let others = found.services.len().saturating_sub(1);
    let mut root = match (&*found.service, &*found.name) {
        // Whoever began it is not here.
        ("", _) => {
            let names: Vec<_> = found.services.iter().map(|service| &*service.name).collect();
            return format!("(no root) {}", names.join(", "));
        }
        (service, name) => format!("{service} {name}"),
    };
    if others > 0 {
        root.push_str(&format!(", {}", Count(found.services.len(), "service")));
    }
    root
}

/// A trace on lines of its own, for where an id fills one.
fn write_below(out: &mut impl Write, look: Look, found: &Found) -> io::Result<()> {
    writeln!(out, "{}", look.paint(Style::Bold, look.fitted(&found.id, look.width)))?;
    writeln!(out, "  {}", look.fitted(&root(found), look.width.saturating_sub(2)))?;
    let mut counts = format!(
        "{}  {}",
        look.duration(found.duration_ns),
        Count(usize::try_from(found.spans).unwrap_or(usize::MAX), "span")
    );
    if found.errors > 0 {
        counts.push_str(&format!("  {} failed", found.errors));
    }
    if found.orphans > 0 {
        counts.push_str(&format!("  {} without parent", found.orphans));
    }
    let line = format!("{}  {counts}", when(found.start_ns));
    let line = if line.chars().count() + 2 > look.width { counts } else { line };
    writeln!(out, "  {}", look.paint(Style::Dim, look.fitted(&line, look.width.saturating_sub(2))))
}

#[cfg(test)]
mod tests {
    use super::super::answers::Share;
    use super::super::testing::look;
    use super::*;

    fn found() -> Vec<Found> {
        let share = |name: &str| Share { name: name.to_owned() };
        let good = Found {
            id: "986c2a15b24b2fd3d6296ecd3f55d8cb".to_owned(),
            service: "hello-world".to_owned(),
            name: "say-hello".to_owned(),
            start_ns: 1_764_190_000_123_456_789,
            duration_ns: 53_650_000,
            spans: 5,
            services: vec![share("formatter"), share("hello-world"), share("publisher")],
            ..Found::default()
        };
        let hostile = Found {
            id: "0000000000000000000000000000000a".to_owned(),
            start_ns: 1_000,
            duration_ns: 999,
            spans: 1,
            errors: 1,
            orphans: 1,
            services: vec![share("a\x1b[31m\u{202e}b")],
            ..Found::default()
        };
        vec![good, hostile]
    }

    fn shown(look: Look) -> String {
        let mut out = Vec::new();
        write(&mut out, look, &found()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_wide_screen_has_a_table() {
        let expected = "\
TRACE                             START                     DURATION  SPANS  FAILED  ROOT
986c2a15b24b2fd3d6296ecd3f55d8cb  2025-11-26 20:46:40.123  53.650 ms      5          hello-world say-hello, 3 services
0000000000000000000000000000000a  1970-01-01 00:00:00.000     999 ns      1       1  (no root) a\\u{1b}[31m\\u{202e}b
";
        assert_eq!(shown(look(200)), expected);
    }

    #[test]
    fn a_narrow_screen_has_lines_for_each_trace() {
        let expected = "\
986c2a15b24b2fd3d6296ecd3f55d8cb
  hello-world say-hello, 3 services
  53.650 ms  5 spans
0000000000000000000000000000000a
  (no root) a\\u{1b}[31m\\u{202e}b
  999 ns  1 span  1 failed  1 without p…
";
        assert_eq!(shown(look(40)), expected);
        let line = "\n  2025-11-26 20:46:40.123  53.650 ms  5 spans\n";
        assert!(shown(look(80)).contains(line), "{}", shown(look(80)));
    }

    #[test]
    fn colours_mark_ids_and_failures() {
        let coloured = shown(Look { colour: true, ..look(200) });
        assert!(coloured.contains("\x1b[1m986c2a15b24b2fd3d6296ecd3f55d8cb\x1b[0m"), "{coloured}");
        assert!(coloured.contains("\x1b[31m1\x1b[0m"), "{coloured}");
    }

    #[test]
    fn a_time_without_a_sign_is_a_time_ago() {
        assert_eq!([moment("1h"), moment("-30s"), moment("12")], ["-1h", "-30s", "12"]);
    }
}
