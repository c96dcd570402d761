//! What simulated devices record: rounds whose every part is known, so that what comes out can be judged.

use core::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use spandrel::wire::{self, Body, Record};
use spandrel::{log, span, tag};
use spandrel_collector::model::{Batch, Span, SpanId, TraceId, Value};

use super::farm::{Device, Farm};
use super::host::{EPOCH_NS, said};
use super::link::Fate;

/// How long the root of a round takes, and its child in it, in nanoseconds.
const ROOT_NS: u64 = 200_000;
const CHILD_NS: u64 = 50_000;
/// How much the collector may lengthen or shorten a round of a right clock: it takes its rate for off by
/// up to 100 ppm where a bad link lets it know no better.
const RATE_NS: u64 = ROOT_NS / 10_000;
/// Spans of a round: a root with a child.
pub const SPANS_OF_ROUND: u64 = 2;

const STATES: [&str; 3] = ["idle", "busy", "Grüße"];

/// Records by kind. Definitions are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds {
    /// Spans.
    pub spans: u64,
    /// Logs.
    pub logs: u64,
    /// Tags that came later than their span's start.
    pub parts: u64,
}

impl Kinds {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.spans + self.logs + self.parts
    }

    /// Adds what a frame holds.
    ///
    /// # Panics
    /// If it is no frame, or one with a record that no round has.
    pub fn add_frame(&mut self, frame: &[u8]) {
        let frame = wire::decode(frame).expect("a reporter sends frames");
        let Body::Data(data) = frame.body else { return };
        for record in &data.records {
            match record {
                Record::Span(_) => self.spans += 1,
                Record::Log(_) => self.logs += 1,
                Record::Part(_) => self.parts += 1,
                // Only definitions are too long for the frames of a farm.
                Record::Define(_) | Record::Fragment(_) => {}
                other => panic!("no round has {other:?}"),
            }
        }
    }
}

impl core::ops::Sub for Kinds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            spans: self.spans - other.spans,
            logs: self.logs - other.logs,
            parts: self.parts - other.parts,
        }
    }
}

impl core::fmt::Display for Kinds {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} spans, {} logs, {} tags", self.spans, self.logs, self.parts)
    }
}

/// What devices have recorded.
#[derive(Debug, Default)]
pub struct Work {
    /// True time at the start of each round, by its number.
    begun_ns: Vec<u64>,
    /// How much that is.
    pub recorded: Kinds,
    /// How much a device's clock may lengthen or shorten a round, in nanoseconds.
    tolerance_ns: u64,
}

fn has_log(number: i32) -> bool {
    number % 2 == 0
}

fn has_late_tag(number: i32) -> bool {
    number % 4 == 0
}

fn state(number: i32) -> &'static str {
    STATES[number.rem_euclid(3).cast_unsigned() as usize]
}

impl Work {
    /// Of devices whose clocks may lengthen or shorten a round by so many nanoseconds.
    #[must_use]
    pub fn with_tolerance(tolerance_ns: u64) -> Self {
        Self { tolerance_ns, ..Self::default() }
    }

    /// So many rounds were recorded.
    #[must_use]
    pub fn rounds(&self) -> usize {
        self.begun_ns.len()
    }

    /// Has a device record the next round, which takes 200 microseconds.
    ///
    /// # Panics
    /// If there were more rounds than a tag can count.
    pub fn round(&mut self, farm: &mut Farm, device: usize) {
        let number = i32::try_from(self.begun_ns.len()).expect("few rounds");
        self.begun_ns.push(farm.now_ns());
        let tracer = farm.device(device).tracer();
        let root = span!(tracer, "round", n = number, state = state(number));
        let child = {
            let _active = root.enter();
            span!(tracer, "step", n = number)
        };
        farm.pass(CHILD_NS);
        farm.device(device);
        child.finish();
        if has_log(number) {
            log!(root, event = "checked", n = number);
        }
        if has_late_tag(number) {
            tag!(root, late = number);
        }
        farm.pass(ROOT_NS - CHILD_NS);
        farm.device(device);
        root.finish();
        self.recorded.spans += SPANS_OF_ROUND;
        self.recorded.logs += u64::from(has_log(number));
        self.recorded.parts += u64::from(has_late_tag(number));
    }
}

