//! Numbers, ids and carriers.

use alloc::string::{String, ToString as _};

use spandrel::carrier::{Fault, binary, uber};
use spandrel::wire::{TraceRef, record_number};
use spandrel::{DeviceId, Session, SpanContext, SpanId, TraceFlags, TraceId, log, span};

use crate::bench::{DEVICE, SESSION, bench};
use crate::spans::REMOTE;
use crate::{Board, Tests};

pub(crate) const TESTS: Tests = &[
    ("ids are those of the vectors", ids),
    ("numbers are counted where they are needed", numbers),
    ("contexts are what the collector expands", contexts),
    ("a context goes through the binary carrier", binary_carrier),
    ("a context goes through uber-trace-id", uber_carrier),
    ("a carrier with garbage", garbage),
];

/// What becomes of a number: a line of `tests/vectors/ids.json`.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct Vector {
    pub device: u64,
    pub session: u32,
    pub counter: u64,
    pub trace_id: &'static str,
    pub span_id: &'static str,
    pub session_tag: [u8; 4],
}

/// Some of the file's.
pub const VECTORS: [Vector; 4] = [
    Vector {
        device: 1,
        session: 0,
        counter: 1,
        trace_id: "449fa3999180b1df7816a5ee7321b479",
        span_id: "1f68f4e63a4e45df",
        session_tag: [0x5f, 0x4c, 0x6a, 0x5f],
    },
    Vector {
        device: 0x0012_3456_00ab_cdef,
        session: 9,
        counter: (1 << 32) + 1,
        trace_id: "8592270357ff5f34945834346eae908d",
        span_id: "6d365b4caf6e2ad6",
        session_tag: [0x98, 0x13, 0xff, 0x36],
    },
    Vector {
        device: u64::MAX,
        session: 0x00ff_ffff,
        counter: 0xff_ffff_ffff,
        trace_id: "d01e70a27db8bdb17816a5ee7321b479",
        span_id: "3971de0f8f360ecd",
        session_tag: [0xb3, 0xcc, 0xb2, 0x64],
    },
    Vector {
        device: 0x0d00_ebb6_98cf_c2b1,
        session: 3,
        counter: 12,
        trace_id: "0138dc274675eae3cfe7a3c3d8bfb1e4",
        span_id: "98324694a9646dfa",
        session_tag: [0x01, 0xe4, 0x9f, 0x1f],
    },
];

fn ids(_: &Board) -> Result<(), String> {
    for vector in VECTORS {
        let (device, session) = (DeviceId(vector.device), Session::new(vector.session));
        let trace_id = TraceId::expand(device, session, vector.counter);
        check_eq!(trace_id.to_string(), vector.trace_id);
        check_eq!(SpanId::expand(device, session, vector.counter).to_string(), vector.span_id);
        check_eq!(session.tag(device), vector.session_tag);
    }
    Ok(())
}

fn numbers(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root");
    let active = root.enter();
    span!(bench.tracer, "leaf", n = 1).finish();
    let child = span!(bench.tracer, "child");
    log!(child, "logged");
    child.finish();
    span!(bench.tracer, "leaf", n = 2).finish();
    drop(active);
    root.finish();
    span!(bench.tracer, "lonely root").finish();
    bench.lines()?;
    let [first, child, second, root, lonely] = bench.heads() else {
        return Err("not five spans".into());
    };
    // The log is record 1.
    check_eq!([first.own, second.own, lonely.own], [0, 3, 5].map(record_number));
    check_eq!(child.own, root.own + 1);
    check!(root.own < record_number(0), "the root has the number of its record");
    check_eq!(lonely.trace, TraceRef::Own(lonely.own));
    for head in [first, child, second, root] {
        check_eq!(head.trace, TraceRef::Own(root.own));
    }
    Ok(())
}

fn contexts(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let told = [child.context(), root.context()];
    drop((child, root));
    bench.lines()?;
    check_eq!(bench.heads().len(), told.len());
    for (told, head) in told.into_iter().zip(bench.heads()) {
        let TraceRef::Own(trace) = head.trace else { return Err("a remote trace".into()) };
        check_eq!(told.trace_id, TraceId::expand(DEVICE, SESSION, trace));
        check_eq!(told.span_id, SpanId::expand(DEVICE, SESSION, head.own));
        check_eq!(told.flags, TraceFlags::SAMPLED);
    }
    Ok(())
}

fn binary_carrier(_: &Board) -> Result<(), String> {
    let mut bench = bench!(ROOMY);
    let span = span!(bench.tracer, "caller");
    for context in [span.context(), REMOTE, SpanContext { flags: TraceFlags(3), ..REMOTE }] {
        check_eq!(
            binary::extract(&binary::inject(&context).map_err(|error| alloc::format!("{error}"))?),
            Ok(context)
        );
    }
    let bytes = binary::inject(&REMOTE).map_err(|error| alloc::format!("{error}"))?;
    check_eq!((bytes[0], bytes[1], bytes[24]), (0x11, 0x11, 0x22));
    let extracted = binary::extract(&bytes).ok();
    span!(bench.tracer, child_of: extracted, "callee").finish();
    drop(span);
    bench.expect(&[
        "reference of callee child_of 11/22",
        "span callee of elsewhere in 11 parts=1",
        "span caller in caller",
    ])
}

fn uber_carrier(_: &Board) -> Result<(), String> {
    let bench = bench!(ROOMY);
    let context = span!(bench.tracer, "caller").context();
    check_eq!(
        uber::parse(&uber::value(&context).map_err(|error| alloc::format!("{error}"))?),
        Ok(context)
    );
    let text = "11111111111111111111111111111111:2222222222222222:0:1";
    check_eq!(uber::value(&REMOTE).map_err(|error| alloc::format!("{error}"))?.as_str(), text);
    check_eq!(uber::parse(&text.replace(':', "%3A")), Ok(REMOTE));
    Ok(())
}

fn garbage(_: &Board) -> Result<(), String> {
    let binary = |bytes: &[u8]| binary::extract(bytes).map_err(|error| error.fault);
    let uber = |text| uber::parse(text).map_err(|error| error.fault);
    let length = |found| Err(Fault::Length { wanted: binary::LEN, found });
    check_eq!(binary(&[]), length(0));
    check_eq!(binary(&[0x11; 24]), length(24));
    check_eq!(binary(&[0x21; 25]), Err(Fault::Version(2)));
    check_eq!(uber("1:2:3"), Err(Fault::Parts));
    check_eq!(uber("x:2:3:1"), Err(Fault::NotHex));
    check_eq!(uber("0:2:0:1"), Err(Fault::ZeroTraceId));
    check_eq!(uber("1:0:0:1"), Err(Fault::ZeroSpanId));
    Ok(())
}
