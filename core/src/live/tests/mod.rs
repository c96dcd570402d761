//! What goes in comes out: spans through ring and frames, back into what was recorded.

use super::*;
use crate::wire::{self, Body, Losses, NameRef, Parent, PartKey, Record, TraceRef, Value};
use crate::{Asked, Clock, Copied, DeviceId, Sampler, Session, SessionSource, SpanContext};
use crate::{TraceFlags, TraceId, log, span, tag};
use std::boxed::Box;
use std::collections::HashMap;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

mod random;
mod table;
mod time;

/// A tracer with a clock that the test moves.
struct Bench {
    tracer: &'static Tracer,
    now: &'static AtomicU32,
}

const DEVICE: DeviceId = DeviceId(0xabcd);
const SESSION: Session = Session::new(9);

impl Bench {
    fn new<const WORDS: usize>() -> Self {
        Self::with::<WORDS>(|tracer| tracer)
    }

    fn with<const WORDS: usize>(adapt: impl FnOnce(Tracer) -> Tracer) -> Self {
        Self::with_table::<WORDS, 0>(adapt)
    }

    fn with_table<const WORDS: usize, const OPEN: usize>(
        adapt: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        let now: &AtomicU32 = Box::leak(Box::new(AtomicU32::new(1000)));
        let recorder: &Recorder<WORDS, OPEN> = Box::leak(Box::new(Recorder::new()));
        // SAFETY: the counter lives for ever.
        let clock = unsafe { Clock::register(now.as_ptr(), 1_000_000) };
        let tracer = Tracer::new("bench", recorder, clock)
            .device_id(DEVICE)
            .session(SessionSource::Fixed(SESSION));
        Self { tracer: Box::leak(Box::new(adapt(tracer))), now }
    }

    fn pass(&self, ticks: u32) {
        self.now.store(self.now.load(Ordering::Relaxed).wrapping_add(ticks), Ordering::Relaxed);
    }
}

/// What a collector would know after some frames.
#[derive(Debug, Default)]
struct Seen {
    sites: HashMap<u16, Vec<String>>,
    names: HashMap<u16, String>,
    spans: Vec<wire::SpanRecord<'static>>,
    others: Vec<Record<'static>>,
    losses: Losses,
    next_record: u64,
}

impl Seen {
    fn take(&mut self, frame: &[u8]) {
        let frame: &'static [u8] = Box::leak(frame.to_vec().into_boxed_slice());
        let frame = wire::decode(frame).unwrap();
        assert_eq!(frame.session_tag, SESSION.tag(DEVICE));
        let Body::Data(data) = frame.body else { panic!("not data") };
        assert_eq!(data.head.first_record, self.next_record);
        self.losses = data.head.losses;
        for record in data.records {
            self.next_record += u64::from(!matches!(record, Record::Define(_)));
            match record {
                Record::Span(span) => self.spans.push(span),
                Record::Define(define) => self.define(&define),
                other => self.others.push(other),
            }
        }
    }

    fn define(&mut self, define: &wire::Define<'_>) {
        if define.is_name {
            let name = self.names.entry(define.id).or_default();
            if define.offset == 0 {
                name.clear();
            }
            assert_eq!(name.len(), define.offset as usize);
            name.push_str(std::str::from_utf8(define.bytes).unwrap());
        } else if define.offset == 0 && define.total as usize == define.bytes.len() {
            let mut rest = define.bytes;
            let mut strings = Vec::new();
            while let Some((len, more)) = rest.split_first() {
                let (string, more) = more.split_at(usize::from(*len));
                strings.push(String::from_utf8(string.to_vec()).unwrap());
                rest = more;
            }
            self.sites.insert(define.id, strings);
        }
    }

    fn drain<const N: usize>(&mut self, drain: &mut Drain<N>, mtu: usize) {
        let mut buffer = std::vec![0; mtu];
        while let Some(frame) = drain.frame(&mut buffer) {
            self.take(frame);
        }
    }

    fn of(bench: &Bench) -> Self {
        let mut seen = Self::default();
        seen.drain(&mut bench.tracer.drain::<64>().unwrap(), 508);
        seen
    }

