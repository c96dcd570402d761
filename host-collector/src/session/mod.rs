//! One session: a device in one of its boots, as far as its frames have told.
//!
//! Spans leave a session when it has said who it is, when everything that belongs to them is there
//! or has been waited for, and when it is known where in time they lie. Everything that waits is
//! bounded. Nothing here does I/O; what should be sent to the device comes out as requests.

mod acks;
mod around;
mod ask;
mod assembly;
mod controls;
mod convert;
mod data;
mod definitions;
mod direct;
mod emit;
mod fragments;
mod gaps;
mod hello;
mod losses;
pub(crate) mod made;
mod packets;
mod parents;
mod pieces;
mod process;
mod record;
mod resets;
mod saved;
mod seen;
mod shelf;
mod table;
mod timing;
mod traces;
pub(crate) mod weight;

#[cfg(test)]
pub(crate) use direct::testing as direct_testing;
pub(crate) use direct::{Buffers, Spans};
pub(crate) use packets::Window;
pub use seen::Seen;
pub(crate) use table::{Key, MOST_BYTES, Table};

use crate::clock::ClockEstimate;
use crate::model::{Resource, Source};
use crate::pipeline::{Options, Outlet};
use crate::stats::Stats;
use ask::Questions;
use assembly::Assembly;
use controls::Controls;
use definitions::Definitions;
use direct::Line;
use fragments::Fragments;
use gaps::Gaps;
use made::Allowance;
use parents::Parents;
use pieces::Pieces;
use process::{Description, Known, Lost};
use resets::Resets;
use serde::{Deserialize, Serialize};
use spandrel::wire::{self, Body, Clock, Request};
use std::sync::Arc;
use traces::Placements;

/// Pings end when a session has not been heard of for this time.
const SILENT_NS: u64 = 10_000_000_000;
/// A session that has not been heard of for this time may go on from another address.
const MOVE_NS: u64 = 2_000_000_000;

/// What a session wants done, and what it works with meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// To send to the device.
    pub(crate) requests: Vec<Request<'static>>,
    /// Where spans go.
    pub(crate) outlet: Outlet,
    /// To tell whoever watches; one line each.
    pub(crate) news: Vec<String>,
    /// Where spans are written that need no assembly.
    line: Line,
    /// Which spans of a frame are new.
    new: Vec<usize>,
}

impl Effects {
    /// About how many bytes it holds between two frames.
    pub(crate) fn weight(&self) -> usize {
        self.outlet.weight()
            + self.line.weight()
            + self.new.capacity() * size_of::<usize>()
            + self.requests.capacity() * size_of::<Request<'_>>()
    }
}

/// A frame that has come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Came<'f, 'a> {
    /// One of finished spans.
    Spans(&'f Spans<'a>),
    /// Any, taken apart as a whole.
    Body(&'f Body<'a>),
}

impl Came<'_, '_> {
    fn packet(self) -> u32 {
        match self {
            Self::Spans(spans) => spans.head().packet,
            Self::Body(Body::Hello(hello)) => hello.packet,
            Self::Body(Body::Data(data)) => data.head.packet,
            Self::Body(Body::Pong(pong)) => pong.packet,
            Self::Body(Body::Stats(frame)) => frame.packet,
            Self::Body(Body::Answer(answer)) => answer.packet,
        }
    }
}

