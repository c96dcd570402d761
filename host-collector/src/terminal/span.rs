//! Everything of a span.

use super::answers::{Span, Spans};
use super::ask::{Reply, Source};
use super::error::Error;
use super::look::Look;
use super::options::Asking;
use super::shape::Attribute;
use super::{Outcome, harmless};
use crate::text::TimeNs;
use crate::tree::Style;
use std::io::{self, Write};

/// Shows the spans of an answer.
pub(super) fn show(
    source: &Source,
    reply: &Reply,
    asking: &Asking,
    out: &mut impl Write,
) -> Result<Outcome, Error> {
    if asking.json {
        writeln!(out, "{}", harmless(&String::from_utf8_lossy(&reply.body)))?;
        return Ok(Outcome::Found);
    }
    let spans = serde_json::from_slice::<Spans>(&reply.body);
    let Spans { spans } =
        spans.map_err(|error| Error::Nonsense { at: source.name(), why: error.to_string() })?;
    let look = asking.look();
    for (place, span) in spans.iter().enumerate() {
        if place > 0 {
            writeln!(out)?;
        }
        write(out, look, span)?;
    }
    Ok(Outcome::of(!spans.is_empty()))
}

fn write(out: &mut impl Write, look: Look, span: &Span) -> io::Result<()> {
    let service = look.paint(Style::Service, look.plain(&span.process.service));
    writeln!(out, "{service} {}", look.paint(Style::Bold, look.plain(&span.name)))?;
    let mut line = |key: &str, style: Option<Style>, value: &str| {
        if value.is_empty() {
            return Ok(());
        }
        let (key, value) = (look.paint(Style::Dim, format!("{key:9}")), look.plain(value));
        match style {
            Some(style) => writeln!(out, "  {key} {}", look.paint(style, value)),
            None => writeln!(out, "  {key} {value}"),
        }
    };
    line("span", None, &span.id)?;
    line("trace", None, &span.trace)?;
    line("parent", None, &span.parent)?;
    line("kind", None, &span.kind)?;
    line("start", None, &TimeNs(span.start_ns).to_string())?;
    line("duration", None, &look.duration(span.duration_ns))?;
    let status = match (&*span.status, &*span.message) {
        ("unset", "") => String::new(),
        (status, "") => status.to_owned(),
        (status, message) => format!("{status}: {message}"),
    };
    line("status", (span.status == "error").then_some(Style::Error), &status)?;
    for warning in &span.warnings {
        line("warning", Some(Style::Warning), warning)?;
    }
    let counts = [
        (span.missing.attributes, "attributes"),
        (span.missing.events, "logs"),
        (span.missing.links, "references"),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        line("missing", Some(Style::Warning), &format!("{count} {what}"))?;
    }
    for attribute in &span.attributes {
        line("tag", None, &tag(attribute))?;
    }
    for event in &span.events {
        let after = look.duration(event.time_ns.saturating_sub(span.start_ns));
        let fields: Vec<_> = event.attributes.iter().map(tag).collect();
        line("log", None, format!("+{after} {} {}", event.name, fields.join(" ")).trim_end())?;
    }
    for link in &span.links {
        let fields: Vec<_> = link.attributes.iter().map(tag).collect();
        let link = format!("{} of trace {} {}", link.span, link.trace, fields.join(" "));
        line("refers to", None, link.trim_end())?;
    }
    for attribute in &span.process.attributes {
        line("process", None, &tag(attribute))?;
    }
    for warning in &span.process.warnings {
        line("process", Some(Style::Warning), &format!("! {warning}"))?;
    }
    Ok(())
}

fn tag((key, _, value): &Attribute) -> String {
    let is_plain = !value.is_empty() && !value.contains([' ', '=', '"']);
    if is_plain { format!("{key}={value}") } else { format!("{key}=\"{value}\"") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::look;
    use super::*;

    const ANSWER: &str = r#"{"trace":"01","id":"02","parent":"","name":"re\u001bad","kind":"internal",
        "start_ns":"1000","duration_ns":1500,"status":"error","message":"no \u202eecho","new":[1],
        "attributes":[["bus","int64","1"],["state","string","half open"]],
        "events":[{"time_ns":"2000","name":"retry","attributes":[["n","int64","2"]]}],
        "links":[{"trace":"0a","span":"0b","attributes":[]}],"warnings":["late"],
        "missing":{"attributes":3},"process":{"service":"sensor","attributes":[["device.id","string","11"]],"warnings":["lost"]}}"#;

    #[test]
    fn everything_of_a_span_is_shown_and_acts_on_nothing() {
        let mut out = Vec::new();
        write(&mut out, look(80), &serde_json::from_str(ANSWER).unwrap()).unwrap();
        let expected = "\
sensor re\\u{1b}ad
  span      02
  trace     01
  kind      internal
  start     1970-01-01T00:00:00.000001Z
  duration  1.500 µs
  status    error: no \\u{202e}echo
  warning   late
  missing   3 attributes
  tag       bus=1
  tag       state=\"half open\"
  log       +1.000 µs retry n=2
  refers to 0b of trace 0a
  process   device.id=11
  process   ! lost
";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