    fn text(&self, value: &Value<'_>) -> String {
        match value {
            Value::Static(NameRef::Id(id)) => self.names[id].clone(),
            Value::Static(NameRef::Inline(text)) | Value::Text(text) => (*text).to_string(),
            other => std::format!("{other:?}"),
        }
    }

    fn site(&self, id: u16, at: usize) -> &str {
        &self.sites[&id][at]
    }
}

#[test]
fn a_child_with_tags_is_one_short_record() {
    let bench = Bench::new::<64>();
    let root = span!(bench.tracer, "root");
    {
        let _active = root.enter();
        bench.pass(5);
        let child = span!(bench.tracer, "child", count = 1500, state = "running");
        bench.pass(200);
        child.finish();
    }
    root.finish();
    let seen = Seen::of(&bench);
    let [child, root] = &seen.spans[..] else { panic!("{seen:?}") };
    assert_eq!(seen.site(child.site.id, 0), "child");
    assert_eq!(seen.site(child.site.id, 2), "state");
    assert_eq!(child.values[0], Value::I32(1500));
    assert_eq!(seen.text(&child.values[1]), "running");
    assert_eq!((child.start_ticks, child.duration_ticks), (1005, 200));
    assert_eq!((child.parent, child.trace), (Parent::Local(root.own), TraceRef::Own(root.own)));
    assert_eq!((root.parent, root.trace), (Parent::None, TraceRef::Own(root.own)));
    assert_eq!((root.start_ticks, root.duration_ticks), (1000, 205));
    assert_eq!(child.parts, 0);
}

#[test]
fn every_type_of_value_survives() {
    let bench = Bench::new::<256>();
    let long = "x".repeat(300);
    let long: &'static str = Box::leak(long.into_boxed_str());
    let span = span!(bench.tracer, "all", "a.b" = true, b = -3_i8, c = 4_u32, d = i64::MIN);
    tag!(span, e = u64::MAX, f = 1.5_f32, g = -0.25_f64, h = Copied("kopiert"));
    span.set_tag("late", long);
    log!(span, "event only");
    log!(span, event = "string-format", value = Copied("Hello, Bryan!"), n = 3);
    log!(span, n = 3_u64);
    span.log("plain", 7);
    span.finish();
    span!(bench.tracer, "long", text = long).finish();
    bench.tracer.start("named").finish();
    let seen = Seen::of(&bench);
    let mut tags = HashMap::new();
    let mut logs = Vec::new();
    for record in &seen.others {
        let (key, values) = match record {
            Record::Part(part) => (part.key, &part.values),
            Record::Log(log) => (log.key, &log.values),
            other => panic!("{other:?}"),
        };
        for (at, value) in values.iter().enumerate() {
            let key = match key {
                PartKey::Site(site, first) => {
                    seen.site(site.id, 1 + usize::from(first) + at).to_string()
                }
                PartKey::Name(NameRef::Id(id), _) => seen.names[&id].clone(),
                PartKey::Name(NameRef::Inline(name), _) => name.to_string(),
            };
            match record {
                Record::Part(_) => drop(tags.insert(key, seen.text(value))),
                _ => logs.push((key, seen.text(value))),
            }
        }
    }
    let tag = |key: &str| tags[key].as_str();
    assert_eq!(tag("a.b"), "Bool(true)");
    assert_eq!(tag("b"), "I32(-3)");
    assert_eq!(tag("c"), "U32(4)");
    assert_eq!(tag("d"), std::format!("I64({})", i64::MIN));
    assert_eq!(tag("e"), std::format!("U64({})", u64::MAX));
    assert_eq!(tag("f"), "F32(1.5)");
    assert_eq!(tag("g"), "F64(-0.25)");
    assert_eq!(tag("h"), "kopiert");
    assert_eq!(tag("late"), long);
    assert_eq!(tag("text"), long);
    assert_eq!(tag(""), "named");
    let log = |at: usize| (logs[at].0.as_str(), logs[at].1.as_str());
    assert_eq!(log(0), ("event", "event only"));
    assert_eq!(log(1), ("event", "string-format"));
    assert_eq!(log(2), ("value", "Hello, Bryan!"));
    assert_eq!(log(3), ("n", "I32(3)"));
    assert_eq!(log(4), ("n", "U64(3)"));
    assert_eq!(log(5), ("plain", "I32(7)"));
    assert_eq!(seen.spans[0].parts, 7);
}

