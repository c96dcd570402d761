//! The short way of finished spans and the long one give the same bytes, whatever comes.

use super::*;
use crate::session::direct_testing::{IS_OFF, TAKEN};

/// A site that does not fit what is copied at once, and one with a key twice.
const LONG: &[u8] = b"\x2aa_name_that_is_longer_than_most_names_are_\x03bus";
const TWICE: &[u8] = b"\x04read\x03bus\x03bus";
const PLACED: &[u8] = b"\x04read\x03bus\x0c\0src/a.rs:12";
const FAILING: &[u8] = b"\0\x05error\x09span.kind\x10http.status_code";
const SITES: [&[u8]; 7] = [READ, LONG, TWICE, PLACED, FAILING, LONGER, b"\x05later\x03bus"];
/// One whose name does not fit an opening, nor its keys the room for most, nor what is below the last of
/// them the length of most.
const LONGER: &[u8] = b"\
    \x47a_name_that_is_so_long_that_nobody_reads_it_to_its_end_where_it_ends_so\
    \x1da_key_that_is_longer_than_all\
    \x6fa_key_that_is_so_long_that_its_attribute_has_a_length_of_two_bytes_\
    whatever_is_below_it_and_nobody_reads_it_too";
const NAMES: [&str; 4] =
    ["idle", "", "server", "a name that was not so short, and is no key at all"];

#[derive(Clone, Debug)]
enum Step {
    /// Records of one of the two devices; the frame may be lost, or come twice.
    Frame {
        of_second: bool,
        drafts: Vec<Draft>,
        copies: u8,
    },
    Hello {
        of_second: bool,
    },
    Wait {
        us: u32,
    },
    Losses {
        of_second: bool,
        kind: u8,
    },
}

#[derive(Clone, Debug)]
struct Draft {
    kind: u8,
    own: u8,
    parent: u8,
    trace: u8,
    site: u8,
    back_us: u32,
    duration_us: u32,
    odd: u8,
    values: Vec<wire::Value<'static>>,
}

fn value() -> impl Strategy<Value = wire::Value<'static>> {
    prop_oneof![
        any::<bool>().prop_map(wire::Value::Bool),
        (-200..700_i32).prop_map(wire::Value::I32),
        any::<u32>().prop_map(wire::Value::U32),
        any::<i64>().prop_map(wire::Value::I64),
        prop_oneof![any::<u64>(), Just(7)].prop_map(wire::Value::U64),
        any::<f32>().prop_map(wire::Value::F32),
        any::<f64>().prop_map(wire::Value::F64),
        (0..5_u16).prop_map(|id| wire::Value::Static(NameRef::Id(id))),
        (0..4_usize).prop_map(|at| wire::Value::Static(NameRef::Inline(NAMES[at]))),
        (0..4_usize).prop_map(|at| wire::Value::Text(NAMES[at])),
        Just(wire::Value::Bytes(&[0, 200, 7])),
        prop_oneof![
            Just(wire::Value::CutText("cu")),
            Just(wire::Value::CutBytes(&[1])),
            Just(wire::Value::CutStatic(NameRef::Id(1))),
        ],
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    // Most are spans, most of those whole, and most of the usual site.
    let kind = prop_oneof![40 => Just(0_u8), 1 => 1..7_u8];
    let site = prop_oneof![6 => Just(1_u8), 1 => 0..8_u8];
    let odd = prop_oneof![60 => Just(0_u8), 1 => 1..4_u8];
    let parent = prop_oneof![8 => 1..12_u8, 1 => Just(0), 1 => Just(255)];
    let numbers = (kind, prop_oneof![Just(0_u8), 1..12_u8], parent, 0..14_u8, site);
    let times = (0..300_000_u32, prop_oneof![0..500_u32, Just(0), Just(9_000_000)]);
    (numbers, times, odd, prop::collection::vec(value(), 0..4)).prop_map(
        |((kind, own, parent, trace, site), (back_us, duration_us), odd, values)| Draft {
            kind,
            own,
            parent,
            trace,
            site,
            back_us,
            duration_us,
            odd,
            values,
        },
    )
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let copies = prop_oneof![12 => Just(1_u8), 1 => Just(0), 1 => Just(2)];
    let frame = (any::<bool>(), prop::collection::vec(draft(), 1..12), copies)
        .prop_map(|(of_second, drafts, copies)| Step::Frame { of_second, drafts, copies });
    let step = prop_oneof![
        20 => frame,
        2 => any::<bool>().prop_map(|of_second| Step::Hello { of_second }),
        2 => (1..3_000_000_u32).prop_map(|us| Step::Wait { us }),
        1 => (any::<bool>(), 0..3_u8)
            .prop_map(|(of_second, kind)| Step::Losses { of_second, kind }),
    ];
    prop::collection::vec(step, 1..40)
}

