//! Recorders that a reset does not take: boots over the same memory, at any point of any program.

use super::*;
use crate::wire::{Ack, Downlink, Request};
use crate::wire::{Hello, ResetCause};
use crate::{Boot, BootCell, Retained, Span, Window};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

mod random;

const WORDS: usize = 256;
const OPEN: usize = 4;
type Memory = Retained<WORDS, OPEN, 8>;

/// A device whose memory stays while its programs come and go.
struct Device {
    memory: &'static Memory,
    now: &'static AtomicU32,
    boots: u32,
    build: &'static [u8],
    follows: fn() -> core::ops::Range<usize>,
    /// Whether records are held until they are acknowledged.
    is_held: bool,
}

impl Device {
    fn new() -> Self {
        Self {
            memory: Box::leak(Box::new(Memory::new())),
            now: Box::leak(Box::new(AtomicU32::new(1000))),
            boots: 0,
            build: b"one",
            follows: || 1..usize::MAX / 2,
            is_held: false,
        }
    }

    /// A program that starts; what the one before had in registers is gone.
    fn start(&mut self) -> &'static Tracer {
        self.boots += 1;
        self.now.store(1000, Ordering::Relaxed);
        // SAFETY: the counter lives for ever.
        let clock = unsafe { Clock::register(self.now.as_ptr(), 1_000_000) };
        let cell = Box::leak(Box::new(BootCell::new()));
        let tracer = Tracer::retained("device", self.memory, cell, clock)
            .device_id(DEVICE)
            .build_id(self.build)
            .session(SessionSource::Fixed(Session::new(self.boots)));
        let tracer = if self.is_held {
            tracer.acknowledged(Box::leak(Box::new(Window::new())))
        } else {
            tracer
        };
        // SAFETY: what the tests record are strings of this program.
        Box::leak(Box::new(unsafe { tracer.static_strings_in(self.follows) }))
    }

    fn boot(&mut self) -> (&'static Tracer, Boot) {
        let tracer = self.start();
        let boot = tracer.boot(ResetCause::Watchdog);
        tracer.keep_time();
        (tracer, boot)
    }

    fn pass(&self, ticks: u32) {
        self.now.fetch_add(ticks, Ordering::Relaxed);
    }

    /// Every byte of the memory.
    fn bytes(&self) -> &'static mut [u32] {
        let words = core::ptr::from_ref(self.memory).cast_mut().cast::<u32>();
        // SAFETY: it is all words, of which every one may change; nothing is alive that looks at it.
        unsafe { core::slice::from_raw_parts_mut(words, size_of::<Memory>() / 4) }
    }
}

/// Has something never end, as a reset does.
fn leave<T>(it: T) -> &'static T {
    Box::leak(Box::new(it))
}

/// What a collector knows of all sessions.
#[derive(Default)]
struct Sessions {
    seen: HashMap<u32, Seen>,
    hellos: Vec<Hello<'static>>,
    /// What came under which number of record.
    records: HashMap<(u32, u64), String>,
    packets: std::collections::HashSet<(u32, u32)>,
}

impl Sessions {
    fn take(&mut self, frame: &[u8]) {
        let frame: &'static [u8] = Box::leak(frame.to_vec().into_boxed_slice());
        let frame = wire::decode(frame).unwrap();
        let session =
            (0..1000).find(|n| Session::new(*n).tag(DEVICE) == frame.session_tag).unwrap();
        let packet = match frame.body {
            Body::Hello(hello) => {
                self.seen.entry(session).or_default().losses = hello.losses;
                self.hellos.push(hello);
                hello.packet
            }
            Body::Data(data) => {
                let seen = self.seen.entry(session).or_default();
                let mut number = data.head.first_record;
                seen.losses = data.head.losses;
                for record in data.records {
                    let ends = record.ends_number();
                    if matches!(record, Record::Define(_)) {
                        seen.take_whole(record);
                    } else {
                        let text = std::format!("{record:?}");
                        if let Some(known) = self.records.insert((session, number), text.clone()) {
                            assert_eq!(known, text, "two records under one number");
                        } else {
                            assert_eq!(number, seen.next_record, "a record was left out");
                            seen.take_whole(record);
                            seen.next_record += u64::from(ends);
                        }
                    }
                    number += u64::from(ends);
                }
                data.head.packet
            }
            _ => return,
        };
        assert!(self.packets.insert((session, packet)), "packet {packet} came twice");
    }

    fn drain(&mut self, drain: &mut Drain) {
        let mut buffer = [0; 200];
        while let Some(frame) = drain.frame(&mut buffer) {
            self.take(frame);
        }
    }

    /// Acknowledges all that came of each session.
    fn acknowledge(&self, drain: &mut Drain) {
        for (session, seen) in &self.seen {
            let session_tag = Session::new(*session).tag(DEVICE);
            let request = Request::Ack(Ack { next: seen.next_record, ..Ack::default() });
            drain.on_downlink(&Downlink { session_tag, request }.to_bytes());
        }
    }