#[test]
fn a_full_ring_drops_the_newest_and_counts() {
    let bench = Bench::new::<64>();
    for _ in 0..100 {
        span!(bench.tracer, "one").finish();
    }
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans.len() as u32 + seen.losses.ring_full, 100);
    assert_eq!(seen.spans[0].own, 2);
    assert!(seen.losses.ring_full > 0);
}

#[test]
fn a_ring_turns_for_ever() {
    let bench = Bench::new::<67>();
    let mut drain = bench.tracer.drain::<8>().unwrap();
    assert!(bench.tracer.drain::<8>().is_none());
    let mut seen = Seen::default();
    for turn in 0..500_u32 {
        let root = span!(bench.tracer, "root");
        let _active = root.enter();
        for _ in 0..turn % 7 {
            span!(bench.tracer, "child", turn = turn).finish();
        }
        drop(_active);
        root.finish();
        seen.drain(&mut drain, 200);
    }
    assert_eq!(seen.losses.ring_full, 0);
    assert_eq!(seen.spans.len(), (0..500).map(|turn| 1 + turn % 7).sum::<usize>());
}

#[test]
fn remote_parents_and_their_children_keep_the_trace() {
    let bench = Bench::new::<128>();
    let remote = SpanContext {
        trace_id: TraceId([0x11; 16]),
        span_id: crate::SpanId([0x22; 8]),
        flags: TraceFlags::SAMPLED,
    };
    let entry = span!(bench.tracer, child_of: remote, "entry", n = 1);
    let child = span!(bench.tracer, child_of: &entry, "child", n = 2, s = "x");
    assert_eq!(child.context().trace_id, remote.trace_id);
    assert_ne!(child.context().span_id, entry.context().span_id);
    child.finish();
    {
        let _active = entry.enter();
        span!(bench.tracer, "active child").finish();
    }
    entry.finish();
    let seen = Seen::of(&bench);
    let [child, other, entry] = &seen.spans[..] else { panic!("{seen:?}") };
    for span in [child, other, entry] {
        assert_eq!(span.trace, TraceRef::Remote(remote.trace_id));
    }
    assert_eq!(entry.parent, Parent::Remote);
    assert_eq!(child.parent, Parent::Local(entry.own));
    assert_eq!(other.parent, Parent::Local(entry.own));
    assert_eq!((entry.parts, child.parts, other.parts), (2, 1, 0));
    assert!(seen.others.iter().any(|record| matches!(record, Record::Reference(reference)
        if reference.own == entry.own && reference.span == Some(remote.span_id)
            && reference.trace == remote.trace_id && !reference.follows_from)));
}

#[test]
fn contexts_are_what_the_collector_expands() {
    let bench = Bench::new::<64>();
    let root = span!(bench.tracer, "root");
    let child = span!(bench.tracer, child_of: &root, "child");
    let (root_context, child_context) = (root.context(), child.context());
    drop((child, root));
    let seen = Seen::of(&bench);
    let expand = |span: &wire::SpanRecord<'_>| {
        let TraceRef::Own(trace) = span.trace else { panic!() };
        let id = crate::SpanId::expand(DEVICE, SESSION, span.own);
        (TraceId::expand(DEVICE, SESSION, trace), id)
    };
    assert_eq!(expand(&seen.spans[0]), (child_context.trace_id, child_context.span_id));
    assert_eq!(expand(&seen.spans[1]), (root_context.trace_id, root_context.span_id));
}

#[test]
fn what_is_not_sampled_is_counted_and_still_propagates() {
    let bench = Bench::with::<64>(|tracer| tracer.sampler(Sampler::Never));
    let root = span!(bench.tracer, "root", n = 1);
    log!(root, "unheard");
    let _active = root.enter();
    let child = span!(bench.tracer, "child", n = 1);
    assert!(!child.is_sampled() && !child.context().flags.is_sampled());
    assert_eq!(child.context().trace_id, root.context().trace_id);
    child.finish();
    drop(_active);
    root.finish();
    span!(bench.tracer, "last").finish();
    assert!(Seen::of(&bench).spans.is_empty());
    assert_eq!(bench.tracer.losses().sampled_out, 3);
}

