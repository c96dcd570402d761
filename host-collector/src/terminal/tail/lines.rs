//! A line for each span, for who is no terminal.

use super::live::Live;
use crate::terminal::look::Look;
use crate::terminal::when;
use crate::tree::Style;
use std::io::{self, Write};

/// Writes the line of a span: when, who, what, how long, and its tags.
pub(super) fn write(out: &mut impl Write, look: Look, span: &Live) -> io::Result<()> {
    let service = look.paint(Style::Service, look.plain(&span.service));
    let name = look.paint(Style::Bold, look.plain(&span.name));
    let (time, duration) = (when(span.start_ns), look.duration(span.duration_ns));
    write!(out, "{time}  {service} {name}  {duration}")?;
    if span.failed {
        write!(out, "  {}", look.paint(Style::Error, "failed"))?;
    }
    if span.warnings > 0 {
        write!(out, "  {}", look.paint(Style::Warning, "warned"))?;
    }
    let mut tags = format!("trace={} span={}", look.plain(&span.trace), look.plain(&span.id));
    for (key, _, value) in &span.attributes {
        let is_plain = !value.is_empty() && !value.contains([' ', '=', '"']);
        let quote = if is_plain { "" } else { "\"" };
        tags.push_str(&format!(" {}={quote}{}{quote}", look.plain(key), look.plain(value)));
    }
    writeln!(out, "  {}", look.paint(Style::Dim, tags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terminal::testing::look;

    #[test]
    fn a_span_is_one_line_whatever_is_in_it() {
        let text = r#"{"trace":"0a","id":"0b","service":"sen\nsor","name":"read\u001b[2J","start_ns":"1790000000123456789",
            "duration_ns":"1500000","failed":true,"attributes":[["bus","int64","1"],["state","string","half\topen"]],"x":{}}"#;
        let span: Live = serde_json::from_str(text).unwrap();
        let mut out = Vec::new();
        write(&mut out, look(40), &span).unwrap();
        let expected = "2026-09-21 14:13:20.123  sen\\nsor read\\u{1b}[2J  1.500 ms  failed  \
                        trace=0a span=0b bus=1 state=half\\topen\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
