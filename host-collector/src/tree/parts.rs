//! The pieces of a line.

use crate::model::{Attribute, Value};
use crate::text::Escaped;
use core::fmt::{self, Display, Formatter};

/// `key=value key=value`, quoted where it would be ambiguous.
pub(super) struct Tags<'a>(pub(super) &'a [Attribute]);

impl Display for Tags<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, attribute) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            write!(f, "{gap}{}=", Escaped(&attribute.key))?;
            match &attribute.value {
                Value::Bool(value) => write!(f, "{value}")?,
                Value::Int(value) => write!(f, "{value}")?,
                Value::Double(value) => write!(f, "{value:?}")?,
                Value::Str(text) if text.is_empty() || text.contains([' ', '=', '"']) => {
                    write!(f, "\"{}\"", Escaped(text))?;
                }
                Value::Str(text) => write!(f, "{}", Escaped(text))?,
                Value::Bytes(bytes) => {
                    f.write_str("0x")?;
                    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                }
            }
        }
        Ok(())
    }
}

/// Something that a reader should know.
pub(super) struct Warning<'a>(pub(super) &'a str);

impl Display for Warning<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "! {}", Escaped(self.0))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Bold,
    Dim,
    Service,
    Error,
    Warning,
    /// What a trace's duration hangs on.
    Critical,
}

/// Text in a style, or plain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Painted<T> {
    pub(crate) style: Option<Style>,
    pub(crate) text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let code = match self.style {
            None => return self.text.fmt(f),
            Some(Style::Bold) => "1",
            Some(Style::Dim) => "2",
            Some(Style::Service) => "36",
            Some(Style::Error) => "31",
            Some(Style::Warning) => "33",
            Some(Style::Critical) => "35",
        };
        write!(f, "\x1b[{code}m{}\x1b[0m", self.text)
    }
}
