//! Random spans, and that they come back as they were.

use super::*;
use crate::model::Chunk;
use crate::protobuf::Writer;
use proptest::collection::vec;
use proptest::prelude::*;

/// Keys and values, the keys by their place in [`KEYS`].
pub(crate) type Tags = Vec<(u8, Value)>;

/// What random spans are made of: few of each, so that much repeats.
#[derive(Clone, Debug)]
pub(crate) struct Sketch {
    pub(crate) trace: u8,
    pub(crate) span: u16,
    pub(crate) parent: Option<u16>,
    pub(crate) service: u8,
    pub(crate) scope: u8,
    pub(crate) name: u8,
    pub(crate) kind: u8,
    pub(crate) start_ns: u64,
    pub(crate) took_ns: u64,
    pub(crate) tags: Tags,
    pub(crate) events: Vec<(u32, u8, Tags, u32)>,
    pub(crate) links: Vec<(u8, u16, Tags, u32)>,
    pub(crate) dropped: [u32; 3],
    pub(crate) status: Option<(u8, u8)>,
    pub(crate) flags: u32,
    pub(crate) state: u8,
    pub(crate) unknown: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Str(u8),
    Long(String),
    Bool(bool),
    Int(i64),
    Double(u64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Empty,
}

pub(crate) fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => (0_u8..4).prop_map(Value::Str),
        1 => "[a-z0-9]{0,12}".prop_map(Value::Long),
        1 => any::<bool>().prop_map(Value::Bool),
        2 => (-3_i64..4).prop_map(Value::Int),
        1 => any::<i64>().prop_map(Value::Int),
        1 => any::<u64>().prop_map(Value::Double),
        1 => vec(any::<u8>(), 0..5).prop_map(Value::Bytes),
        1 => Just(Value::Empty),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| vec(inner, 0..3).prop_map(Value::List))
}

fn tags() -> impl Strategy<Value = Vec<(u8, Value)>> {
    vec((0_u8..4, values()), 0..4)
}

prop_compose! {
    pub(crate) fn sketches()(
        (trace, span, parent) in (0_u8..12, 0_u16..40, prop::option::of(0_u16..40)),
        (service, scope, name, kind) in (0_u8..3, 0_u8..2, 0_u8..4, 0_u8..7),
        start_ns in prop_oneof![4 => 1_000_000_u64..1_100_000, 1 => 0_u64..u64::MAX / 2],
        took_ns in prop_oneof![1_u64..1000, 1_u64..1 << 40],
        tags in tags(),
        events in vec((any::<u32>(), 0_u8..3, tags(), 0_u32..2), 0..3),
        links in vec((0_u8..12, 0_u16..40, tags(), 0_u32..3), 0..2),
        dropped in prop_oneof![4 => Just([0; 3]), 1 => [0_u32..3, 0_u32..3, 0_u32..3]],
        status in prop::option::of((0_u8..3, 0_u8..2)),
        (flags, state, unknown) in (0_u32..3, 0_u8..2, prop::bool::weighted(0.05)),
    ) -> Sketch {
        Sketch {
            trace, span, parent, service, scope, name, kind, start_ns, took_ns, tags, events,
            links, dropped, status, flags, state, unknown,
        }
    }
}

pub(crate) fn trace_id(trace: u8) -> [u8; 16] {
    let mut id = [trace + 1; 16];
    // Some are short, and one is another's low half.
    if trace.is_multiple_of(4) {
        id[..8].fill(0);
    }
    if trace == 3 {
        id[8..].fill(1);
    }
    id
}

pub(crate) fn span_id(span: u16) -> [u8; 8] {
    (u64::from(span) + 1).to_be_bytes()
}

pub(crate) const NAMES: [&str; 4] = ["read", "Write", "poll", "tick"];
pub(crate) const KEYS: [&str; 4] = ["state", "bus", "peer.service", "error"];
pub(crate) const TEXTS: [&str; 4] = ["idle", "busy", "7", "true"];

fn any_value(out: &mut Writer, value: &Value) {
    match value {
        Value::Str(text) => out.bytes_always(1, TEXTS[usize::from(*text)].as_bytes()),
        Value::Long(text) => out.bytes_always(1, text.as_bytes()),
        Value::Bool(is) => out.varint_always(2, u64::from(*is)),
        Value::Int(number) => out.varint_always(3, number.cast_unsigned()),
        Value::Double(bits) => out.fixed64_always(4, *bits),
        Value::Bytes(bytes) => out.bytes_always(7, bytes),
        Value::List(items) => {
            out.message(5, |out| {
                items.iter().for_each(|i| out.message(1, |out| any_value(out, i)));
            });
        }
        Value::Empty => {}
    }
}

fn write_tags(out: &mut Writer, number: u32, tags: &[(u8, Value)]) {
    for (key, value) in tags {
        out.message(number, |out| {
            out.bytes(1, KEYS[usize::from(*key)].as_bytes());
            out.message(2, |out| any_value(out, value));
        });
    }
}

impl Sketch {
    /// A span of internal work without anything that it may be without.
    pub(crate) fn plain(trace: u8, span: u16) -> Self {
        Self {
            trace,
            span,
            parent: None,
            service: 0,
            scope: 0,
            name: 0,
            kind: 1,
            start_ns: 5,
            took_ns: 9,
            tags: vec![],
            events: vec![],
            links: vec![],
            dropped: [0; 3],
            status: None,
            flags: 0,
            state: 0,
            unknown: false,
        }
    }

    pub(crate) fn service(&self) -> String {
        format!("service-{}", self.service)
    }