    /// Names of the spans of a session, those that were cut off behind a `!`.
    fn names(&self, session: u32) -> Vec<String> {
        let Some(seen) = self.seen.get(&session) else { return Vec::new() };
        let name = |span: &wire::SpanRecord<'_>| {
            let mark = if span.head.cut_off { "!" } else { "" };
            std::format!("{mark}{}", seen.name(span))
        };
        seen.spans.iter().map(name).collect()
    }
}

#[test]
fn what_a_boot_recorded_is_sent_by_the_next() {
    let mut device = Device::new();
    let (tracer, boot) = device.boot();
    assert!(boot.is_cold && boot.sessions == 0);
    let root = span!(tracer, "root", n = 5);
    device.pass(10);
    let root = leave(root);
    leave(root.enter());
    span!(tracer, "child", state = "idle").finish();
    device.pass(10);
    let open = span!(tracer, "open", state = "busy");
    log!(open, event = "soon", count = 3);
    device.pass(5);
    span!(tracer, "late").finish();
    leave(open);

    let (tracer, boot) = device.boot();
    assert_eq!((boot.sessions, boot.records, boot.open_spans), (1, 3, 2));
    assert!(!boot.is_cold && !boot.is_damaged && boot.unfinished == 0);
    assert!(tracer.open_spans().next().is_none());
    span!(tracer, "anew").finish();
    let mut sessions = Sessions::default();
    let mut drain = tracer.drain().unwrap();
    assert!(!drain.is_idle());
    sessions.drain(&mut drain);
    assert!(drain.is_idle());
    let hello = sessions.hellos[0];
    assert_eq!((hello.ended, hello.session), (Some(ResetCause::Watchdog), 1));
    assert_eq!(hello.sent_ticks, 1025);
    assert_eq!(sessions.hellos.last().unwrap().first_record, 5);
    assert_eq!(sessions.names(1), ["child", "late", "!root", "!open"]);
    assert_eq!(sessions.names(2), ["anew"]);
    let seen = &sessions.seen[&1];
    let [child, late, root, open] = &seen.spans[..] else { panic!() };
    assert_eq!(seen.text(&child.values[0]), "idle");
    assert_eq!(seen.text(&open.values[0]), "busy");
    assert_eq!((open.head.start_ticks, open.head.duration_ticks), (1020, 5));
    assert_eq!((root.head.start_ticks, root.head.duration_ticks), (1000, 25));
    assert_eq!(root.values[0], Value::I32(5));
    assert_eq!(open.head.parent, Parent::Local(root.head.own));
    assert_eq!(late.head.trace, TraceRef::Own(root.head.own));
    assert_eq!(seen.fields(true).len(), 2);
    let mut buffer = [0; 200];
    sessions.take(drain.hello(&mut buffer).unwrap());
    assert_eq!(sessions.hellos.last().unwrap().previous, Some(1));
}

#[test]
fn nothing_is_recorded_before_the_boot_is_told() {
    let mut device = Device::new();
    device.bytes().fill(0xdead_beef);
    let tracer = device.start();
    let early = span!(tracer, "early", n = 1);
    {
        let _active = early.enter();
        let child = span!(tracer, "child", n = 1, m = 2, o = 3);
        log!(child, event = "unheard");
        tag!(child, later = "x");
        let below = span!(tracer, child_of: &child, "below");
        below.finish();
        let context = early.context();
        span!(tracer, child_of: context, "entry").finish();
        span!(tracer, child_of: ChildOf::Debug, "debug").finish();
        assert!(!context.flags.is_sampled());
    }
    tracer.keep_time();
    tracer.flush();
    assert!(tracer.losses().ring_full >= 5 && tracer.open_spans().next().is_none());
    let before = device.bytes().to_vec();
    let half_wraps = before.iter().zip(device.bytes()).filter(|(a, b)| *a != *b).count();
    assert_eq!(half_wraps, 0);
    early.finish();
    let mut drain = tracer.drain().unwrap();
    span!(tracer, "heard").finish();
    let mut sessions = Sessions::default();
    sessions.drain(&mut drain);
    assert_eq!(sessions.names(1), ["heard"]);
    assert!(sessions.seen[&1].losses.ring_full >= 5);
    assert_eq!(tracer.boot(ResetCause::PowerOn), Boot::default());
}

