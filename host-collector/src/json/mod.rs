//! JSON that is written as it is walked, without a tree in between.
//!
//! Whoever writes says where a list or an object begins and ends; commas are in what is written, so
//! that what is always the same is one piece.

#[cfg(test)]
mod tests;
mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use core::ops::Range;
use std::io::Write as _;
use words::{PLAIN, hex8, is_plain, word};

/// Writes into one buffer.
#[derive(Debug, Default)]
pub struct Writer {
    buf: Vec<u8>,
}

impl Writer {
    /// Nothing yet, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(bytes: usize) -> Self {
        Self { buf: Vec::with_capacity(bytes) }
    }

    /// What was written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.buf
    }

    /// What was written, as text.
    #[must_use]
    pub fn into_text(self) -> String {
        // Whatever is written is text.
        String::from_utf8(self.buf).unwrap_or_default()
    }

    /// How many bytes were written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buf.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buf.is_empty()
    }

    /// Makes room for so many bytes more.
    pub fn reserve(&mut self, bytes: usize) {
        self.buf.reserve(bytes);
    }

    /// What was written before, from one length to another.
    pub fn again(&mut self, written: Range<usize>) {
        if self.buf.get(written.clone()).is_some() {
            self.buf.extend_from_within(written);
        }
    }

    /// JSON as it is.
    #[inline]
    pub fn raw(&mut self, json: &str) {
        self.buf.extend_from_slice(json.as_bytes());
    }

    /// JSON that somebody has written already.
    #[inline]
    pub fn bytes(&mut self, json: &[u8]) {
        self.buf.extend_from_slice(json);
    }

    /// A string.
    pub fn string(&mut self, text: &str) {
        self.buf.push(b'"');
        self.escaped(text);
        self.buf.push(b'"');
    }

    /// What stands between the quotes of a string.
    pub fn escaped(&mut self, text: &str) {
        if !self.plain(text.as_bytes()) {
            self.escape_all(text);
        }
    }

    /// The same of bytes that should be text; nothing if they are none.
    #[inline]
    pub fn escaped_bytes(&mut self, bytes: &[u8]) {
        // ASCII is text: nobody has to look at it twice.
        if !self.plain(bytes) {
            self.escape_all(str::from_utf8(bytes).unwrap_or_default());
        }
    }

    /// Writes text that nothing has to be done to, as almost all is; else nothing.
    #[inline]
    fn plain(&mut self, text: &[u8]) -> bool {
        if let Some(word) = word(text) {
            let bits = 8 * u32::try_from(text.len()).unwrap_or(8);
            let is_plain = is_plain(word | PLAIN.unbounded_shl(bits));
            if is_plain {
                let end = self.buf.len() + text.len();
                self.buf.extend_from_slice(&word.to_le_bytes());
                self.buf.truncate(end);
            }
            return is_plain;
        }
        let (words, _) = text.as_chunks();
        // The last overlaps with others.
        let mut words = words.iter().chain(text.last_chunk());
        let is_plain = words.all(|word| is_plain(u64::from_le_bytes(*word)));
        if is_plain {
            self.buf.extend_from_slice(text);
        }
        is_plain
    }

    fn escape_all(&mut self, text: &str) {
        // Without a way out, so that many bytes are looked at at once.
        if !text.bytes().fold(false, |any, byte| any | must_be_escaped(byte)) {
            self.buf.extend_from_slice(text.as_bytes());
            return;
        }
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| must_be_escaped(*byte)) {
            let (plain, behind) = rest.split_at(at);
            self.buf.extend_from_slice(plain);
            let Some((byte, behind)) = behind.split_first() else { break };
            self.escape(*byte);
            rest = behind;
        }
        self.buf.extend_from_slice(rest);
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            8 => b'b',
            12 => b'f',
            _ => {
                self.raw("\\u");
                let [.., high, low] = hex8(byte.into());
                self.buf.extend_from_slice(&[b'0', b'0', high, low]);
                return;
            }
        };
        self.buf.extend_from_slice(&[b'\\', short]);
    }

    /// A number without a sign.
    #[inline]
    pub fn unsigned(&mut self, value: u64) {
        self.raw(itoa::Buffer::new().format(value));
    }

    /// A number.
    #[inline]
    pub fn signed(&mut self, value: i64) {
        self.raw(itoa::Buffer::new().format(value));
    }

    /// A number, as JavaScript writes it: without a fraction where it has none, and with an exponent
    /// where it is very large or very small. What JSON cannot write is its name, as in protobuf's JSON.
    pub fn double(&mut self, value: f64) {
        if !value.is_finite() {
            self.string(non_finite(value));
            return;
        }
        let size = value.abs();
        if size == 0.0 || (1e-6..1e21).contains(&size) {
            write!(self.buf, "{value}").unwrap_or_default();
        } else {
            let text = format!("{value:e}");
            let plus = if text.contains("e-") { "e" } else { "e+" };
            self.raw(&text.replace('e', plus));
        }
    }

    /// Bytes as hexadecimal digits, without quotes.
    #[inline]
    pub fn hex(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        for word in words {
            self.buf.extend_from_slice(&hex8(u32::from_be_bytes(*word)));
        }
        for byte in rest {
            let [.., high, low] = hex8((*byte).into());
            self.buf.extend_from_slice(&[high, low]);
        }
    }

    /// A string with bytes in base64.
    pub fn base64(&mut self, bytes: &[u8]) {
        self.string(&BASE64.encode(bytes));
    }

    /// A list, whose items `write` writes.
    pub fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.buf.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index != 0 {
                self.buf.push(b',');
            }
            write(self, item);
        }
        self.buf.push(b']');
    }

    /// A list of strings.
    pub fn strings(&mut self, items: impl IntoIterator<Item: AsRef<str>>) {
        self.list(items, |out, text| out.string(text.as_ref()));
    }
}

fn must_be_escaped(byte: u8) -> bool {
    (byte < b' ') | (byte == b'"') | (byte == b'\\')
}

/// The name that protobuf's JSON has for a double that JSON cannot write.
fn non_finite(value: f64) -> &'static str {
    match value {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

/// JSON anew, each item on a line of its own and indented by `indent`, as Go writes it; as it is, if it is
/// none.
#[must_use]
pub fn indented(json: &[u8], indent: &str) -> Vec<u8> {
    let mut out = Writer::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut after_open, mut after_escape) =
        (0_usize, false, false, false);
    for &byte in json {
        if in_string {
            in_string = after_escape || byte != b'"';
            after_escape = !after_escape && byte == b'\\';
            out.buf.push(byte);
            continue;
        }
        if byte.is_ascii_whitespace() {
            continue;
        }
        if after_open && !matches!(byte, b']' | b'}') {
            line(&mut out, depth, indent);
        }
        let is_empty = core::mem::take(&mut after_open);
        match byte {
            b'{' | b'[' => {
                depth += 1;
                after_open = true;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if !is_empty {
                    line(&mut out, depth, indent);
                }
            }
            b'"' => in_string = true,
            _ => {}
        }
        out.buf.push(byte);
        match byte {
            b',' => line(&mut out, depth, indent),
            b':' => out.buf.push(b' '),
            _ => {}
        }
    }
    out.into_bytes()
}

fn line(out: &mut Writer, depth: usize, indent: &str) {
    out.raw("\n");
    for _ in 0..depth {
        out.raw(indent);
    }
}
