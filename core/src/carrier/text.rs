//! Texts by name: what headers are, and baggage, and whatever else has keys and values.

use super::{Fault, NoRoom, hex};
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
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Headers<'a>(pub &'a [u8]);

impl TextReader for Headers<'_> {
    fn each(&self, each: &mut dyn FnMut(&str, &str)) {
        let mut rest = self.0;
        while !rest.is_empty() {
            let (line, behind) = hex::split_at(rest, b'\n').unwrap_or((rest, &[]));
            rest = behind;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty() {
                return;
            }
            let Some((name, value)) = hex::split_at(line, b':') else { continue };
            let text = |bytes| hex::ascii(bytes).or_else(|| core::str::from_utf8(bytes).ok());
            if let (Some(name), Some(value)) = (text(name), text(value)) {
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
        for mut part in [name, ": ", value, "\r\n"] {
            // Sixteen bytes are a few instructions, where memcpy takes hundreds at odd addresses.
            while let Some((begin, rest)) = part.split_at_checked(16) {
                self.push_str(begin).map_err(|_| NoRoom)?;
                part = rest;
            }
            self.push_str(part).map_err(|_| NoRoom)?;
        }
        Ok(())
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
    let (name, name_rest) = name.as_bytes().as_chunks::<4>();
    let (wanted, wanted_rest) = wanted.as_bytes().as_chunks::<4>();
    // What differs may only be the bit of the case, where there is a letter.
    let differs = |name: u32, wanted: u32| (name ^ wanted) & !(wanted >> 1 & 0x2020_2020);
    let of_bytes = |name: &u8, wanted: &u8| differs((*name).into(), (*wanted).into()) == 0;
    let of_groups = |name: &[u8; 4], wanted: &[u8; 4]| {
        differs(u32::from_le_bytes(*name), u32::from_le_bytes(*wanted)) == 0
    };
    name.len() == wanted.len()
        && name_rest.len() == wanted_rest.len()
        && name.iter().zip(wanted).all(|(name, wanted)| of_groups(name, wanted))
        && name_rest.iter().zip(wanted_rest).all(|(name, wanted)| of_bytes(name, wanted))
}

/// Without the space around it that headers may have.
#[inline]
pub(super) fn trim(mut text: &str) -> &str {
    while let Some(rest) = text.strip_prefix(' ').or_else(|| text.strip_prefix('\t')) {
        text = rest;
    }
    while let Some(rest) = text.strip_suffix(' ').or_else(|| text.strip_suffix('\t')) {
        text = rest;
    }
    text
}

/// The parts between commas, or whatever else separates them.
///
/// The standard library's splitting has an index in it that the compiler cannot see to be right.
pub(super) fn split<const SEPARATOR: char>(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    core::iter::from_fn(move || {
        let text = rest.take()?;
        let Some((part, behind)) = text.split_once(SEPARATOR) else { return Some(text) };
        rest = Some(behind);
        Some(part)
    })
}

/// Whether a text may be a header's name, or a key in `baggage`: a token, as HTTP calls it.
pub(super) fn is_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

/// Reads the one value of a header with `read`, and says whether there is such a header.
///
/// # Errors
/// That of `read`, or where there is more than one.
#[inline]
pub(super) fn only(
    reader: &(impl TextReader + ?Sized),
    header: &str,
    mut read: impl FnMut(&str) -> Result<(), Fault>,
) -> Result<bool, Fault> {
    let mut found = None;
    reader.each(&mut |name, value| {
        if is(name, header) {
            found = Some(if found.is_none() { read(trim(value)) } else { Err(Fault::Repeated) });
        }
    });
    found.transpose().map(|found| found.is_some())
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
    fn names_have_no_case() {
        for name in ["x-b3-traceid", "X-B3-TraceId", "X-B3-TRACEID"] {
            assert!(is(name, "x-b3-traceid"));
        }
        for name in
            ["x_b3_traceid", "x\rb3-traceid", "x-\"3-traceid", "x-b\u{13}-traceid", "x-b3-trace"]
        {
            assert!(!is(name, "x-b3-traceid"), "{name}");
        }
        for byte in 0..128_u8 {
            for wanted in b"abz-3".map(char::from) {
                let (name, wanted) = (Text::from(char::from(byte)), Text::from(wanted));
                assert_eq!(is(&name, &wanted), name.eq_ignore_ascii_case(&wanted));
                let (name, wanted) = (name.repeat(5), wanted.repeat(5));
                assert_eq!(is(&name, &wanted), name.eq_ignore_ascii_case(&wanted));
            }
        }
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
