//! Devices of a greenhouse, and what they do together: what pictures of the page show.
//!
//! Each has a tracer of its own, with a clock that goes a little wrong, and a thread that is its network; all
//! else is done by one that plays their firmware in turn.

use core::time::Duration;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use anyhow::{Context as _, Result};
use spandrel::{
    Clock, DeviceId, Recorder, Sampler, Session, SessionSource, Span, SpanContext, StatsCell,
    TraceId, Tracer, log, span,
};

use crate::{Collector, Device};

const HELLO: Duration = Duration::from_secs(1);
/// Within so long a device answers.
const LOOK: Duration = Duration::from_micros(200);
const BUILD: &[u8] = &[0x9e, 0x41, 0x7c, 0x02, 0x5b, 0xd8];

/// Microseconds since the program began to count, as a counter tells them that is so many millionths too fast.
#[expect(clippy::cast_possible_truncation, reason = "a counter has 32 bits, and turns")]
fn counter<const PPM: u32>() -> u32 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let now = BEGIN.get_or_init(Instant::now).elapsed().as_micros();
    (now + now * u128::from(PPM) / 1_000_000) as u32
}

/// One device, on a network until it ends, at the latest with the program.
#[derive(Debug)]
struct Board {
    tracer: &'static Tracer,
    is_over: Arc<AtomicBool>,
    network: Option<JoinHandle<Result<()>>>,
}

impl Board {
    fn start<const RING: usize>(
        collector: &Collector,
        service: &'static str,
        (id, boot): (u64, u32),
        clock: fn() -> u32,
        sampler: Sampler,
    ) -> Result<Self> {
        let recorder: &Recorder<RING> = Box::leak(Box::default());
        let tracer = Tracer::new(service, recorder, Clock::function(clock, 1_000_000))
            .device_id(DeviceId(0xa700 + id))
            .session(SessionSource::Fixed(Session::new(boot)))
            .build_id(BUILD)
            .sampler(sampler)
            .stats_in(Box::leak(Box::new(StatsCell::new())));
        let mut device = Device::of(tracer, collector.frames())?;
        let (tracer, is_over) = (device.tracer(), Arc::new(AtomicBool::new(false)));
        let ends = is_over.clone();
        let network = thread::spawn(move || {
            let mut said = None;
            while !ends.load(Ordering::Relaxed) {
                if said.is_none_or(|at: Instant| at.elapsed() > HELLO) {
                    device.hello()?;
                    said = Some(Instant::now());
                }
                device.flush()?;
                thread::sleep(LOOK);
            }
            device.flush()
        });
        Ok(Self { tracer, is_over, network: Some(network) })
    }

    fn end(mut self) -> Result<()> {
        self.is_over.store(true, Ordering::Relaxed);
        let network = self.network.take().context("it has ended")?;
        network.join().map_err(|_| anyhow::anyhow!("the network of a device broke down"))?
    }
}

/// All of them.
#[derive(Debug)]
pub struct Greenhouse {
    gateway: Board,
    soil: [Board; 3],
    valves: [Board; 2],
    pump: Board,
    display: Board,
    turn: u32,
}

impl Greenhouse {
    /// Switches all devices on; two of them twice.
    ///
    /// # Errors
    /// If there is no socket for one.
    pub fn start(collector: &Collector) -> Result<Self> {
        let board = |service, id, clock| {
            Board::start::<2048>(collector, service, (id, 3), clock, Sampler::Always)
        };
        // What it did before its reset is known, too.
        let before =
            Board::start::<2048>(collector, "valve", (0x32, 11), counter::<24>, Sampler::Always)?;
        thread::sleep(HELLO);
        before.end()?;
        let again =
            Board::start::<2048>(collector, "valve", (0x32, 12), counter::<24>, Sampler::Always)?;
        Ok(Self {
            gateway: board("gateway", 0x01, counter::<3>)?,
            soil: [
                board("soil-sensor", 0x21, counter::<38>)?,
                board("soil-sensor", 0x22, counter::<12>)?,
                // Less memory than it needs.
                Board::start::<96>(
                    collector,
                    "soil-sensor",
                    (0x23, 7),
                    counter::<61>,
                    Sampler::Always,
                )?,
            ],
            valves: [board("valve", 0x31, counter::<9>)?, again],
            pump: board("pump", 0x41, counter::<17>)?,
            display: Board::start::<512>(
                collector,
                "display",
                (0x51, 2),
                counter::<46>,
                Sampler::Probabilistic(0.2),
            )?,
            turn: 0,
        })
    }

