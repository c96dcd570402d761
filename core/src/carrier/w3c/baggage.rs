//! `baggage`: items of the user's, which are not part of the context.

use super::super::baggage::{inject_list, member};
use super::super::escape::Plus;
use super::super::text::{is, is_token, split, trim};
use super::super::{Carried, TextReader, TextWriter};

/// The header's name; names of headers have no case.
pub const BAGGAGE: &str = "baggage";

/// As many members as W3C wants everyone to pass on.
pub const MAX_BAGGAGE_MEMBERS: usize = 64;

/// As long a header as W3C wants everyone to pass on, in bytes.
pub const MAX_BAGGAGE_LEN: usize = 8192;

/// Sets `baggage` to these items, if there are any, in at most `N` bytes, which are on the stack.
///
/// [`MAX_BAGGAGE_LEN`] is what W3C asks for; fewer are carried as far as they go. A key must be a
/// token (letters, digits and ``!#$%&'*+-.^_`|~``); an item with another one counts as malformed.
///
/// ```
/// # use spandrel::carrier::w3c;
/// let mut headers = heapless::String::<128>::new();
/// let items = [("userId", "Amélie"), ("serverNode", "DF 28")];
/// assert!(w3c::inject_baggage::<64>(&items, &mut headers).is_whole());
/// assert_eq!(headers, "baggage: userId=Am%C3%A9lie,serverNode=DF%2028\r\n");
/// ```
pub fn inject_baggage<const N: usize>(
    items: &(impl TextReader + ?Sized),
    writer: &mut (impl TextWriter + ?Sized),
) -> Carried {
    inject_list::<N>(BAGGAGE, items, writer, |_| true)
}

/// Gives the items in `baggage`, which may be there several times, to `sink`.
///
/// Properties of an item, behind a semicolon, are dropped. A plus sign is a plus sign. A value that has
/// escapes may be 256 bytes long without them; a longer one finds no room.
pub fn extract_baggage(
    reader: &(impl TextReader + ?Sized),
    sink: &mut (impl TextWriter + ?Sized),
) -> Carried {
    let mut carried = Carried::default();
    reader.each(&mut |name, list| {
        if !is(name, BAGGAGE) {
            return;
        }
        for text in split::<','>(list).filter(|text| !trim(text).is_empty()) {
            let (item, _properties) = text.split_once(';').unwrap_or((text, ""));
            match member(item).filter(|(key, value)| is_token(key) && is_value(value)) {
                Some((key, value)) => carried.unescape(key, value, Plus::Plus, sink),
                None => carried.count_malformed(),
            }
        }
    });
    carried
}

fn is_value(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\')
}
