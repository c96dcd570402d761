//! Spans as three services would send them: five a trace, in a tree, with two tags each.

use spandrel_collector::model::{Chunk, ChunkWriter};
use spandrel_collector::protobuf::Writer;

/// When the first trace begins, in nanoseconds since the Unix epoch.
pub(super) const BEGIN_NS: u64 = 1_700_000_000_000_000_000;
/// From one trace to the next.
pub(super) const EVERY_NS: u64 = 100_000;
pub(super) const PER_TRACE: u64 = 5;
/// The one span whose tag nobody else has.
const ONLY: u64 = 777_777;

const SERVICES: [(&str, u64); 3] = [("gateway", 1), ("sensor", 2), ("actuator", 2)];
const NAMES: [&str; 5] = ["handle", "read", "convert", "move", "check"];
const KINDS: [u64; 5] = [2, 3, 1, 2, 1];

/// Numbers that look drawn, and are the same each time.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 27;
    mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

pub(super) fn trace_id(trace: u64) -> [u8; 16] {
    let halves = [mix(trace * 2 + 1), mix(trace * 2 + 2)].map(u64::to_be_bytes);
    std::array::from_fn(|index| halves[index / 8][index % 8])
}

fn span_id(span: u64) -> [u8; 8] {
    mix(span ^ 0x5555_5555_0000_0000).to_be_bytes()
}

/// The tag that a span has alone.
pub(super) fn request_id(span: u64) -> String {
    format!("{:016x}", mix(span ^ 0x00ab_cdef))
}

fn text(out: &mut Writer, number: u32, key: &str, value: &str) {
    out.message(number, |out| {
        out.bytes(1, key.as_bytes());
        out.message(2, |out| out.bytes_always(1, value.as_bytes()));
    });
}

fn resource(service: &str) -> Vec<u8> {
    let mut out = Writer::default();
    for (key, value) in
        [("service.name", service), ("host.name", "gateway-7"), ("telemetry.sdk.name", "spandrel")]
    {
        text(&mut out, 1, key, value);
    }
    out.into_bytes()
}

/// The spans of some traces.
pub(super) fn chunk(first: u64, traces: u64, unique: bool) -> Chunk {
    let mut writer = ChunkWriter::default();
    let mut from = 0;
    for (service, count) in SERVICES {
        writer.resource_spans(&resource(service), "", |scopes| {
            scopes.scope_spans(b"", "", |spans| {
                for trace in first..first + traces {
                    for place in from..from + count {
                        spans.span_with(|out| span(out, trace, place, unique));
                    }
                }
            });
        });
        from += count;
    }
    writer.finish()
}

fn span(out: &mut Writer, trace: u64, place: u64, unique: bool) {
    let number = trace * PER_TRACE + place;
    let drawn = mix(number);
    out.bytes(1, &trace_id(trace));
    out.bytes(2, &span_id(number));
    if place > 0 {
        out.bytes(4, &span_id(trace * PER_TRACE + (place - 1) / 2));
    }
    out.bytes(5, NAMES[place as usize].as_bytes());
    out.varint(6, KINDS[place as usize]);
    let start_ns = BEGIN_NS + trace * EVERY_NS + place * 7_000 + drawn % 5_000;
    let octave_ns = 1_000 << ((drawn >> 32) % 17);
    out.fixed64(7, start_ns);
    out.fixed64(8, start_ns + octave_ns + (drawn >> 8) % octave_ns);
    let state = match drawn % 10_000 {
        _ if number == ONLY => "only",
        7 => "fault",
        rest if rest % 100 == 9 => "busy",
        _ => "idle",
    };
    text(out, 9, "state", state);
    if unique {
        text(out, 9, "request.id", &request_id(number));
    } else {
        text(out, 9, "lane", &format!("lane-{}", (drawn >> 20) % 10));
    }
}

/// A trace of 100,000 spans, which begins last of all.
pub(super) fn large(trace: u64) -> impl Iterator<Item = Chunk> {
    (0..100).map(move |part| {
        let mut writer = ChunkWriter::default();
        writer.resource_spans(&resource("gateway"), "", |scopes| {
            scopes.scope_spans(b"", "", |spans| {
                for number in part * 1000..(part + 1) * 1000 {
                    let id = |number: u64| mix(number ^ 0x7777_0000_0000).to_be_bytes();
                    spans.span_with(|out| {
                        out.bytes(1, &[0xbb; 16]);
                        out.bytes(2, &id(number));
                        if number > 0 {
                            out.bytes(4, &id(number / 3));
                        }
                        out.bytes(5, b"step");
                        out.varint(6, 1);
                        let start_ns = BEGIN_NS + trace * EVERY_NS + number * 1_000;
                        out.fixed64(7, start_ns);
                        out.fixed64(8, start_ns + 500);
                        text(out, 9, "state", "idle");
                    });
                }
            });
        });
        writer.finish()
    })
}
