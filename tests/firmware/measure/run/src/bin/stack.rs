//! The deepest stack of the encoder: everything that a drain does, with everything a ring can hold.
#![no_std]
#![no_main]

#[path = "../paint.rs"]
mod paint;
#[path = "../work.rs"]
#[expect(dead_code, reason = "the loops and the empty twins are for counting calls")]
mod work;

use core::hint::black_box;
use measure_run::CLOCK;
use measure_run::console::{done, report, report_detail};
use paint::depth;
use spandrel::wire::{Downlink, MIN_MTU, Request, Writer};
use spandrel::{
    Copied, DeviceId, Recorder, Session, SessionSource, SpanContext, SpanId, TraceFlags, TraceId,
    Tracer, Value, log, span, tag,
};

static RECORDER: Recorder<4096, 0, NAMES> = Recorder::new();
static TRACER: Tracer = Tracer::new("measure", &RECORDER, CLOCK)
    .device_id(DeviceId(0x0012_3456))
    .session(SessionSource::Function(|| Session::new(black_box(1))))
    .tags(&[("board", Value::Text("mps2-an386")), ("slots", Value::U64(u64::MAX))])
    .build_id(&[0xab; 20]);

/// Fewer than the records name, so that the table also is full.
const NAMES: usize = 12;
/// Frames as Ethernet carries them, as a cautious UDP sender makes them, as the shortest link does.
const MTUS: [usize; 3] = [1472, 508, MIN_MTU];

const REMOTE: SpanContext = SpanContext::new(TraceId([7; 16]), SpanId([9; 8]), TraceFlags::SAMPLED);
const LONG: &str = "a text that is longer than what is kept of any: it is cut, counted and still \
    recorded as far as it goes, and no further than that, which is 128 bytes";

/// One record of each kind and form, and values of each type.
fn record_everything() {
    let root = span!(TRACER, "root");
    let active = root.enter();
    work::w1(black_box(i32::MIN), black_box("ready"));
    work::w2();
    work::w3(&root, black_box(i32::MAX));
    let wide = span!(
        TRACER,
        "wide",
        a = u64::MAX,
        b = i64::MIN,
        c = 1.5,
        d = "four",
        e = true,
        f = 2.5_f32,
        g = u32::MAX,
        h = Copied(LONG)
    );
    tag!(wide, a = Copied("short"), b = "static", c = -1_i64);
    log!(wide, text = Copied(LONG), more = Copied(LONG));
    log!(wide, "done");
    wide.set_tag("key", black_box("value"));
    wide.set_operation_name(black_box("renamed"));
    wide.log("field", 1.25);
    wide.finish();
    let entry = span!(TRACER, child_of: black_box(REMOTE), "entry", n = 1, state = "on");
    let scope = entry.enter();
    span!(TRACER, "below", text = Copied(LONG)).finish();
    drop(scope);
    entry.finish();
    drop(active);
    root.finish();
}

/// Notes the deepest of what is done.
struct Deepest(usize);

impl Deepest {
    fn note(&mut self, what: &str, depth: usize) {
        report_detail(what, depth);
        self.0 = self.0.max(depth);
    }
}

/// Every request there is, for `tag`'s session, as bytes.
fn requests(session_tag: [u8; 4], mut each: impl FnMut(&[u8])) {
    let all = [
        Request::HelloSeen,
        Request::SendHello,
        Request::SendDefinitions {
            sites: (0..16).collect(),
            names: (0..16).map(|id| id * 1000).collect(),
        },
        Request::Ping(u32::MAX),
    ];
    for request in all {
        let mut bytes = [0; 128];
        let downlink = Downlink { session_tag, request };
        let mut out = Writer::new(&mut bytes);
        downlink.write(&mut out);
        each(out.finish().expect("it fits"));
    }
}

#[cortex_m_rt::entry]
fn main() -> ! {
    // An interrupt would leave its frame among the paint.
    cortex_m::interrupt::disable();
    black_box(&raw const RECORDER);
    let mut drain = TRACER.drain().expect("one drain");
    let session_tag = Session::new(1).tag(DeviceId(0x0012_3456));
    let mut deepest = Deepest(0);
    let mut buffer = [0; MTUS[0]];
    for mtu in MTUS {
        let buffer = &mut buffer[..mtu];
        report_detail("stack at an MTU of", mtu);
        for _ in 0..8 {
            record_everything();
        }
        assert_eq!(TRACER.losses().ring_full, 0);
        let (mut frames, mut frame_depth) = (0, 0);
        let mut is_more = true;
        while is_more {
            frame_depth = frame_depth.max(depth(|| is_more = drain.frame(buffer).is_some()));
            frames += usize::from(is_more);
        }
        assert!(frames > 0, "nothing was encoded");
        deepest.note("stack.frame", frame_depth);
        deepest.note("stack.hello", depth(|| assert!(drain.hello(buffer).is_some())));
        deepest.note("stack.pong", depth(|| assert!(drain.pong(buffer, u32::MAX, 0).is_some())));
        let mut asked_depth = 0;
        requests(session_tag, |request| {
            asked_depth = asked_depth.max(depth(|| _ = black_box(drain.on_downlink(request))));
        });
        deepest.note("stack.on_downlink", asked_depth);
    }
    report("stack.encode", deepest.0);
    done()
}
