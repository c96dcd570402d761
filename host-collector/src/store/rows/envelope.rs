//! What is around spans: a `ResourceSpans` or `ScopeSpans` message without what repeats in it.
//!
//! It is kept as bytes, with whatever fields it has, so that it goes out as it came in.

use crate::model::{ResourceView, ScopeView};
use crate::protobuf::{Field, Fields, Writer};

/// The field in which both messages have their lists.
const LIST: u32 = 2;

/// The message without its list; empty if there is nothing else.
pub(crate) fn around(message: &[u8]) -> Vec<u8> {
    let mut out = Writer::default();
    for (number, field) in Fields::new(message).map_while(Result::ok) {
        if number != LIST {
            out.field(number, field);
        }
    }
    out.into_bytes()
}

fn first_message(envelope: &[u8]) -> &[u8] {
    let messages = Fields::new(envelope).map_while(Result::ok).filter_map(|field| match field {
        (1, Field::Bytes(message)) => Some(message),
        _ => None,
    });
    messages.last().unwrap_or_default()
}

/// The resource in an envelope.
pub(crate) fn resource(envelope: &[u8]) -> ResourceView<'_> {
    ResourceView::new(first_message(envelope))
}

/// The scope in an envelope.
pub(crate) fn scope(envelope: &[u8]) -> ScopeView<'_> {
    ScopeView::new(first_message(envelope))
}