/// Who a session is, and its clock.
#[derive(Debug, Serialize, Deserialize)]
struct Identity {
    source: Source,
    hz: u32,
    clock: ClockEstimate,
    since_ns: u64,
    /// The latest moment at which it said hello.
    hello_ticks: u64,
    /// The rate that was stated last, and how sure that was.
    drift: Option<(i64, f64)>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    #[serde(skip)]
    options: Options,
    first_ns: u64,
    last_ns: u64,
    /// Whether the connection that it came over has ended.
    is_cut_off: bool,
    identity: Option<Identity>,
    pieces: Pieces,
    description: Option<Description>,
    definitions: Definitions,
    assembly: Assembly,
    fragments: Fragments,
    window: Window,
    gaps: Gaps,
    parents: Parents,
    /// How many spans may be made in place of what is lost.
    allowance: Allowance,
    /// Records that came and that were lost on the way, as far as they are counted in the whole.
    counted: [u64; 2],
    lost: Lost,
    /// What logs on roots have told of it.
    lost_told: Lost,
    questions: Questions,
    controls: Controls,
    /// Whether it was told what all devices of its service are.
    #[serde(skip)]
    has_orders: bool,
    resets: Resets,
    placements: Placements,
    /// What the device told of its clock before it said hello.
    early_clock: Vec<Clock>,
    notes: Vec<Arc<str>>,
    /// What the device counts of itself, if it says so.
    counts: Option<wire::Stats>,
    /// The number that a span was given last, as far as is known.
    last_number: u64,
    /// When the device said that the session was over.
    ended_ns: Option<u64>,
    /// Whether it was told that nobody knows whose spans these are.
    gave_up: bool,
    /// Whether a journal has it, so that what comes next is enough to go on.
    #[serde(skip)]
    pub(crate) is_noted: bool,
    /// The process as it was last handed on, and what it was made of.
    resource: Option<(Known, Arc<Resource>)>,
    /// What it knows as the bytes that it becomes.
    #[serde(skip)]
    known: direct::Known,
}

impl Session {
    pub(crate) fn new(options: Options, now_ns: u64) -> Self {
        Self {
            options,
            first_ns: now_ns,
            last_ns: now_ns,
            is_cut_off: false,
            identity: None,
            pieces: Pieces::default(),
            description: None,
            definitions: Definitions::default(),
            assembly: Assembly::default(),
            fragments: Fragments::default(),
            window: Window::new(),
            gaps: Gaps::default(),
            parents: Parents::default(),
            allowance: Allowance::default(),
            counted: [0; 2],
            lost: Lost::default(),
            lost_told: Lost::default(),
            questions: Questions::default(),
            controls: Controls::default(),
            has_orders: false,
            resets: Resets::default(),
            placements: Placements::default(),
            early_clock: Vec::new(),
            notes: Vec::new(),
            counts: None,
            last_number: 0,
            ended_ns: None,
            gave_up: false,
            is_noted: false,
            resource: None,
            known: direct::Known::default(),
        }
    }

    /// Takes a frame that arrived at `rx_ns`.
    pub(crate) fn on_frame(
        &mut self,
        came: Came<'_, '_>,
        rx_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) {
        if let Came::Body(Body::Hello(hello)) = came
            && self.has_restarted(hello)
        {
            self.restart(rx_ns, effects, stats);
        }
        if !self.window.insert(came.packet()) {
            stats.doubles += 1;
            return;
        }
        self.last_ns = rx_ns;
        self.is_cut_off = false;
        match came {
            Came::Spans(spans) => {
                if !self.on_spans(spans, rx_ns, effects, stats)
                    && let Ok(wire::Frame { body: Body::Data(data), .. }) =
                        wire::decode(spans.bytes())
                {
                    self.on_data(&data, rx_ns, effects, stats);
                }
                effects.requests.extend(self.ack());
            }
            Came::Body(body) => self.on_body(body, rx_ns, effects, stats),
        }
        self.count_records(stats);
        self.ask(rx_ns, effects);
    }

    fn on_body(&mut self, body: &Body<'_>, rx_ns: u64, effects: &mut Effects, stats: &mut Stats) {
        match body {
            Body::Hello(hello) => {
                self.on_hello(hello, rx_ns, effects, stats);
                effects.requests.extend(self.ack());
            }
            Body::Data(data) => {
                self.on_data(data, rx_ns, effects, stats);
                effects.requests.extend(self.ack());
            }
            Body::Pong(pong) => self.on_pong(pong, rx_ns, stats),
            Body::Stats(frame) => self.counts = Some(frame.stats),
            Body::Answer(answer) => {
                stats.nonsense += u64::from(!self.on_answer(answer, effects));
            }
        }
    }

    /// The connection that it came over has ended.
    pub(crate) fn cut_off(&mut self) {
        self.is_cut_off = true;
    }

