//! Bytes on the wire: the device's own encoder, run here with a clock that this program moves.
//!
//! The device has been up for an hour, which it spent idle; what an hour of [`A_SECOND`] spans a
//! second would add, since its running numbers are longer, is a detail. Times have the jitter that a
//! real device's have, a hundredth at most.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::collections::VecDeque;

use anyhow::{Context as _, Result, ensure};
use spandrel::wire::{Body, Record, decode};
use spandrel::{
    Clock, DeviceId, Drain, Recorder, Session, SessionSource, Span, SpanContext, SpanId,
    TraceFlags, TraceId, Tracer, span,
};

use super::figures::Figures;

/// What a board's 32-bit timer runs at.
const HZ: u32 = 64_000_000;
/// Up to now, in seconds; the clock's 32 bits turn 53 times in it.
const UPTIME_S: u32 = 3600;
/// Spans in each second before, where the device was not idle.
const A_SECOND: u32 = 100;
/// Room for any of the frames here.
const FRAME_BYTES: usize = 4096;

/// Measures every figure whose key begins with `wire.`.
pub(super) fn measure(now: &mut Figures) -> Result<()> {
    for (key, bytes) in Device::up_for_an_hour(false)?.figures()? {
        now.add(&key, bytes);
    }
    for (key, bytes) in Device::up_for_an_hour(true)?.figures()? {
        now.add_detail(format!("{key} after an hour of {A_SECOND} spans a second: {bytes:.2}"));
    }
    Ok(())
}

/// A tracer, what drains it, and the clock in one's own hands.
struct Device {
    tracer: &'static Tracer,
    counter: &'static AtomicU32,
    drain: Drain,
    /// Makes values and jitter that differ but are the same in every run.
    random: u32,
}

/// What a frame holds.
struct Frame {
    bytes: f64,
    spans: usize,
    definitions: usize,
}

impl Device {
    fn up_for_an_hour(was_busy: bool) -> Result<Self> {
        let counter: &AtomicU32 = Box::leak(Box::default());
        let recorder: &Recorder<4096> = Box::leak(Box::default());
        // SAFETY: the counter lives for ever, and reading it does nothing else.
        let clock = unsafe { Clock::register(counter.as_ptr(), HZ) };
        let tracer = Tracer::new("sensor-node", recorder, clock)
            .device_id(DeviceId(0x0012_3456_789a_bcde))
            .session(SessionSource::Fixed(Session::new(0x00ab_cdef)));
        let tracer: &Tracer = Box::leak(Box::new(tracer));
        let drain = tracer.drain().context("nobody else drains")?;
        let mut device = Self { tracer, counter, drain, random: 1 };
        device.a_second_of_spans()?;
        for _ in 0..UPTIME_S {
            if was_busy {
                device.a_second_of_spans()?;
            }
            // Far less than half a turn, so that the keeper sees each.
            device.pass_us(1_000_000);
            device.tracer.keep_time();
        }
        Ok(device)
    }

    /// Every figure, by key.
    fn figures(&mut self) -> Result<Vec<(String, f64)>> {
        let mut figures = Vec::new();
        for (burst, interval_us) in [("", 1000), (".burst", 20)] {
            let bytes = self.frame_of_children(interval_us, Self::w1)?;
            figures.push((format!("wire.w1.100{burst}"), bytes / 100.0));
            let bytes = self.frame_of_children(interval_us, Self::w2)?;
            figures.push((format!("wire.w2.100{burst}"), bytes / 100.0));
        }
        figures.push(("wire.w1.1".to_owned(), self.frame_of_one()?));
        figures.push(("wire.w1.1.remote".to_owned(), self.frame_of_one_remote()?));
        figures.push(("wire.w1.1.first".to_owned(), self.frame_of_first()?));
        figures.push(("wire.tree.100".to_owned(), self.frame_of_trees()? / 100.0));
        Ok(figures)
    }

    /// Records and sends some, the first time with the definitions.
    fn a_second_of_spans(&mut self) -> Result<()> {
        let root = span!(self.tracer, "second");
        let active = root.enter();
        for _ in 0..A_SECOND {
            self.w1().finish();
        }
        self.w2().finish();
        drop(active);
        self.finish_unmeasured(root)
    }

