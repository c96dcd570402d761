//! Headers that people set by hand, for Jaeger's clients: `jaeger-debug-id` and `jaeger-baggage`.
//!
//! ```text
//! jaeger-debug-id: {id, escaped}                     begins a trace that is recorded in any case
//! jaeger-baggage: {key}={value},{key}={value}        escaped as a whole
//! ```
//!
//! A client takes them beside those of [`super::uber`], and so do [`extract`] and [`extract_baggage`]
//! here. With the feature `std`. Source: Jaeger's clients for Go and Python.

use super::baggage::{inject_list, member};
use super::escape::{Plus, Room, escape, unescape};
use super::text::{is, split, trim};
use super::{Carried, ExtractError, NoRoom, TextReader, TextWriter, uber};
use crate::{SpanContext, TraceFlags};
use alloc::borrow::ToOwned as _;
use alloc::string::String;
use heapless::Vec;

/// The header with an id that its writer will look for; the root gets a tag with this name.
pub const DEBUG_ID: &str = "jaeger-debug-id";

/// The header with a list of baggage.
pub const BAGGAGE: &str = "jaeger-baggage";

/// How a trace goes on, or begins, that headers ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// A span in it is a child of this one.
    Context(SpanContext),
    /// It begins here, with [`Start::DEBUG_FLAGS`]; its root gets the tag [`DEBUG_ID`] with this id.
    Debug(String),
}

impl Start {
    /// The flags of a trace that begins with an id for debugging.
    pub const DEBUG_FLAGS: TraceFlags = TraceFlags::ALL;
}

/// What `uber-trace-id` says, or else `jaeger-debug-id`; none if neither is there.
///
/// An id for debugging beside a context is not used, and so is one longer than 256 bytes.
///
/// ```
/// # use spandrel::carrier::jaeger::{self, Start};
/// let start = jaeger::extract(&[("Jaeger-Debug-Id", "my%20bug")])?;
/// assert_eq!(start, Some(Start::Debug("my bug".into())));
/// # Ok::<_, spandrel::carrier::ExtractError>(())
/// ```
///
/// # Errors
/// As [`uber::extract`].
pub fn extract(reader: &(impl TextReader + ?Sized)) -> Result<Option<Start>, ExtractError> {
    if let Some(context) = uber::extract(reader)? {
        return Ok(Some(Start::Context(context)));
    }
    let mut debug = None;
    reader.each(&mut |name, value| {
        if is(name, DEBUG_ID) {
            let mut room = Room::new();
            let id = unescape(trim(value), Plus::Space, &mut room);
            debug = id.filter(|id| !id.is_empty()).map(|id| Start::Debug(id.to_owned()));
        }
    });
    Ok(debug)
}

/// Sets `jaeger-debug-id`, of at most 256 bytes escaped.
///
/// # Errors
/// If it is longer, or the writer has no room.
pub fn inject_debug_id(id: &str, writer: &mut (impl TextWriter + ?Sized)) -> Result<(), NoRoom> {
    let mut escaped = Vec::<u8, 256>::new();
    escape(id, &mut escaped).ok_or(NoRoom)?;
    writer.set(DEBUG_ID, core::str::from_utf8(&escaped).map_err(|_| NoRoom)?)
}

/// Gives the items of `uberctx-` headers and of `jaeger-baggage` to `sink`.
///
/// The list may be 256 bytes long without its escapes, if it has any; a longer one counts as one item
/// that found no room.
pub fn extract_baggage(
    reader: &(impl TextReader + ?Sized),
    sink: &mut (impl TextWriter + ?Sized),
) -> Carried {
    let mut carried = uber::extract_baggage(reader, sink);
    reader.each(&mut |name, value| {
        if !is(name, BAGGAGE) {
            return;
        }
        let mut room = Room::new();
        let Some(list) = unescape(value, Plus::Space, &mut room) else {
            return carried.count(false);
        };
        for text in split::<','>(list).filter(|text| !trim(text).is_empty()) {
            match member(text).filter(|(key, value)| !key.is_empty() && is_fit(value)) {
                Some((key, value)) => carried.count(sink.set(key, value).is_ok()),
                None => carried.count_malformed(),
            }
        }
    });
    carried
}

/// Sets `jaeger-baggage` to these items, if there are any, in at most `N` bytes.
///
/// A key must be a token. A value with a comma or `=` in it, or with space around it, would be read as
/// something else: it counts as malformed.
pub fn inject_baggage<const N: usize>(
    items: &(impl TextReader + ?Sized),
    writer: &mut (impl TextWriter + ?Sized),
) -> Carried {
    inject_list::<N>(BAGGAGE, items, writer, |value| is_fit(value) && trim(value) == value)
}

fn is_fit(value: &str) -> bool {
    !value.contains([',', '='])
}

#[cfg(test)]
mod tests {
    use super::super::tests::Pairs;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_debug_id_comes_back_and_gives_way_to_a_context() {
        let mut headers = Pairs::new();
        inject_debug_id("a b+c", &mut headers).unwrap();
        assert_eq!(extract(&headers), Ok(Some(Start::Debug("a b+c".into()))));
        headers.set("uber-trace-id", "1:2:0:0").unwrap();
        assert!(matches!(extract(&headers), Ok(Some(Start::Context(_)))));
        headers.set("uber-trace-id", "1:2:0:0").unwrap();
        assert!(extract(&headers).is_err());
        assert_eq!(extract(&[("jaeger-debug-id", "")]), Ok(None));
    }

    #[test]
    fn what_the_list_cannot_hold_is_left_out() {
        let mut headers = Pairs::new();
        let items = [("a", "1,2"), ("b", "1=2"), ("c", " 1"), ("d e", "1"), ("f", "1 2")];
        let carried = inject_baggage::<64>(&items, &mut headers);
        assert_eq!(carried, Carried { items: 1, no_room: 0, malformed: 4 });
        assert_eq!(headers, [(BAGGAGE.into(), "f=1%202".into())]);
    }

    proptest! {
        #[test]
        fn baggage_comes_back(items in prop::collection::vec(("[a-zA-Z0-9_.-]{1,8}", "[^,= \t\\p{C}]{0,9}"), 0..4)) {
            let mut headers = Pairs::new();
            prop_assert!(inject_baggage::<900>(&items, &mut headers).is_whole());
            let mut baggage = Pairs::new();
            prop_assert!(extract_baggage(&headers, &mut baggage).is_whole());
            prop_assert_eq!(baggage, items);
        }
    }
}