/// What went up from a device, as the link saw it.
#[derive(Debug, Default)]
pub struct Passed {
    /// What the device sent, each record as often as that.
    pub sent: Kinds,
    /// What of it never arrived.
    pub lost: Kinds,
    /// Frames that went up, of every kind.
    pub frames: u64,
    /// Of these, those that arrived as they were.
    pub clean_frames: u64,
    /// By the number of its span: whether that arrived, and how many logs and tags of it did.
    arrived: HashMap<u64, (bool, Kinds)>,
}

impl Passed {
    /// Looks at all that goes up from a device.
    pub fn watch(device: &mut Device) -> Rc<RefCell<Self>> {
        let passed = Rc::new(RefCell::new(Self::default()));
        let seen = Rc::clone(&passed);
        device.watch(move |frame, fate| seen.borrow_mut().note(frame, fate));
        passed
    }

    fn note(&mut self, frame: &[u8], fate: Fate) {
        self.sent.add_frame(frame);
        self.frames += 1;
        self.clean_frames += u64::from(!fate.is_lost());
        if fate.is_lost() {
            self.lost.add_frame(frame);
            return;
        }
        let Ok(wire::Frame { body: Body::Data(data), .. }) = wire::decode(frame) else { return };
        for record in &data.records {
            match record {
                Record::Span(span) => self.arrived.entry(span.head.own).or_default().0 = true,
                Record::Log(log) => self.arrived.entry(log.own).or_default().1.logs += 1,
                Record::Part(part) => self.arrived.entry(part.own).or_default().1.parts += 1,
                _ => {}
            }
        }
    }

    /// What must come out: of a log or a tag whose span is lost nothing can be shown.
    #[must_use]
    pub fn shown(&self) -> Kinds {
        let mut shown = Kinds::default();
        for (_, kinds) in self.arrived.values().filter(|(is_there, _)| *is_there) {
            shown.spans += 1;
            shown.logs += kinds.logs;
            shown.parts += kinds.parts;
        }
        shown
    }
}

/// What came out of a collector, held against what was recorded.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What came, by kind, each once.
    pub came: Kinds,
    /// Spans that came whole, exactly as they were recorded.
    pub whole: u64,
    /// Spans that say that something of them is missing; the rest of them is right.
    pub partial: u64,
    /// Spans that came more than once.
    pub doubled: u64,
    /// Rounds of which a span came.
    pub rounds: BTreeSet<usize>,
    /// What is not as it was recorded.
    pub wrong: Vec<String>,
    /// The greatest share of a stated bound that a span was off by.
    pub worst_share: f64,
    /// True time at the start of spans, and the bound that was stated for them, in nanoseconds.
    pub bounds_ns: Vec<(u64, u64)>,
    tolerance_ns: u64,
}

impl Verdict {
    /// Judges all spans of these batches; those that the collector makes itself are not looked at.
    #[must_use]
    pub fn of(work: &Work, batches: &[Batch]) -> Self {
        let mut verdict = Self { tolerance_ns: RATE_NS + work.tolerance_ns, ..Self::default() };
        let mut roots: BTreeMap<usize, (TraceId, SpanId)> = BTreeMap::new();
        let mut children = Vec::new();
        for batch in batches {
            let stated_ns = said(&batch.resource, "clock.error_us") * 1_000;
            // Ticks are whole microseconds.
            let error_ns = stated_ns + 1_000;
            for span in &batch.spans {
                let Some((number, is_root)) = which(span) else { continue };
                let Some(begun_ns) = work.begun_ns.get(number) else {
                    verdict.wrong.push(format!("nobody recorded {span:?}"));
                    continue;
                };
                verdict.rounds.insert(number);
                verdict.came.spans += 1;
                let off_ns = span.start_ns.abs_diff(EPOCH_NS + begun_ns);
                if stated_ns != 0 {
                    verdict.bounds_ns.push((*begun_ns, stated_ns));
                    let share = off_ns as f64 / error_ns as f64;
                    verdict.worst_share = verdict.worst_share.max(share);
                }
                if off_ns > error_ns && stated_ns != 0 {
                    verdict.wrong.push(format!("{off_ns} ns off and not {error_ns}: {span:?}"));
                }
                if is_root {
                    let ids = (span.trace_id, span.span_id);
                    verdict.doubled += u64::from(roots.insert(number, ids).is_some());
                    verdict.judge_root(span, number);
                } else {
                    children.push((number, span));
                }
            }
        }
        verdict.judge_children(&children, &roots);
        verdict
    }