    fn random(&mut self, below: u32) -> u32 {
        self.random = self.random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.random >> 16) % below
    }

    /// Lets about so many microseconds pass.
    fn pass_us(&mut self, us: u32) {
        let ticks = us * (HZ / 1_000_000);
        let jitter = self.random(ticks / 100 + 1);
        self.counter.fetch_add(ticks - ticks / 200 + jitter, Relaxed);
    }

    fn values(&mut self) -> (i32, &'static str) {
        let count = 100 + self.random(900).cast_signed();
        let state = ["idle", "ready", "busy"][self.random(3) as usize];
        (count, state)
    }

    fn w1(&mut self) -> Span {
        let (count, state) = self.values();
        span!(self.tracer, "child", count = count, state = state)
    }

    fn w2(&mut self) -> Span {
        span!(self.tracer, "child")
    }

    /// The next frame; none where there is nothing to send.
    fn frame(&mut self) -> Result<Option<Frame>> {
        let mut buffer = [0; FRAME_BYTES];
        let Some(bytes) = self.drain.frame(&mut buffer) else { return Ok(None) };
        let Body::Data(data) = decode(bytes)?.body else { return Ok(None) };
        let count =
            |wanted: fn(&Record<'_>) -> bool| data.records.iter().filter(|r| wanted(r)).count();
        Ok(Some(Frame {
            bytes: f64::from(u32::try_from(bytes.len())?),
            spans: count(|record| matches!(record, Record::Span(_))),
            definitions: count(|record| matches!(record, Record::Define(_))),
        }))
    }

    /// The length of the one frame that is due, which holds so many spans.
    fn bytes_of(&mut self, spans: usize, with_definitions: bool) -> Result<f64> {
        let frame = self.frame()?.context("no frame")?;
        ensure!(frame.spans == spans, "a frame of {} spans, not {spans}", frame.spans);
        ensure!((frame.definitions != 0) == with_definitions, "{} definitions", frame.definitions);
        ensure!(self.frame()?.is_none(), "the spans did not fit one frame");
        Ok(frame.bytes)
    }

    /// 100 children of the active span, 200 us long; where the next begins sooner, they overlap.
    fn frame_of_children(&mut self, interval_us: u32, start: fn(&mut Self) -> Span) -> Result<f64> {
        const LONG_US: u32 = 200;

        let root = span!(self.tracer, "root");
        let active = root.enter();
        let mut open = VecDeque::new();
        for _ in 0..100 {
            if interval_us < LONG_US {
                self.pass_us(interval_us);
                open.push_back(start(self));
                if open.len() > (LONG_US / interval_us) as usize {
                    open.pop_front().into_iter().for_each(Span::finish);
                }
            } else {
                let span = start(self);
                self.pass_us(LONG_US);
                span.finish();
                self.pass_us(interval_us - LONG_US);
            }
        }
        for span in open {
            self.pass_us(interval_us);
            span.finish();
        }
        let bytes = self.bytes_of(100, false)?;
        drop(active);
        self.finish_unmeasured(root)?;
        Ok(bytes)
    }

    /// Sends what stays open around what is measured.
    fn finish_unmeasured(&mut self, root: Span) -> Result<()> {
        root.finish();
        while self.frame()?.is_some() {}
        Ok(())
    }

    fn frame_of_one(&mut self) -> Result<f64> {
        let root = span!(self.tracer, "root");
        let active = root.enter();
        self.pass_us(1000);
        let span = self.w1();
        self.pass_us(200);
        span.finish();
        let bytes = self.bytes_of(1, false)?;
        drop(active);
        self.finish_unmeasured(root)?;
        Ok(bytes)
    }

    fn frame_of_one_remote(&mut self) -> Result<f64> {
        let remote = SpanContext::new(
            TraceId(*b"\x9d\x1b\xf3\x42\xd1\x0c\x78\x5e\xb6\x21\xe9\x57\x04\xac\x8f\x33"),
            SpanId(*b"\xc5\x6e\x92\x1f\xd8\x40\xb7\x3a"),
            TraceFlags::SAMPLED,
        );
        // Once before, for the definitions.
        for is_measured in [false, true] {
            let (count, state) = self.values();
            let span = span!(self.tracer, child_of: remote, "child", count = count, state = state);
            self.pass_us(200);
            span.finish();
            if is_measured {
                break;
            }
            while self.frame()?.is_some() {}
        }
        self.bytes_of(1, false)
    }

    fn frame_of_first(&mut self) -> Result<f64> {
        let root = span!(self.tracer, "root");
        let active = root.enter();
        self.pass_us(1000);
        let count = self.values().0;
        let span = span!(self.tracer, "first", count = count, state = "early");
        self.pass_us(200);
        span.finish();
        let bytes = self.bytes_of(1, true)?;
        drop(active);
        self.finish_unmeasured(root)?;
        Ok(bytes)
    }

    /// 20 traces, one every ms, of five W1 each below the other; the innermost is 200 us long.
    fn frame_of_trees(&mut self) -> Result<f64> {
        for is_measured in [false, true] {
            for _ in 0..20 {
                self.tree();
            }
            if !is_measured {
                while self.frame()?.is_some() {}
            }
        }
        self.bytes_of(100, false)
    }

    fn tree(&mut self) {
        let tracer = self.tracer;
        macro_rules! nested {
            ($name:literal $($inner:literal)*) => {{
                let (count, state) = self.values();
                let span = span!(tracer, $name, count = count, state = state);
                let active = span.enter();
                self.pass_us(10);
                nested!($($inner)*);
                self.pass_us(10);
                drop(active);
                span.finish();
            }};
            () => { self.pass_us(200 - 2 * 10) };
        }
        nested!("request" "parse" "lookup" "read" "wait");
        self.pass_us(1000 - 280);
    }
}
