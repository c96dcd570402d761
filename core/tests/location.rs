//! With the feature `location` a span's call site says where it is.

use spandrel::wire::{self, Body, Record};
use spandrel::{Clock, Recorder, Tracer, log, span, tag};

static RECORDER: Recorder<256> = Recorder::new();
static TRACER: Tracer = Tracer::new("located", &RECORDER, Clock::monotonic());

#[test]
fn spans_say_where_they_begin() {
    let mut drain = TRACER.drain().unwrap();
    let line = line!() + 1;
    let span = span!(TRACER, "read", bus = 1);
    tag!(span, a = 1);
    log!(span, "done");
    drop(span);
    let mut sites = Vec::new();
    let mut buffer = [0; 508];
    while let Some(frame) = drain.frame(&mut buffer) {
        let Body::Data(data) = wire::decode(frame).unwrap().body else { panic!("not data") };
        sites.extend(data.records.iter().filter_map(|record| match record {
            Record::Define(define) if !define.is_name => Some(define.bytes.to_vec()),
            _ => None,
        }));
    }
    let location = format!("\0{}:{line}", file!());
    let named = [&b"\x04read\x03bus"[..], &[location.len() as u8], location.as_bytes()].concat();
    assert!(sites.contains(&named), "{sites:?}");
    // Tags and logs are of a span that has said it.
    assert_eq!(sites.iter().filter(|site| site.contains(&0)).count(), 3);
    assert_eq!(sites.len(), 3);
}