    fn judge_root(&mut self, span: &Span, number: usize) {
        let n = i32::try_from(number).unwrap_or_default();
        let logs = span.events.iter().filter(|event| &*event.name == "checked");
        let (logs, late) = (logs.collect::<Vec<_>>(), tag(span, "late").is_some());
        self.came.logs += logs.len() as u64;
        self.came.parts += u64::from(late);
        let is_missing = (has_log(n) && logs.is_empty()) || (has_late_tag(n) && !late);
        let is_right = tag(span, "state") == Some(&Value::from(state(n)))
            && span.parent_span_id.is_none()
            && span.duration_ns().abs_diff(ROOT_NS) <= self.tolerance_ns
            && logs.len() <= usize::from(has_log(n))
            && logs
                .iter()
                .all(|log| log.time_ns.abs_diff(span.start_ns + CHILD_NS) <= self.tolerance_ns)
            && tag(span, "late").is_none_or(|late| *late == Value::from(i64::from(n)))
            && (!late || has_late_tag(n));
        self.count(span, is_missing, is_right);
    }

    fn judge_children(
        &mut self,
        children: &[(usize, &Span)],
        roots: &BTreeMap<usize, (TraceId, SpanId)>,
    ) {
        let mut parents: BTreeMap<usize, (TraceId, SpanId)> = BTreeMap::new();
        for (number, span) in children {
            let Some(parent) = span.parent_span_id else {
                self.wrong.push(format!("it had a parent: {span:?}"));
                continue;
            };
            let ids = (span.trace_id, parent);
            self.doubled += u64::from(parents.insert(*number, ids).is_some());
            let is_right = span.duration_ns().abs_diff(CHILD_NS) <= self.tolerance_ns
                && roots.get(number).is_none_or(|root| *root == ids);
            self.count(span, false, is_right);
        }
    }

    /// A span with nothing missing that warns is one whose parent is missing, at most.
    fn count(&mut self, span: &Span, is_missing: bool, is_right: bool) {
        if !is_right || (is_missing && span.warnings.is_empty()) {
            self.wrong.push(format!("not as it was recorded: {span:?}"));
        } else if is_missing {
            self.partial += 1;
        } else {
            self.whole += 1;
        }
    }

    /// The first of what is wrong, doubles included.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults: Vec<_> = self.wrong.iter().take(3).cloned().collect();
        if self.wrong.len() > faults.len() {
            faults.push(format!("{} more are wrong", self.wrong.len() - faults.len()));
        }
        if self.doubled > 0 {
            faults.push(format!("{} spans came more than once", self.doubled));
        }
        faults
    }
}

fn tag<'a>(span: &'a Span, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|tag| &*tag.key == key).map(|tag| &tag.value)
}

/// Which round a span is of, and whether it is the root; none for what the collector made itself.
fn which(span: &Span) -> Option<(usize, bool)> {
    let is_root = match &*span.name {
        "round" => true,
        "step" => false,
        _ => return None,
    };
    match tag(span, "n") {
        Some(Value::Int(number)) => Some((usize::try_from(*number).ok()?, is_root)),
        _ => None,
    }
}
