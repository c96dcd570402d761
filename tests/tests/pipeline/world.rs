//! A device, a link that treats frames badly, and a collector: from random steps to what came of them.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use spandrel::wire::{self, Body, Record};
use spandrel_collector::model::{Span, Value};

use crate::device::{Collector, Device, SECOND};
use crate::program::{Any, Program, Step};

/// What becomes of a frame of records.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    Arrives,
    Lost,
    /// It comes again after so many ticks.
    Doubled(u32),
    /// It comes only after so many ticks, behind later ones.
    Late(u32),
}

pub(crate) fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        4 => Just(Fate::Arrives),
        1 => Just(Fate::Lost),
        1 => (0..300_000_u32).prop_map(Fate::Doubled),
        1 => (0..300_000_u32).prop_map(Fate::Late),
        // Later than anything is waited for.
        1 => (2_500_000..4_000_000_u32).prop_map(Fate::Late),
    ]
}

/// A device, a link and a collector.
pub(crate) struct World {
    pub(crate) device: Device,
    pub(crate) collector: Collector,
    fates: Vec<Fate>,
    is_in_time: bool,
    /// Frames under way, by their time of arrival.
    late: BTreeMap<(u64, usize), Vec<u8>>,
    sent: usize,
    /// Records that went up, whatever became of them.
    pub(crate) sent_records: u64,
    pub(crate) lost_records: u64,
    pub(crate) lost_spans: usize,
    /// The record that goes up in fragments.
    broken: Option<Broken>,
}

/// What went up of a record that is longer than a frame.
#[derive(Default)]
struct Broken {
    number: u64,
    last_number: u64,
    bytes: Vec<u8>,
    is_lost: bool,
}

impl Broken {
    fn is_span(&self) -> bool {
        let record = wire::decode_fragments(&self.bytes, self.number, self.last_number);
        matches!(record.expect("all of it went up"), Record::Span(_))
    }
}

impl World {
    pub(crate) fn new<const WORDS: usize, const NAMES: usize>(
        mtu: usize,
        downlink: bool,
        start: u32,
        fates: Vec<Fate>,
    ) -> Self {
        Self {
            device: Device::new::<WORDS, NAMES>(mtu, start),
            collector: Collector::new(downlink),
            fates,
            is_in_time: true,
            late: BTreeMap::new(),
            sent: 0,
            sent_records: 0,
            lost_records: 0,
            lost_spans: 0,
            broken: None,
        }
    }

    pub(crate) fn pass(&mut self, ticks: u32) {
        self.device.pass(ticks);
        if let Some(hello) = self.device.due_hello() {
            self.collector.receive(&mut self.device, hello);
        }
        while let Some(entry) = self.late.first_entry()
            && entry.key().0 <= self.device.ticks()
        {
            let frame = entry.remove();
            self.collector.receive(&mut self.device, frame);
        }
        self.collector.tick(&mut self.device);
    }

    pub(crate) fn send(&mut self) {
        while let Some(frame) = self.device.frame() {
            let fate = self.fates.get(self.sent).copied().unwrap_or(Fate::Arrives);
            self.sent += 1;
            self.account(&frame, fate == Fate::Lost);
            let mut delay = |by: u32, frame| {
                self.late.insert((self.device.ticks() + u64::from(by), self.sent), frame);
            };
            match fate {
                Fate::Arrives => self.collector.receive(&mut self.device, frame),
                Fate::Lost => {}
                Fate::Late(by) => {
                    self.is_in_time &= by < 2 * SECOND;
                    delay(by, frame);
                }
                Fate::Doubled(by) => {
                    delay(by, frame.clone());
                    self.collector.receive(&mut self.device, frame);
                }
            }
        }
    }

    /// Counts what a frame holds that is lost with it, or was in part before.
    fn account(&mut self, frame: &[u8], is_lost: bool) {
        let Ok(wire::Frame { body: Body::Data(data), .. }) = wire::decode(frame) else {
            panic!("a drain gives frames of records");
        };
        let mut number = data.head.first_record;
        for record in data.records {
            let (is_numbered, mut is_lost) = (u64::from(record.ends_number()), is_lost);
            match record {
                Record::Span(_) => self.lost_spans += usize::from(is_lost),
                Record::Fragment(fragment) => {
                    let begun =
                        Broken { number, last_number: data.head.last_number, ..Broken::default() };
                    let broken = self.broken.get_or_insert(begun);
                    broken.bytes.extend_from_slice(fragment.bytes);
                    broken.is_lost |= is_lost;
                    if fragment.is_last {
                        is_lost = broken.is_lost;
                        self.lost_spans += usize::from(broken.is_span() && broken.is_lost);
                        self.broken = None;
                    }
                }
                _ => {}
            }
            self.sent_records += is_numbered;
            self.lost_records += is_numbered * u64::from(is_lost);
            number += is_numbered;
        }
    }

    /// Runs the steps, finishes every span, and waits until nothing more can come.
    pub(crate) fn run(&mut self, steps: &[Step]) -> Program {
        let mut program = Program::new(self.device.tracer);
        self.pass(0);
        for step in steps {
            program.run(step, self.device.ticks());
            match step {
                Step::Pass(ticks) => self.pass(*ticks),
                Step::Send => self.send(),
                _ => {}
            }
        }
        program.finish_all(self.device.ticks());
        self.send();
        self.fates.clear();
        // Ten hellos tell every definition again.
        for _ in 0..11 * 4 {
            self.pass(SECOND / 4);
            self.send();
        }
        // One span shows where the numbers end; the next carries the last word about losses.
        for _ in 0..2 {
            let value = Any::Bool(true);
            let last = Step::Start { form: 0, parent: 0, number: 0, value, asks: false };
            program.run(&last, self.device.ticks());
            program.finish_all(self.device.ticks());
            self.send();
            self.pass(3 * SECOND);
        }
        self.collector.pipeline.finish(self.device.now_ns());
        program
    }

    /// Spans by id, each of which came once; those that the collector made itself are no spans.
    pub(crate) fn spans(&self) -> Result<HashMap<spandrel::SpanId, Span>, TestCaseError> {
        let mut spans = HashMap::new();
        for span in self.collector.spans().into_iter().filter(|span| !is_made(span)) {
            let id = span.span_id;
            prop_assert!(spans.insert(id, span).is_none(), "{id} came twice");
        }
        Ok(spans)
    }

    /// Whether no frame came later than it is waited for.
    pub(crate) fn is_in_time(&self) -> bool {
        self.is_in_time
    }

    /// What the process of the last batch says that the link lost.
    pub(crate) fn said_lost(&self) -> u64 {
        let batches = self.collector.batches();
        let attributes = &batches.last().expect("the last span came").resource.attributes;
        match attributes.iter().find(|tag| &*tag.key == "lost.link").map(|tag| &tag.value) {
            Some(Value::Int(count)) => u64::try_from(*count).expect("a count"),
            _ => 0,
        }
    }
}

/// Whether the collector made a span itself, in place of what was lost.
pub(crate) fn is_made(span: &Span) -> bool {
    span.attributes.iter().any(|tag| &*tag.key == "spandrel.synthetic")
}