impl Draft {
    fn record(&self, record: u64, now_ticks: u64, other: &Device) -> Record<'static> {
        let number = |number: u8| u64::from(number) + FIRST;
        let own = match self.own {
            0 => wire::record_number(record),
            own => number(own),
        };
        let start_ticks = now_ticks.saturating_sub(self.back_us.into());
        let list: wire::Values<'static> = self.values.iter().copied().collect();
        let site = SiteRef { id: self.site.into(), shape: Shape::of(&list) };
        let remote = match self.trace {
            12 => TraceId([9; 16]),
            13 => TraceId([0; 16]),
            root => other.trace_id(number(root)),
        };
        let key = PartKey::Site(site);
        match self.kind {
            1 => Record::Part(Part { own: number(self.own), key, values: list }),
            2 => Record::Log(Log {
                own: number(self.own),
                time_ticks: start_ticks,
                more: false,
                key,
                values: list,
            }),
            3 => Record::Reference(Reference {
                own: number(self.own),
                trace: remote,
                span: other.span_id(number(self.parent)),
                follows_from: self.odd != 0,
            }),
            4 => Record::Clock(Clock { time_ticks: start_ticks, event: ClockEvent::Stepped }),
            5 => self.define(),
            6 => name(self.site.into(), NAMES[usize::from(self.site) % NAMES.len()]),
            _ => {
                let is_remote = self.trace > 11 || self.parent == 255;
                let trace = if is_remote {
                    TraceRef::Remote(remote)
                } else {
                    TraceRef::Own(number(self.trace))
                };
                let (parent, trace) = match self.parent {
                    0 if !is_remote => (Parent::None, TraceRef::Own(own)),
                    0 => (Parent::None, trace),
                    255 => (Parent::Remote, trace),
                    parent => (Parent::Local(number(parent)), trace),
                };
                let head = SpanHead {
                    own,
                    parent,
                    trace,
                    site,
                    start_ticks,
                    duration_ticks: self.duration_us.into(),
                    parts: u8::from(self.odd == 1),
                    ambiguous: self.odd == 2,
                    cut_off: self.odd == 3,
                };
                Record::Span(SpanRecord { head, values: list })
            }
        }
    }

    fn define(&self) -> Record<'static> {
        site(self.site.into(), SITES[usize::from(self.site.saturating_sub(1)) % SITES.len()])
    }
}

