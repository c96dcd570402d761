//! Spans in OTLP, well-formed or not.

use prost::bytes::BufMut;

/// A span; what is not given is left out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) trace: u128,
    pub(crate) id: u64,
    pub(crate) parent: u64,
    pub(crate) name: Vec<u8>,
    pub(crate) start_ns: u64,
    pub(crate) end_ns: u64,
    /// How many attributes it has.
    pub(crate) attributes: usize,
}

/// 2026-11-26.
pub(crate) const DAY_NS: u64 = 1_795_651_200_000_000_000;

impl Span {
    /// A well-formed one.
    pub(crate) fn new(trace: u128, id: u64, parent: u64, name: &str) -> Self {
        let start_ns = DAY_NS + id * 1_000;
        let name = name.as_bytes().to_vec();
        Self { trace, id, parent, name, start_ns, end_ns: start_ns + 1_000_000, attributes: 0 }
    }

    fn message(&self) -> Vec<u8> {
        let mut out = Vec::new();
        field(&mut out, 1, &self.trace.to_be_bytes());
        field(&mut out, 2, &self.id.to_be_bytes());
        if self.parent != 0 {
            field(&mut out, 4, &self.parent.to_be_bytes());
        }
        field(&mut out, 5, &self.name);
        for (number, value) in [(7, self.start_ns), (8, self.end_ns)] {
            out.put_u8(number << 3 | 1);
            out.put_u64_le(value);
        }
        for number in 0..self.attributes {
            field(&mut out, 9, &attribute(&format!("a{number}"), b"v"));
        }
        out
    }
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    out.put_u8(number << 3 | 2);
    prost::encode_length_delimiter(bytes.len(), out).unwrap();
    out.put_slice(bytes);
}

fn attribute(key: &str, value: &[u8]) -> Vec<u8> {
    let (mut text, mut out) = (Vec::new(), Vec::new());
    field(&mut text, 1, value);
    field(&mut out, 1, key.as_bytes());
    field(&mut out, 2, &text);
    out
}

/// A request with all of them, of one service.
pub(crate) fn request(service: &str, spans: &[Span]) -> Vec<u8> {
    let (mut resource, mut scope, mut group, mut out) = Default::default();
    field(&mut resource, 1, &attribute("service.name", service.as_bytes()));
    for span in spans {
        field(&mut scope, 2, &span.message());
    }
    field(&mut group, 1, &resource);
    field(&mut group, 2, &scope);
    field(&mut out, 1, &group);
    out
}
