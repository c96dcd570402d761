//! One line of the log.

use crate::text::{Escaped, TimeNs};
use core::fmt::Write;
use log::kv::{Key, Value, VisitSource, VisitValue};
use log::{Level, Record, kv};

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: the level, where it is none of the usual, and the message.
    Text,
    /// For programs: an object of JSON.
    Json,
}

impl Format {
    /// The line, without its end.
    pub(super) fn line(self, record: &Record<'_>, now_ns: u64) -> String {
        match self {
            Self::Text => text(record),
            Self::Json => json(record, now_ns),
        }
    }
}

fn text(record: &Record<'_>) -> String {
    let level = match record.level() {
        Level::Error => "error: ",
        Level::Warn => "warning: ",
        Level::Info => "",
        Level::Debug | Level::Trace => "debug: ",
    };
    // What servers and devices say is part of it.
    format!("{level}{}", Escaped(&record.args().to_string()))
}

fn json(record: &Record<'_>, now_ns: u64) -> String {
    let level = record.level().as_str().to_lowercase();
    let mut line = format!(r#"{{"time":"{}","level":"{level}","target":"#, TimeNs(now_ns));
    push_string(&mut line, record.target());
    line.push_str(r#","message":"#);
    push_string(&mut line, &record.args().to_string());
    let mut fields = Fields(String::new());
    // A field that cannot be told does not keep the line from being written.
    let _ = record.key_values().visit(&mut fields);
    if !fields.0.is_empty() {
        let _ = write!(line, r#","fields":{{{}}}"#, fields.0);
    }
    line.push('}');
    line
}

struct Fields(String);

impl<'kvs> VisitSource<'kvs> for Fields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        push_string(&mut self.0, key.as_str());
        self.0.push(':');
        value.visit(Literal(&mut self.0))
    }
}

struct Literal<'a>(&'a mut String);

impl Literal<'_> {
    fn push(self, number: impl core::fmt::Display) -> Result<(), kv::Error> {
        let _ = write!(self.0, "{number}");
        Ok(())
    }
}

impl VisitValue<'_> for Literal<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        push_string(self.0, &value.to_string());
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), kv::Error> {
        Literal(self.0).push("null")
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        Literal(self.0).push(value)
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        Literal(self.0).push(value)
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        match value.is_finite() {
            true => Literal(self.0).push(format_args!("{value:?}")),
            false => self.visit_any(Value::from_debug(&value)),
        }
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        Literal(self.0).push(value)
    }
}

/// A string of JSON in which nothing acts on a terminal either.
fn push_string(to: &mut String, text: &str) {
    to.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => to.extend(['\\', letter]),
            '\n' => to.push_str("\\n"),
            _ if letter.is_control() => {
                let _ = write!(to, "\\u{:04x}", u32::from(letter));
            }
            _ => to.push(letter),
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AT_NS: u64 = 1_700_000_000_123_456_789;

    fn json_of(message: &str, fields: &[(&str, Value<'_>)]) -> serde_json::Value {
        let args = format_args!("{message}");
        let mut record = Record::builder();
        record.level(Level::Warn).target("spandrel_collector::x").args(args).key_values(&fields);
        serde_json::from_str(&Format::Json.line(&record.build(), AT_NS)).unwrap()
    }

    #[test]
    fn a_line_of_json_says_when_where_and_what() {
        let fields = [
            ("spans", Value::from(u64::MAX)),
            ("offset", Value::from(-3)),
            ("share", Value::from(0.5)),
            ("none", Value::from(f64::NAN)),
            ("whole", Value::from(true)),
            ("peer", Value::from("udp \"1\"")),
        ];
        let expected = serde_json::json!({
            "time": "2023-11-14T22:13:20.123456Z",
            "level": "warn",
            "target": "spandrel_collector::x",
            "message": "a\tb\n\"c\"\u{1b}[2J",
            "fields": {
                "spans": u64::MAX, "offset": -3, "share": 0.5, "none": "NaN", "whole": true,
                "peer": "udp \"1\"",
            },
        });
        assert_eq!(json_of("a\tb\n\"c\"\u{1b}[2J", &fields), expected);
        assert!(json_of("plain", &[]).get("fields").is_none());
    }

    #[test]
    fn a_line_of_text_has_no_fields_and_moves_no_cursor() {
        let (args, fields) = (format_args!("a\u{1b}[2J\nb"), [("spans", Value::from(1))]);
        let mut record = Record::builder();
        record.level(Level::Error).target("x").args(args).key_values(&fields);
        assert_eq!(Format::Text.line(&record.build(), AT_NS), "error: a\\u{1b}[2J\\nb");
    }

    proptest! {
        #[test]
        fn any_message_is_one_line_of_json(message in any::<String>()) {
            let line = json_of(&message, &[]);
            prop_assert_eq!(line["message"].as_str(), Some(&*message));
        }
    }
}