/// Everything that comes out, and what is counted.
fn run(steps: &[Step], with_downlink: bool, is_off: bool) -> (Vec<Output>, Stats, Vec<Reply>) {
    IS_OFF.set(is_off);
    let outputs = Arc::new(Mutex::new(Vec::new()));
    let sink = outputs.clone();
    let options = Options { downlink: with_downlink, ..Options::default() };
    let mut pipeline =
        Pipeline::new(options, move |output: Output| sink.lock().unwrap().push(output));
    let mut devices = [device(1), device(2)];
    let mut now_ns = EPOCH + SECOND;
    let mut all = Vec::new();
    let mut talk = |pipeline: &mut Pipeline<_>,
                    devices: &mut [Device; 2],
                    at: usize,
                    frame: Vec<u8>,
                    now_ns: u64| {
        let mut replies = Vec::new();
        pipeline.on_frame(&frame, &devices[at].peer, now_ns, &mut replies);
        for reply in &replies {
            let request = wire::decode_downlink(&reply.bytes).unwrap().request;
            if let Request::Ping(id) = request {
                let sent_ns = now_ns - 300_000;
                pipeline.on_sent(&reply.peer, devices[at].session.tag(devices[at].id), id, sent_ns);
                // The second device's clock is said to be off, so that times contradict each other.
                let off = at as u64 * 90_000;
                let ticks = devices[at].ticks(now_ns - 100_000) - off;
                let pong = devices[at].frame(|packet| {
                    Body::Pong(Pong { packet, id, received_ticks: ticks, sent_ticks: ticks })
                });
                pipeline.on_frame(&pong, &devices[at].peer, now_ns, &mut Vec::new());
            }
        }
        all.extend(replies);
    };
    for at in [0, 1] {
        let hello = devices[at].hello(now_ns);
        talk(&mut pipeline, &mut devices, at, hello, now_ns);
        let mut known: Vec<_> = (1..).zip(&SITES[..6]).map(|(id, bytes)| site(id, bytes)).collect();
        known.extend((0..3).map(|id| name(id, NAMES[usize::from(id)])));
        let frame = devices[at].data(known);
        talk(&mut pipeline, &mut devices, at, frame, now_ns);
    }
    now_ns += SECOND;
    for step in steps {
        now_ns += 1_000_000;
        match step {
            Step::Frame { of_second, drafts, copies } => {
                let at = usize::from(*of_second);
                let [first, second] = &devices;
                let (own, other) = if *of_second { (second, first) } else { (first, second) };
                let ticks = own.ticks(now_ns);
                let mut number = own.record;
                let record = |draft: &Draft| {
                    let record = draft.record(number, ticks, other);
                    number += u64::from(record.ends_number());
                    record
                };
                let records = drafts.iter().map(record).collect();
                let frame = devices[at].data(records);
                for _ in 0..*copies {
                    talk(&mut pipeline, &mut devices, at, frame.clone(), now_ns);
                }
            }
            Step::Hello { of_second } => {
                let at = usize::from(*of_second);
                let hello = devices[at].hello(now_ns);
                talk(&mut pipeline, &mut devices, at, hello, now_ns);
            }
            Step::Wait { us } => {
                now_ns += u64::from(*us) * 1_000;
                pipeline.on_tick(now_ns, &mut Vec::new());
            }
            Step::Losses { of_second, kind } => {
                let losses = &mut devices[usize::from(*of_second)].losses;
                match kind {
                    0 => losses.ring_full += 3,
                    1 => losses.tag_cut += 1,
                    _ => losses.sampled_out += 1,
                }
            }
        }
    }
    pipeline.finish(now_ns + SECOND);
    IS_OFF.set(false);
    let outputs = outputs.lock().unwrap().clone();
    (outputs, *pipeline.stats(), all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn both_ways_give_the_same_bytes(steps in steps(), with_downlink: bool) {
        let (short, short_stats, short_replies) = run(&steps, with_downlink, false);
        let (long, long_stats, long_replies) = run(&steps, with_downlink, true);
        prop_assert_eq!(short.len(), long.len());
        for (short, long) in short.iter().zip(&long) {
            prop_assert_eq!(short.batches(), long.batches());
            prop_assert_eq!(short, long);
            // It is what it is said to be.
            let checked = crate::model::Chunk::check(short.chunk.bytes().clone()).unwrap();
            prop_assert_eq!(&checked.chunk, &short.chunk);
        }
        prop_assert_eq!(short_stats, long_stats);
        prop_assert_eq!(short_replies, long_replies);
    }
}

#[test]
fn usual_frames_go_the_short_way() {
    let whole = |own, parent| Draft {
        kind: 0,
        own,
        parent,
        trace: 1,
        site: 1,
        back_us: 500,
        duration_us: 200,
        odd: 0,
        values: vec![wire::Value::I32(300), wire::Value::Static(NameRef::Id(0))],
    };
    let drafts = vec![whole(0, 1), whole(0, 1), whole(1, 0)];
    let frame = Step::Frame { of_second: false, drafts, copies: 1 };
    for with_downlink in [true, false] {
        TAKEN.set(0);
        let (outputs, stats, _) = run(&vec![frame.clone(); 50], with_downlink, false);
        assert_eq!((TAKEN.get(), stats.spans, outputs.len()), (50, 150, 50));
    }
}