    pub(crate) fn resource(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.message(1, |out| {
            for (key, value) in [("service.name", self.service()), ("host", "gateway".to_owned())] {
                out.message(1, |out| {
                    out.bytes(1, key.as_bytes());
                    out.message(2, |out| out.bytes_always(1, value.as_bytes()));
                });
            }
        });
        if self.service == 2 {
            out.bytes(3, b"https://schema");
        }
        out.into_bytes()
    }

    pub(crate) fn scope(&self) -> Vec<u8> {
        let mut out = Writer::default();
        if self.scope > 0 {
            out.message(1, |out| out.bytes(1, b"library"));
        }
        out.into_bytes()
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        let mut out = Writer::default();
        out.bytes(1, &trace_id(self.trace));
        out.bytes(2, &span_id(self.span));
        out.bytes(3, if self.state == 0 { b"" } else { b"vendor=1" });
        if let Some(parent) = self.parent {
            out.bytes(4, &span_id(parent));
        }
        out.bytes(5, NAMES[usize::from(self.name)].as_bytes());
        out.varint(6, self.kind.into());
        out.fixed64(7, self.start_ns);
        out.fixed64(8, self.start_ns + self.took_ns);
        write_tags(&mut out, 9, &self.tags);
        out.varint(10, self.dropped[0].into());
        for (time_ns, name, tags, dropped) in &self.events {
            out.message(11, |out| {
                out.fixed64(1, u64::from(*time_ns));
                out.bytes(2, NAMES[usize::from(*name)].as_bytes());
                write_tags(out, 3, tags);
                out.varint(4, (*dropped).into());
            });
        }
        for (trace, span, tags, flags) in &self.links {
            out.message(13, |out| {
                out.bytes(1, &trace_id(*trace));
                out.bytes(2, &span_id(*span));
                write_tags(out, 4, tags);
                out.fixed32(6, *flags);
            });
        }
        out.varint(12, self.dropped[1].into());
        out.varint(14, self.dropped[2].into());
        if let Some((code, text)) = self.status
            && (code, text) != (0, 0)
        {
            out.message(15, |out| {
                out.bytes(2, if text == 0 { b"" } else { b"it broke" });
                out.varint(3, code.into());
            });
        }
        out.fixed32(16, self.flags);
        if self.unknown {
            out.varint_always(99, 7);
        }
        out.into_bytes()
    }
}

/// A chunk with each span in a resource and a scope of its own.
pub(crate) fn chunk(sketches: &[Sketch]) -> Chunk {
    let mut out = Writer::default();
    for sketch in sketches {
        out.message(1, |out| {
            out.raw(&sketch.resource());
            out.message(2, |out| {
                out.raw(&sketch.scope());
                out.bytes_always(2, &sketch.message());
            });
        });
    }
    let checked = Chunk::check(out.into_bytes()).unwrap();
    assert_eq!((checked.rejected, checked.chunk.len()), (0, sketches.len()));
    checked.chunk
}

/// All spans of a chunk, with what is around each, in an order that does not depend on theirs.
pub(crate) fn contents(chunk: &Chunk) -> Vec<[Vec<u8>; 3]> {
    let mut all = Vec::new();
    for resource in chunk.resources() {
        for scope in resource.scopes() {
            for span in scope.spans() {
                let around = [resource.raw(), scope.raw()].map(envelope::around);
                let [resource, scope] = around;
                all.push([resource, scope, span.raw().to_vec()]);
            }
        }
    }
    all.sort();
    all
}

/// The same for spans that are to be stored: each once.
pub(crate) fn expected<'a>(sketches: impl IntoIterator<Item = &'a Sketch>) -> Vec<[Vec<u8>; 3]> {
    let sketches = sketches.into_iter();
    let mut all: Vec<_> =
        sketches.map(|sketch| [sketch.resource(), sketch.scope(), sketch.message()]).collect();
    all.sort();
    all.dedup();
    all
}

pub(crate) fn all(rows: &Rows) -> Chunk {
    assemble((0..rows.len()).map(|row| rows.piece(row)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn every_span_comes_back_as_it_was(sketches in vec(sketches(), 0..30)) {
        let mut table = Table::default();
        table.take(&chunk(&sketches));
        prop_assert_eq!(table.rows.len(), sketches.len());
        let back = all(&table.rows);
        prop_assert_eq!(contents(&back), expected(&sketches));
        let checked = Chunk::check(back.bytes().clone()).unwrap();
        prop_assert_eq!(&checked.chunk, &back);
        prop_assert_eq!(checked.chunk.len(), back.len());
    }
}

#[test]
fn fields_in_an_odd_order_mean_the_same() {
    let sketch = |tags: &[u8]| {
        let mut out = Writer::default();
        out.message(11, |out| out.bytes(2, b"first"));
        out.raw(tags);
        out.fixed64(8, 2);
        out.fixed64(7, 1);
        out.bytes(5, b"name");
        out.bytes(2, &[1; 8]);
        out.bytes(1, &[1; 16]);
        out.into_bytes()
    };
    let mut tags = Writer::default();
    write_tags(&mut tags, 9, &[(0, Value::Int(-7)), (1, Value::Empty)]);
    let message = sketch(&tags.into_bytes());
    let mut out = Writer::default();
    out.message(1, |out| out.message(2, |out| out.bytes_always(2, &message)));
    let chunk = Chunk::check(out.into_bytes()).unwrap().chunk;
    let mut table = Table::default();
    table.take(&chunk);
    let back = all(&table.rows);
    let (_, _, span) = back.spans().next().unwrap();
    assert_eq!(span.attributes().iter().count(), 2);
    assert_eq!(span.attributes().get("state"), Some(crate::model::ValueView::Int(-7)));
    assert_eq!(span.events().next().unwrap().attributes().iter().count(), 0);
}