#[test]
fn a_share_of_the_roots_is_sampled_on_the_trace_id() {
    let bench = Bench::with::<8192>(|tracer| tracer.sampler(Sampler::probability(0.25)));
    let mut sampled = 0;
    for _ in 0..1000 {
        let root = span!(bench.tracer, "root");
        let low = root.context().trace_id.low() & (u64::MAX >> 1);
        assert_eq!(root.is_sampled(), low < 1 << 61);
        sampled += u32::from(root.is_sampled());
    }
    assert!((200..300).contains(&sampled), "{sampled}");
}

#[test]
fn guards_out_of_turn_leave_what_is_active() {
    let bench = Bench::new::<128>();
    let (a, b) = (span!(bench.tracer, "a"), span!(bench.tracer, child_of: ChildOf::Root, "b"));
    let in_a = a.enter();
    let in_b = b.enter();
    drop(in_a);
    let child = span!(bench.tracer, "of b");
    assert_eq!(child.context().trace_id, b.context().trace_id);
    drop(in_b);
    // What the last guard found is active again, although its own guard has ended.
    let child = span!(bench.tracer, "of a");
    assert_eq!(child.context().trace_id, a.context().trace_id);
}

#[test]
fn threads_have_active_spans_of_their_own() {
    let bench = Bench::new::<1024>();
    let root = span!(bench.tracer, "root");
    let _active = root.enter();
    let tracer = bench.tracer;
    std::thread::spawn(move || {
        let other = span!(tracer, "other");
        assert_ne!(other.context().trace_id, TraceId([0; 16]));
        for _ in 0..20 {
            span!(tracer, "more").finish();
        }
    })
    .join()
    .unwrap();
    drop(_active);
    root.finish();
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans.iter().filter(|span| span.parent == Parent::None).count(), 22);
}

#[test]
fn a_collector_can_ask_and_only_for_what_is_a_site() {
    let bench = Bench::new::<128>();
    let mut drain = bench.tracer.drain::<16>().unwrap();
    span!(bench.tracer, "asked", key = "value").finish();
    let mut seen = Seen::default();
    seen.drain(&mut drain, 508);
    let id = seen.spans[0].site.id;
    seen.sites.clear();
    seen.names.clear();
    let ask = |sites: &[u16], names: &[u16]| {
        let request = wire::Request::SendDefinitions {
            sites: sites.iter().copied().collect(),
            names: names.iter().copied().collect(),
        };
        let downlink = wire::Downlink { session_tag: SESSION.tag(DEVICE), request };
        postcard::to_slice(&downlink, &mut [0; 64]).unwrap().to_vec()
    };
    // One in the middle of a site, one far behind the table, one name that is none.
    assert_eq!(drain.on_downlink(&ask(&[id, id + 1, u16::MAX, 0], &[0, 1, 9])), Asked::Nothing);
    seen.drain(&mut drain, 508);
    assert_eq!(seen.sites.keys().collect::<Vec<_>>(), [&id]);
    assert_eq!(seen.names[&1], "value");
    assert_eq!(drain.on_downlink(b"garbage"), Asked::Nothing);
}

#[test]
fn hellos_tell_the_whole_process_also_in_small_frames() {
    let bench = Bench::with::<64>(|tracer| {
        tracer.build_id(&[0xca, 0xfe]).tags(&[
            ("board", Value::Text("a board with a rather long name")),
            ("n", Value::U32(7)),
        ])
    });
    for mtu in [48, 64, 508] {
        let mut process = Vec::new();
        let mut drain = Drain::<8>::new(bench.tracer);
        while !drain.is_described() {
            let mut buffer = std::vec![0; mtu];
            let frame = drain.hello(&mut buffer).unwrap();
            let Body::Hello(hello) = wire::decode(frame).unwrap().body else { panic!() };
            assert_eq!((hello.device, hello.session), (DEVICE.0, SESSION.get()));
            assert_eq!(hello.process_offset as usize, process.len());
            process.extend_from_slice(hello.process);
            assert!(process.len() <= hello.process_total as usize);
        }
        let process: wire::Process<'_, Vec<(&str, Value<'_>)>> =
            postcard::from_bytes(&process).unwrap();
        assert_eq!((process.service, process.build), ("bench", &[0xca, 0xfe][..]));
        assert_eq!(process.tags[1], ("n", Value::U32(7)));
    }
}