    /// Has one bed watered; the id of the trace, and whether something failed.
    pub fn water(&mut self) -> (TraceId, bool) {
        self.turn += 1;
        let is_stuck = self.turn % 9 == 4;
        let bed = self.turn % 4 + 1;
        let root = span!(self.gateway.tracer, child_of: spandrel::ChildOf::Root, "water bed", bed = bed, trigger = "schedule");
        for (place, sensor) in self.soil.iter().enumerate() {
            let ask = span!(self.gateway.tracer, child_of: &root, "ask moisture");
            take(400);
            read(
                sensor.tracer,
                ask.context(),
                self.turn + u32::try_from(place).unwrap_or_default(),
            );
            take(300);
            ask.finish();
        }
        let decide = span!(self.gateway.tracer, child_of: &root, "decide", moisture = 21.5_f32, is_dry = true);
        take(900);
        decide.finish();
        let valve = self.valves[usize::from(self.turn.is_multiple_of(2))].tracer;
        turn_valve(valve, &root, "open", is_stuck);
        if is_stuck {
            turn_valve(valve, &root, "open", false);
        }
        let run = span!(self.pump.tracer, child_of: root.context(), "run pump", litres = 4);
        take(600);
        span_of(self.pump.tracer, &run, "spin up", 3_500);
        for flow in [2.1_f32, 3.9, 4.0] {
            log!(run, flow = flow);
            take(2_200);
        }
        span_of(self.pump.tracer, &run, "spin down", 1_800);
        run.finish();
        turn_valve(valve, &root, "close", false);
        let trace = root.context().trace_id;
        root.finish();
        // What goes on beside all that is not always recorded.
        for _ in 0..4 {
            span!(self.display.tracer, child_of: spandrel::ChildOf::Root, "redraw", lines = 8)
                .finish();
        }
        (trace, is_stuck)
    }

    /// Has a sensor say more at once than it has room for.
    pub fn flood(&self) {
        for step in 0..60 {
            span!(self.soil[2].tracer, child_of: spandrel::ChildOf::Root, "calibrate", step = step)
                .finish();
        }
    }

    /// Switches one device off, which is silent from then on; nobody asks it for anything any more.
    ///
    /// # Errors
    /// If its network broke down.
    pub fn lose_display(&mut self, collector: &Collector) -> Result<()> {
        let spare =
            Board::start::<512>(collector, "display", (0x52, 1), counter::<5>, Sampler::Always)?;
        core::mem::replace(&mut self.display, spare).end()
    }
}

fn take(micros: u64) {
    thread::sleep(Duration::from_micros(micros));
}

fn span_of(tracer: &'static Tracer, parent: &Span, name: &'static str, micros: u64) {
    let child = span!(tracer, child_of: parent, name);
    take(micros);
    child.finish();
}

fn read(tracer: &'static Tracer, from: SpanContext, value: u32) {
    let read =
        span!(tracer, child_of: from, "read moisture", raw = 600 + value % 40, state = "idle");
    span_of(tracer, &read, "wake", 500);
    for channel in 0..2 {
        let sample = span!(tracer, child_of: &read, "sample", channel = channel);
        take(1_100);
        sample.finish();
    }
    span_of(tracer, &read, "filter", 300);
    read.finish();
}

fn turn_valve(tracer: &'static Tracer, root: &Span, to: &'static str, is_stuck: bool) {
    let turn = span!(tracer, child_of: root.context(), "turn valve", to = to);
    span_of(tracer, &turn, "drive motor", 4_200);
    let wait = span!(tracer, child_of: &turn, "wait for switch");
    take(if is_stuck { 9_000 } else { 1_300 });
    if is_stuck {
        log!(wait, event = "timeout", angle = 41);
        wait.set_error("the end switch was not reached");
        turn.set_error("stuck");
    }
    wait.finish();
    turn.finish();
}
