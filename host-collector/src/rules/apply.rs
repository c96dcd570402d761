//! [`Rules`]: what is dropped and redacted of a chunk.

use super::redaction::{Action, Hasher};
use super::{Conditions, Redaction};
use crate::model::{
    Chunk, ChunkWriter, ResourceView, SERVICE_NAME, ScopeSpansView, SpanView, ValueView,
};
use crate::protobuf::{Field, Fields, Writer};
use std::borrow::Cow;

/// Rules for every span that comes.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub(super) drop: Vec<Conditions>,
    pub(super) redact: Vec<Redaction>,
    pub(super) hasher: Option<Hasher>,
}

/// What is left of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The spans; the chunk itself, where no rule concerned any of it.
    pub chunk: Chunk,
    /// How many spans were dropped.
    pub dropped: u64,
    /// How many values of attributes were redacted.
    pub redacted: u64,
}

impl Rules {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.drop.is_empty() && self.redact.is_empty()
    }

    /// Applies them.
    #[must_use]
    pub fn apply(&self, chunk: Chunk) -> Applied {
        let mut pass = Pass { rules: self, dropped: 0, redacted: 0 };
        let rewritten = if self.is_empty() { ChunkWriter::default() } else { pass.chunk(&chunk) };
        let Pass { dropped, redacted, .. } = pass;
        let is_as_it_was = dropped == 0 && redacted == 0;
        Applied { chunk: if is_as_it_was { chunk } else { rewritten.finish() }, dropped, redacted }
    }
}

/// One way through a chunk.
struct Pass<'a> {
    rules: &'a Rules,
    dropped: u64,
    redacted: u64,
}

/// A list of attributes, by the number of its field in a message.
const IN_SPAN: u32 = 9;
const IN_RESOURCE: u32 = 1;
const IN_SCOPE: u32 = 3;
const IN_EVENT: u32 = 3;
const IN_LINK: u32 = 4;

impl Pass<'_> {
    fn chunk(&mut self, chunk: &Chunk) -> ChunkWriter {
        let mut writer = ChunkWriter::default();
        for group in chunk.resources() {
            let resource = group.resource();
            let scopes: Vec<_> = group
                .scopes()
                .map(|scope| (scope, self.kept(resource, scope)))
                .filter(|(_, spans)| !spans.is_empty())
                .collect();
            if scopes.is_empty() {
                continue;
            }
            let message = self.attributes_of(resource.raw(), IN_RESOURCE, &[]);
            writer.resource_spans(&message, group.schema_url(), |to| {
                for (scope, spans) in scopes {
                    let message = self.attributes_of(scope.scope().raw(), IN_SCOPE, &[]);
                    to.scope_spans(&message, scope.schema_url(), |to| {
                        for span in spans {
                            let below = [(11, IN_EVENT), (13, IN_LINK)];
                            to.span(&self.attributes_of(span.raw(), IN_SPAN, &below));
                        }
                    });
                }
            });
        }
        writer
    }

    fn kept<'a>(
        &mut self,
        resource: ResourceView<'a>,
        scope: ScopeSpansView<'a>,
    ) -> Vec<SpanView<'a>> {
        let goes =
            |span: &SpanView<'a>| self.rules.drop.iter().any(|rule| rule.hold(resource, *span));
        let mut all = 0;
        let kept: Vec<_> = scope.spans().inspect(|_| all += 1).filter(|span| !goes(span)).collect();
        self.dropped += all - kept.len() as u64;
        kept
    }

    /// A message with its attributes redacted, and those of the messages in other fields of it.
    fn attributes_of<'a>(
        &mut self,
        message: &'a [u8],
        list: u32,
        below: &[(u32, u32)],
    ) -> Cow<'a, [u8]> {
        if self.rules.redact.is_empty() {
            return message.into();
        }
        let before = self.redacted;
        let mut to = Writer::default();
        for (number, field) in fields(message) {
            let within = below.iter().find(|(field, _)| *field == number).map(|(_, list)| *list);
            match (field, within) {
                (Field::Bytes(attribute), _) if number == list => {
                    self.attribute(&mut to, number, attribute, list == IN_RESOURCE);
                }
                (Field::Bytes(inner), Some(list)) => {
                    to.bytes_always(number, &self.attributes_of(inner, list, &[]));
                }
                _ => to.field(number, field),
            }
        }
        if self.redacted == before { message.into() } else { to.into_bytes().into() }
    }

    fn attribute(&mut self, to: &mut Writer, number: u32, attribute: &[u8], of_resource: bool) {
        let (key, value) = (last(attribute, 1), last(attribute, 2));
        let name = str::from_utf8(key).unwrap_or_default();
        // Without its service a span is nobody's.
        let is_service = of_resource && name == SERVICE_NAME;
        let rule = self.rules.redact.iter().find(|rule| !is_service && rule.means(name));
        let Some(rule) = rule else {
            let before = self.redacted;
            let inner = self.value(value);
            match self.redacted == before {
                true => to.bytes_always(number, attribute),
                false => to.message(number, |to| {
                    to.bytes(1, key);
                    to.bytes_always(2, &inner);
                }),
            }
            return;
        };
        self.redacted += 1;
        let text = match (&rule.action, &self.rules.hasher) {
            (Action::Remove, _) => return,
            (Action::Replace(text), _) => text.clone(),
            (Action::Hash, Some(hasher)) => hasher.hash(ValueView::new(value)),
            // Rules are not made without a key that they need; nothing is shown all the same.
            (Action::Hash, None) => String::new(),
        };
        to.message(number, |to| {
            to.bytes(1, key);
            to.message(2, |to| to.bytes_always(1, text.as_bytes()));
        });
    }

    /// A value with what lies in it redacted. It is as deep as a chunk may be.
    fn value<'a>(&mut self, value: &'a [u8]) -> Cow<'a, [u8]> {
        let before = self.redacted;
        let mut to = Writer::default();
        for (number, field) in fields(value) {
            match (number, field) {
                (5, Field::Bytes(items)) => to.message(5, |to| {
                    for (number, field) in fields(items) {
                        match (number, field) {
                            (1, Field::Bytes(item)) => to.bytes_always(1, &self.value(item)),
                            _ => to.field(number, field),
                        }
                    }
                }),
                (6, Field::Bytes(entries)) => to.message(6, |to| {
                    for (number, field) in fields(entries) {
                        match (number, field) {
                            (1, Field::Bytes(entry)) => self.attribute(to, 1, entry, false),
                            _ => to.field(number, field),
                        }
                    }
                }),
                _ => to.field(number, field),
            }
        }
        if self.redacted == before { value.into() } else { to.into_bytes().into() }
    }
}

/// The fields of a message of a chunk, which makes sense to its end.
fn fields(message: &[u8]) -> impl Iterator<Item = (u32, Field<'_>)> {
    Fields::new(message).map_while(Result::ok)
}

fn last(message: &[u8], number: u32) -> &[u8] {
    let values = fields(message).filter_map(|field| match field {
        (found, Field::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    });
    values.last().unwrap_or_default()
}