#[test]
fn a_drain_that_a_reset_interrupts_goes_on_where_it_was() {
    let mut device = Device::new();
    let (tracer, _) = device.boot();
    let mut sessions = Sessions::default();
    let mut drain = tracer.drain().unwrap();
    for n in 0..20 {
        span!(tracer, "span", n = n, state = "idle").finish();
    }
    let mut buffer = [0; 64];
    sessions.take(drain.hello(&mut buffer).unwrap());
    sessions.take(drain.frame(&mut buffer).unwrap());
    sessions.take(drain.frame(&mut buffer).unwrap());
    let before = sessions.seen[&1].spans.len();
    assert!((1..20).contains(&before), "{before}");
    for _ in 0..30 {
        // Each boot sends one frame, and a reset comes.
        let (tracer, boot) = device.boot();
        assert!(!boot.is_cold && boot.given_up == 0, "{boot:?}");
        let mut drain = tracer.drain().unwrap();
        for _ in 0..3 {
            if let Some(frame) = drain.frame(&mut buffer) {
                sessions.take(frame);
            }
        }
    }
    let seen = &sessions.seen[&1];
    assert_eq!(seen.spans.len(), 20);
    let values: Vec<_> = seen.spans.iter().map(|span| span.values[0]).collect();
    assert_eq!(values, (0..20).map(Value::I32).collect::<Vec<_>>());
    assert!(seen.spans.iter().all(|span| seen.text(&span.values[1]) == "idle"));
}

#[test]
fn boots_that_record_nothing_leave_nothing() {
    let mut device = Device::new();
    device.boot();
    for _ in 0..10 {
        let (_, boot) = device.boot();
        assert_eq!(boot, Boot::default());
    }
    let (tracer, _) = device.boot();
    span!(tracer, "one").finish();
    for _ in 0..10 {
        let (_, boot) = device.boot();
        assert_eq!((boot.sessions, boot.records), (1, 1));
    }
}

#[test]
fn of_many_boots_the_first_and_the_last_are_kept() {
    let mut device = Device::new();
    for n in 1..=8_u32 {
        let (tracer, boot) = device.boot();
        assert_eq!(u32::from(boot.sessions), (n - 1).min(if n > 4 { 2 } else { 3 }));
        assert_eq!(boot.given_up, if n > 4 { n - 3 } else { 0 });
        leave(span!(tracer, "open"));
        span!(tracer, "one").finish();
    }
    let (tracer, boot) = device.boot();
    assert_eq!((boot.sessions, boot.given_up), (2, 6));
    let mut sessions = Sessions::default();
    let mut drain = tracer.drain().unwrap();
    span!(tracer, "last").finish();
    sessions.drain(&mut drain);
    assert_eq!(sessions.names(1), ["one", "!open"]);
    assert_eq!(sessions.names(8), ["one", "!open"]);
    assert_eq!(sessions.names(9), ["last"]);
    assert_eq!(sessions.seen.len(), 3);
    assert_eq!(sessions.seen[&9].losses.evicted, 12);
}

#[test]
fn of_another_build_no_address_is_followed() {
    let mut device = Device::new();
    let (tracer, _) = device.boot();
    span!(tracer, "named", state = "idle").finish();
    let address = "idle".as_ptr().addr();
    device.build = b"two";
    let (tracer, boot) = device.boot();
    assert_eq!(boot.records, 1);
    let mut drain = tracer.drain().unwrap();
    span!(tracer, "named", state = "idle").finish();
    let mut buffer = [0; 200];
    let mut frames = Vec::new();
    while let Some(frame) = drain.frame(&mut buffer) {
        frames.push(frame.to_vec());
    }
    let (mut defined, mut data) = (Vec::new(), 0);
    for frame in &frames {
        let frame = wire::decode(frame).unwrap();
        match frame.body {
            Body::Hello(hello) => assert_eq!((hello.process_total, hello.sites), (0, 0)),
            Body::Data(frame) => {
                data += 1;
                for record in frame.records {
                    if let Record::Define(define) = record {
                        defined.push((
                            data,
                            define.is_name,
                            define.by_address,
                            define.bytes.to_vec(),
                        ));
                    }
                }
            }
            _ => {}
        }
    }
    let [(1, true, true, place), (2, ..), (2, true, false, name)] = &defined[..] else {
        panic!("{defined:?}")
    };
    let said: (u64, u32) = postcard::from_bytes(place).unwrap();
    assert_eq!(name, b"idle");
    assert_eq!(said.1, 4);
    assert!(said.0 == address as u64 || cfg!(miri) || said.0 != 0);
}

#[test]
fn sessions_are_counted_where_the_memory_counts_them() {
    fn noise() -> u32 {
        77
    }
    let mut device = Device::new();
    let mut numbers = std::collections::HashSet::new();
    for _ in 0..20 {
        let tracer = device.start();
        // SAFETY: nobody else has it.
        let tracer = unsafe { core::ptr::from_ref(tracer).read() };
        let tracer: &Tracer = Box::leak(Box::new(tracer.session(SessionSource::Counted(noise))));
        tracer.boot(ResetCause::Software);
        assert!(numbers.insert(tracer.session_number()));
    }
    let mut others: Vec<_> = numbers.iter().map(|session| session.get()).collect();
    others.sort_unstable();
    assert!(others.windows(2).all(|pair| pair[1] - pair[0] == 1));
}