    /// Whether a frame that came from elsewhere is this device's, which has another address now.
    ///
    /// Not while it still speaks from the old one, and not where the frame could be one of its past:
    /// then there are two devices under one identity, or it is somebody else's.
    pub(crate) fn is_continued_by(&self, came: Came<'_, '_>, rx_ns: u64) -> bool {
        let Some(identity) = &self.identity else { return false };
        let is_free = self.is_cut_off || rx_ns.saturating_sub(self.last_ns) >= MOVE_NS;
        let is_same = match came {
            Came::Body(Body::Hello(hello)) => {
                let Source { device, session } = identity.source;
                (hello.device, hello.session, hello.clock_hz)
                    == (device.0, session.get(), identity.hz)
                    && !self.has_restarted(hello)
            }
            _ => true,
        };
        is_free && is_same && self.window.is_newer(came.packet())
    }

    /// Asks for what is missing.
    fn ask(&mut self, now_ns: u64, effects: &mut Effects) {
        if !self.options.downlink {
            return;
        }
        let is_over = self.is_over();
        if !is_over && (self.identity.is_none() || self.description.is_none()) {
            effects.requests.extend(self.questions.hello(now_ns));
        }
        let is_heard = now_ns.saturating_sub(self.last_ns) < SILENT_NS;
        if !is_over && self.options.align && self.identity.is_some() && is_heard {
            effects.requests.extend(self.questions.ping(now_ns));
        }
        if !is_over {
            self.command(now_ns, effects);
        }
        let wanted = self.assembly.wanted(&self.definitions, wire::MAX_ASKED);
        effects.requests.extend(self.questions.definitions(&wanted, now_ns));
    }

    /// Time has passed. Gives whether anything is another than if this had not been told.
    pub(crate) fn on_tick(
        &mut self,
        now_ns: u64,
        effects: &mut Effects,
        stats: &mut Stats,
    ) -> bool {
        let before = self.changed_by_time(effects);
        self.gaps.expire(now_ns);
        self.emit_ready(now_ns, effects, stats);
        self.end(now_ns, effects, stats);
        self.count_records(stats);
        if now_ns.saturating_sub(self.last_ns) < SILENT_NS {
            self.ask(now_ns, effects);
        }
        self.changed_by_time(effects) != before
    }

    /// Whatever may become another only since time has passed.
    fn changed_by_time(&self, effects: &Effects) -> impl PartialEq + use<> {
        let handed_on = (effects.outlet.waiting(), effects.requests.len());
        let lost = (self.gaps.lost(), self.gaps.untold(), self.parents.over());
        (handed_on, lost, self.assembly.records(), self.gave_up, self.ended_ns)
    }

    /// The host's clock was set: what was learned by it is moved along.
    pub(crate) fn on_clock_step(&mut self, step_ns: i64) {
        if let Some(identity) = &mut self.identity {
            identity.clock.host_stepped(step_ns, self.last_ns.saturating_add_signed(step_ns));
            identity.since_ns = identity.since_ns.saturating_add_signed(step_ns);
        }
        self.first_ns = self.first_ns.saturating_add_signed(step_ns);
        self.last_ns = self.last_ns.saturating_add_signed(step_ns);
        self.assembly.host_stepped(step_ns);
        self.gaps.host_stepped(step_ns);
        self.parents.host_stepped(step_ns);
        self.placements.clear();
        self.questions.host_stepped(step_ns);
    }

    /// Has every process of this session from now on say something that a reader must know.
    pub(crate) fn note(&mut self, text: &str) -> bool {
        let is_new = self.notes.iter().all(|known| &**known != text);
        if is_new {
            self.notes.push(text.into());
        }
        is_new
    }

    /// Who it is, if it has said so.
    pub(crate) fn source(&self) -> Option<Source> {
        self.identity.as_ref().map(|identity| identity.source)
    }

    /// Whether it has answered a question that no one else has heard.
    pub(crate) fn has_answered(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.clock.exchanges() > 0)
    }

    /// The handle that it says it goes by, 0 where it asks for one, and the number that a span was given
    /// last; none where it has none.
    pub(crate) fn handle(&self) -> Option<(u16, u64)> {
        Some((self.description.as_ref()?.handle?, self.last_number))
    }

    /// When it was first and last heard of.
    pub(crate) fn first_ns(&self) -> u64 {
        self.first_ns
    }

    pub(crate) fn last_ns(&self) -> u64 {
        self.last_ns
    }
}
