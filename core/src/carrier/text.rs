//! Texts by name: what headers are, and baggage, and whatever else has keys and values.

use super::{ExtractError, Fault, Format, NoRoom};
use heapless::{String, Vec};

/// Pairs of texts that can be looked at: header lines, or items of baggage.
///
/// ```
/// # use spandrel::carrier::{Headers, w3c};
/// # let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let pairs = [("Accept", "*/*"), ("TraceParent", text)];
/// assert!(w3c::extract(&pairs)?.is_some());
/// let block = Headers(b"Accept: */*\r\n\r\n");
/// assert!(w3c::extract(&block)?.is_none());
/// # Ok::<_, spandrel::carrier::ExtractError>(())
/// ```
pub trait TextReader {
    /// Calls `each` with the name and the value of every pair, in order.
    ///
    /// Names may be of any case. Space around a value may be left out.
    fn each(&self, each: &mut dyn FnMut(&str, &str));
}

/// Takes pairs of texts: header lines, or items of baggage.
///
/// What becomes of an earlier pair with the same name is up to it: a map replaces it, a list keeps
/// both. No carrier writes a name twice.
pub trait TextWriter {
    /// Takes one pair.
    ///
    /// # Errors
    /// If it does not fit; then nothing of it was taken.
    fn set(&mut self, name: &str, value: &str) -> Result<(), NoRoom>;
}

/// The bytes of a block of header lines, `name: value`, each with its end of line.
///
/// It ends with an empty line, or where the bytes end. Lines without a colon, as the first of a
/// request, and lines that are not UTF-8 are passed over.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a [u8]);

impl TextReader for Headers<'_> {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        for line in self.0.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                return;
            }
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
            if let (Ok(name), Ok(value)) = (core::str::from_utf8(name), core::str::from_utf8(value))
            {
                each(name, trim(value));
            }
        }
    }
}

/// Header lines, `name: value` and the end of line, as HTTP has them; without the empty line.
impl<const N: usize> TextWriter for String<N> {
    fn set(&mut self, name: &str, value: &str) -> Result<(), NoRoom> {
        let wanted = name.len().saturating_add(value.len()).saturating_add(": \r\n".len());
        if wanted > self.capacity() - self.len() {
            return Err(NoRoom);
        }
        [name, ": ", value, "\r\n"]
            .iter()
            .try_for_each(|part| self.push_str(part).map_err(|_| NoRoom))
    }
}

impl<K: AsRef<str>, V: AsRef<str>> TextReader for [(K, V)] {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.iter().for_each(|(name, value)| each(name.as_ref(), value.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> TextReader for [(K, V); N] {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(each);
    }
}

impl<K: AsRef<str>, V: AsRef<str>, const N: usize> TextReader for Vec<(K, V), N> {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        self.as_slice().each(each);
    }
}

/// A list of `N` pairs at most, of names up to `K` and values up to `V` bytes.
impl<const K: usize, const V: usize, const N: usize> TextWriter for Vec<(String<K>, String<V>), N> {
    fn set(&mut self, name: &str, value: &str) -> Result<(), NoRoom> {
        let name = String::try_from(name).map_err(|_| NoRoom)?;
        let value = String::try_from(value).map_err(|_| NoRoom)?;
        self.push((name, value)).map_err(|_| NoRoom)
    }
}

/// Whether a name is this one, whatever its case; `wanted` is in lower case.
#[inline]
pub(super) fn is(name: &str, wanted: &str) -> bool {
    name.len() == wanted.len() && name.eq_ignore_ascii_case(wanted)
}

/// Without the space around it that headers may have.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// Whether a text may be a header's name, or a key in `baggage`: a token, as HTTP calls it.
pub(super) fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

/// What `parse` makes of the one value of a header; none if there is no such header.
#[inline]
pub(super) fn only<T>(
    reader: &(impl TextReader + ?Sized),
    format: Format,
    header: &str,
    parse: impl Fn(&str) -> Result<T, ExtractError>,
) -> Result<Option<T>, ExtractError> {
    let mut found = None;
    reader.each(&mut |name, value| {
        if is(name, header) {
            found = Some(match found {
                None => parse(value),
                Some(_) => Err(Fault::Repeated.of(format)),
            });
        }
    });
    found.transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String as Text;
    use std::vec::Vec as List;

    fn pairs(reader: &dyn TextReader) -> List<(Text, Text)> {
        let mut pairs = List::new();
        reader.each(&mut |name, value| pairs.push((name.into(), value.into())));
        pairs
    }

    #[test]
    fn a_block_of_headers_ends_with_an_empty_line() {
        let block =
            b"GET / HTTP/1.1\r\nHost: a:80\r\nempty:\nbad: \xff\r\n X: \t y \r\n\r\nbody: no";
        let wanted = [("Host", "a:80"), ("empty", ""), (" X", "y")];
        let found = pairs(&Headers(block));
        assert_eq!(found, wanted.map(|(name, value)| (name.into(), value.into())));
        assert!(pairs(&Headers(b"")).is_empty());
    }

    #[test]
    fn a_line_that_does_not_fit_leaves_nothing_behind() {
        let mut block = String::<12>::new();
        assert_eq!(block.set("name", "values"), Err(NoRoom));
        assert_eq!(block.set("a", "b"), Ok(()));
        assert_eq!(block.set("c", "d"), Ok(()));
        assert_eq!(block.set("e", "f"), Err(NoRoom));
        assert_eq!(block, "a: b\r\nc: d\r\n");
    }

    #[test]
    fn a_list_takes_what_fits() {
        let mut list = Vec::<(String<2>, String<3>), 1>::new();
        assert_eq!(list.set("abc", "d"), Err(NoRoom));
        assert_eq!(list.set("ab", "defg"), Err(NoRoom));
        assert_eq!(list.set("ab", "def"), Ok(()));
        assert_eq!(list.set("a", "d"), Err(NoRoom));
        assert_eq!(pairs(&list), [("ab".into(), "def".into())]);
    }
}
