//! What goes in comes out: spans through ring and frames, back into what was recorded.

use super::*;
use crate::wire::{self, Body, Losses, NameRef, Parent, PartKey, Record, TraceRef, Value};
use crate::{
    Asked, ChildOf, Clock, Copied, DeviceId, DrainError, Sampler, Session, SessionSource,
    SpanContext,
};
use crate::{TraceFlags, TraceId, log, span, tag};
use std::boxed::Box;
use std::collections::HashMap;
use std::string::{String, ToString};
use std::sync::atomic::{AtomicU32, Ordering};
use std::vec::Vec;

#[cfg(feature = "baggage")]
mod baggage;
mod control;
mod explained;
mod in_span;
mod keys;
mod numbers;
mod random;
#[cfg(feature = "retained")]
mod retained;
mod sampling;
#[cfg(feature = "auth")]
mod sealed;
mod short;
mod spans;
mod table;
#[cfg(feature = "std")]
mod threads;
mod time;
mod values;
mod window;

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
        Self::sized::<WORDS, 0, 16>(adapt)
    }

    fn with_table<const WORDS: usize, const OPEN: usize>(
        adapt: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        Self::sized::<WORDS, OPEN, 16>(adapt)
    }

    /// With a ring, a table of open spans and one of names of these sizes.
    fn sized<const WORDS: usize, const OPEN: usize, const NAMES: usize>(
        adapt: impl FnOnce(Tracer) -> Tracer,
    ) -> Self {
        let now: &AtomicU32 = Box::leak(Box::new(AtomicU32::new(1000)));
        let recorder: &Recorder<WORDS, OPEN, NAMES> = Box::leak(Box::new(Recorder::new()));
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
    /// The record that comes in fragments: its frame's last number, and what came of it.
    broken: Option<(u64, Vec<u8>)>,
    fragments: u32,
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
            let number = self.next_record;
            self.next_record += u64::from(record.ends_number());
            match record {
                Record::Fragment(fragment) => self.join(&fragment, number, data.head.last_number),
                whole => self.take_whole(whole),
            }
        }
    }

    fn join(&mut self, fragment: &wire::Fragment<'_>, number: u64, last_number: u64) {
        self.fragments += 1;
        let (last_number, mut bytes) = self.broken.take().unwrap_or((last_number, Vec::new()));
        assert_eq!(fragment.offset as usize, bytes.len());
        bytes.extend_from_slice(fragment.bytes);
        if fragment.is_last {
            let bytes = Box::leak(bytes.into_boxed_slice());
            self.take_whole(wire::decode_fragments(bytes, number, last_number).unwrap());
        } else {
            self.broken = Some((last_number, bytes));
        }
    }

    fn take_whole(&mut self, record: Record<'static>) {
        match record {
            Record::Span(span) => self.spans.push(span),
            Record::Define(define) => self.define(&define),
            other => self.others.push(other),
        }
    }

    fn define(&mut self, define: &wire::Define<'_>) {
        if define.is_name {
            let name = std::str::from_utf8(define.bytes).unwrap();
            self.names.insert(define.id, name.to_string());
        } else {
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

    fn drain(&mut self, drain: &mut Drain, mtu: usize) {
        let mut buffer = std::vec![0; mtu];
        while let Some(frame) = drain.frame(&mut buffer) {
            self.take(frame);
        }
    }

    fn of(bench: &Bench) -> Self {
        let mut seen = Self::default();
        seen.drain(&mut bench.tracer.drain().unwrap(), 508);
        seen
    }

    fn text(&self, value: &Value<'_>) -> String {
        match value {
            Value::Static(NameRef::Id(id)) | Value::CutStatic(NameRef::Id(id)) => {
                self.names[id].clone()
            }
            Value::Static(NameRef::Inline(text)) | Value::Text(text) | Value::CutText(text) => {
                (*text).to_string()
            }
            other => std::format!("{other:?}"),
        }
    }

    fn site(&self, id: u16, at: usize) -> &str {
        &self.sites[&id][at]
    }

    fn name(&self, span: &wire::SpanRecord<'_>) -> &str {
        self.site(span.head.site.id, 0)
    }

    /// Keys and values of all parts, or of all logs.
    fn fields(&self, of_logs: bool) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        for record in &self.others {
            let (key, values) = match record {
                Record::Part(part) if !of_logs => (part.key, &part.values),
                Record::Log(log) if of_logs => (log.key, &log.values),
                _ => continue,
            };
            for (at, value) in values.iter().enumerate() {
                let key = match key {
                    PartKey::Site(site) => self.site(site.id, 1 + at).to_string(),
                    PartKey::Name(NameRef::Id(id), _) => self.names[&id].clone(),
                    PartKey::Name(NameRef::Inline(name), _) => name.to_string(),
                };
                fields.push((key, self.text(value)));
            }
        }
        fields
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
    assert_eq!(seen.site(child.head.site.id, 0), "child");
    assert_eq!(seen.site(child.head.site.id, 2), "state");
    assert_eq!(child.values[0], Value::I32(1500));
    assert_eq!(seen.text(&child.values[1]), "running");
    assert_eq!((child.head.start_ticks, child.head.duration_ticks), (1005, 200));
    assert_eq!(
        (child.head.parent, child.head.trace),
        (Parent::Local(root.head.own), TraceRef::Own(root.head.own))
    );
    assert_eq!((root.head.parent, root.head.trace), (Parent::None, TraceRef::Own(root.head.own)));
    assert_eq!((root.head.start_ticks, root.head.duration_ticks), (1000, 205));
    assert_eq!(child.head.parts, 0);
}

#[test]
fn a_full_ring_drops_the_newest_and_counts() {
    let bench = Bench::new::<64>();
    for _ in 0..100 {
        span!(bench.tracer, "one").finish();
    }
    let seen = Seen::of(&bench);
    assert_eq!(seen.spans.len() as u32 + seen.losses.ring_full, 100);
    assert_eq!(seen.spans[0].head.own, wire::record_number(0));
    assert!(seen.losses.ring_full > 0);
}

#[test]
fn a_ring_turns_for_ever() {
    let bench = Bench::new::<97>();
    let mut drain = bench.tracer.drain().unwrap();
    assert_eq!(bench.tracer.drain().err(), Some(DrainError::Taken));
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
    assert_eq!(seen.spans.iter().filter(|span| span.head.parent == Parent::None).count(), 22);
}
