//! Random programs of spans, run on a real tracer.

use proptest::prelude::*;
use spandrel::{ChildOf, Copied, SpanContext, SpanId, TraceFlags, TraceId, Tracer, log, span, tag};
use spandrel_collector::model::{Attribute, Value};

use crate::recorded::Recorded;

/// Long enough that no frame holds it, and that a table of names without room lets it be cut.
const STATICS: [&str; 4] = ["", "idle", "Grüße aus der Ferne", LONG];
const LONG: &str = "a sentence of which every word costs a byte in the frame for each of its \
                    letters, which is why a device says it once and from then on its number, and \
                    which has to go in pieces where frames are short";
const KEYS: [&str; 5] = ["bus", "value", "state", "longer.key", "event"];
const NAMES: [&str; 3] = ["named", "renamed", "at run time"];

/// A value of each type that a tag can have.
#[derive(Clone, Debug)]
pub(crate) enum Any {
    Bool(bool),
    I32(i32),
    U32(u32),
    I64(i64),
    U64(u64),
    F32(f32),
    F64(f64),
    Static(&'static str),
    Text(String),
}

impl Any {
    fn model(&self) -> Value {
        match self {
            Self::Bool(value) => (*value).into(),
            Self::I32(value) => i64::from(*value).into(),
            Self::U32(value) => i64::from(*value).into(),
            Self::I64(value) => (*value).into(),
            Self::U64(value) => (*value).into(),
            Self::F32(value) => f64::from(*value).into(),
            Self::F64(value) => (*value).into(),
            Self::Static(text) => (*text).into(),
            Self::Text(text) => text.as_str().into(),
        }
    }
}

/// Calls a function of the tracer with the value itself, whatever its type.
macro_rules! with {
    ($any:expr, |$value:ident| $call:expr) => {
        match $any {
            Any::Bool($value) => $call,
            Any::I32($value) => $call,
            Any::U32($value) => $call,
            Any::I64($value) => $call,
            Any::U64($value) => $call,
            Any::F32($value) => $call,
            Any::F64($value) => $call,
            Any::Static($value) => $call,
            Any::Text(ref text) => {
                let $value = Copied(text);
                $call
            }
        }
    };
}

pub(crate) fn any_value() -> impl Strategy<Value = Any> {
    prop_oneof![
        any::<bool>().prop_map(Any::Bool),
        any::<i32>().prop_map(Any::I32),
        any::<u32>().prop_map(Any::U32),
        any::<i64>().prop_map(Any::I64),
        any::<u64>().prop_map(Any::U64),
        any::<f32>().prop_map(Any::F32),
        any::<f64>().prop_map(Any::F64),
        prop::sample::select(&STATICS).prop_map(Any::Static),
        "\\PC{0,30}".prop_map(Any::Text),
    ]
}

/// What a program does next; `which` chooses among the open spans.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// `asks` for the context of the new span, which gives it a number.
    Start {
        form: u8,
        parent: u8,
        number: i32,
        value: Any,
        asks: bool,
    },
    Tag {
        which: usize,
        key: &'static str,
        value: Any,
    },
    Tags {
        which: usize,
        number: i32,
        text: String,
    },
    Log {
        which: usize,
        key: &'static str,
        value: Any,
    },
    Logs {
        which: usize,
        number: u64,
        text: String,
    },
    Rename {
        which: usize,
        name: &'static str,
    },
    Finish {
        which: usize,
    },
    Send,
    Pass(u32),
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let key = || prop::sample::select(&KEYS);
    let which = || 0..4_usize;
    let text = || "\\PC{0,30}";
    prop_oneof![
        6 => (0..6_u8, 0..4_u8, any::<i32>(), any_value(), any::<bool>()).prop_map(
            |(form, parent, number, value, asks)| Step::Start { form, parent, number, value, asks },
        ),
        2 => (which(), key(), any_value())
            .prop_map(|(which, key, value)| Step::Tag { which, key, value }),
        1 => (which(), any::<i32>(), text())
            .prop_map(|(which, number, text)| Step::Tags { which, number, text }),
        1 => (which(), key(), any_value())
            .prop_map(|(which, key, value)| Step::Log { which, key, value }),
        1 => (which(), any::<u64>(), text())
            .prop_map(|(which, number, text)| Step::Logs { which, number, text }),
        1 => (which(), prop::sample::select(&NAMES))
            .prop_map(|(which, name)| Step::Rename { which, name }),
        6 => which().prop_map(|which| Step::Finish { which }),
        2 => Just(Step::Send),
        4 => (0..20_000_u32).prop_map(Step::Pass),
    ]
}

/// Runs the steps that concern spans, and keeps what was recorded.
pub(crate) struct Program {
    tracer: &'static Tracer,
    open: Vec<(spandrel::Span, Recorded)>,
    pub(crate) finished: Vec<Recorded>,
}

impl Program {
    pub(crate) fn new(tracer: &'static Tracer) -> Self {
        Self { tracer, open: Vec::new(), finished: Vec::new() }
    }

    pub(crate) fn run(&mut self, step: &Step, ticks: u64) {
        match step {
            Step::Start { form, parent, number, value, asks } => {
                self.start(*form, *parent, *number, value, *asks, ticks);
            }
            Step::Tag { which, key, value } => self.with_open(*which, |span, recorded| {
                with!(*value, |value| span.set_tag(key, value));
                recorded.tags.push(Attribute::new(*key, value.model()));
            }),
            Step::Tags { which, number, text } => self.with_open(*which, |span, recorded| {
                tag!(span, bus = *number, "late text" = Copied(text), done = true);
                recorded.tags.extend([
                    Attribute::new("bus", i64::from(*number)),
                    Attribute::new("late text", text.as_str()),
                    Attribute::new("done", true),
                ]);
            }),
            Step::Log { which, key, value } => self.with_open(*which, |span, recorded| {
                with!(*value, |value| span.log(key, value));
                recorded.logs.push((ticks, vec![Attribute::new(*key, value.model())]));
            }),
            Step::Logs { which, number, text } => self.with_open(*which, |span, recorded| {
                log!(span, event = "string-format", value = Copied(text), n = *number);
                log!(span, "println");
                let fields = vec![
                    Attribute::new("event", "string-format"),
                    Attribute::new("value", text.as_str()),
                    Attribute::new("n", *number),
                ];
                recorded.logs.push((ticks, fields));
                recorded.logs.push((ticks, vec![Attribute::new("event", "println")]));
            }),
            Step::Rename { which, name } => self.with_open(*which, |span, recorded| {
                span.set_operation_name(name);
                recorded.names.push(name);
            }),
            Step::Finish { which } if !self.open.is_empty() => {
                let (span, mut recorded) = self.open.remove(which % self.open.len());
                recorded.ticks[1] = ticks;
                span.finish();
                self.finished.push(recorded);
            }
            Step::Finish { .. } | Step::Send | Step::Pass(_) => {}
        }
    }

    pub(crate) fn finish_all(&mut self, ticks: u64) {
        while !self.open.is_empty() {
            self.run(&Step::Finish { which: self.open.len() - 1 }, ticks);
        }
    }

    fn with_open(&mut self, which: usize, act: impl FnOnce(&spandrel::Span, &mut Recorded)) {
        let count = self.open.len();
        if let Some((span, recorded)) = self.open.get_mut(which % count.max(1)) {
            act(span, recorded);
        }
    }

    fn start(&mut self, form: u8, parent: u8, number: i32, value: &Any, asks: bool, ticks: u64) {
        let t = self.tracer;
        let remote =
            SpanContext::new(TraceId([0x11 + form; 16]), SpanId([0x22; 8]), TraceFlags::SAMPLED);
        let last = if parent > 1 { self.open.last_mut() } else { None };
        let above_it = last.map(|(span, recorded)| {
            recorded.is_asked(span.context());
            span.context()
        });
        let (above, context) = match (parent, self.open.last()) {
            (1, _) => (ChildOf::Context(remote), Some(remote)),
            (2, Some(_)) => (ChildOf::Active, above_it),
            (3, Some((span, _))) => (ChildOf::Span(span), above_it),
            _ => (ChildOf::Root, None),
        };
        let active = matches!(above, ChildOf::Active);
        let guard = self.open.last().filter(|_| active).map(|(s, _)| s.enter());
        let text = match value {
            Any::Static(text) => text,
            _ => STATICS[1],
        };
        let key = |key: &'static str, value: Value| Attribute { key: key.into(), value };
        let pin = key("pin", i64::from(number).into());
        let mode = key("mode", text.into());
        let (span, name, tags) = match form {
            0 => (span!(t, child_of: above, "bare"), "bare", vec![]),
            1 => (span!(t, child_of: above, "one", pin = number), "one", vec![pin]),
            2 => {
                let span = span!(t, child_of: above, "two", pin = number, mode = text);
                (span, "two", vec![pin, mode])
            }
            3 if guard.is_some() => {
                (span!(t, "active", pin = number, mode = text), "active", vec![pin, mode])
            }
            4 => {
                let span = with!(*value, |value| span!(
                    t, child_of: above, "eight", pin = number, mode = text, v = value, b = true,
                    d = 0.5_f64, e = u64::MAX, f = -1.5_f32, g = 7_u8
                ));
                let mut tags = vec![pin, mode, key("v", value.model()), key("b", true.into())];
                tags.extend([key("d", 0.5.into()), key("e", u64::MAX.into())]);
                tags.extend([key("f", (-1.5).into()), key("g", 7_i64.into())]);
                (span, "eight", tags)
            }
            _ => (t.start_child_of(above, NAMES[0]), NAMES[0], vec![]),
        };
        drop(guard);
        let mut recorded = Recorded {
            span_id: None,
            trace_id: context.map(|above| above.trace_id),
            parent: context.map(|above| above.span_id),
            names: vec![name],
            ticks: [ticks; 2],
            tags,
            logs: Vec::new(),
        };
        if asks {
            recorded.is_asked(span.context());
        }
        self.open.push((span, recorded));
    }
}
