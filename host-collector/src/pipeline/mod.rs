//! The way of a frame, without any I/O: bytes to session to batches of spans.
//!
//! ```
//! use spandrel_collector::pipeline::{Options, Output, Pipeline};
//! use spandrel_collector::receiver::{Handler, Peer};
//!
//! let mut pipeline = Pipeline::new(Options::default(), |output: Output| drop(output));
//! let mut replies = Vec::new();
//! let peer = Peer::Udp(([127, 0, 0, 1], 9).into());
//! pipeline.on_frame(b"no frame", &peer, 0, &mut replies);
//! assert_eq!(pipeline.stats().unknown_version, 1);
//! ```

mod boots;
mod expand;
mod journal;
mod orders;
mod outlet;
mod saved;

pub use journal::Journal;
pub(crate) use outlet::Outlet;
pub use outlet::{Output, owned};
pub use saved::{ResumeError, Saved};

use crate::auth::{Frame, Gate, Passed};
use crate::causality;
use crate::devices::Devices;
use crate::model::Source;
use crate::order::{Order, Standing};
use crate::receiver::{Handler, Peer, Replies, Reply};
use crate::session::{self, Buffers, Came, Effects, Key, Session, Table, made};
use crate::stats::Stats;
use core::fmt;
use journal::{Input, Lasting};
use spandrel::wire::{self, DecodeError, Downlink, Request};
use std::collections::HashMap;

/// Bytes that a pipeline holds at most, about: sessions, spans that wait for who they refer to, and what
/// is known of the last spans.
///
/// The last is what one frame may bring before anything makes room for it.
pub const MOST_BYTES: usize =
    session::MOST_BYTES + expand::MOST_WAITING_BYTES + causality::MOST_BYTES + (4 << 20);

/// How a pipeline works.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether devices are asked for what is missing, and for the time.
    pub downlink: bool,
    /// Whether devices are put on one time line; else a device's times go on from its first arrival by
    /// its own clock.
    pub align: bool,
    /// Whether spans say the device's ticks, as the tags `clock.ticks` and `clock.end_ticks`.
    pub raw_ticks: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { downlink: true, align: true, raw_ticks: false }
    }
}

/// Takes frames, keeps sessions, and hands spans to a sink.
pub struct Pipeline<S> {
    options: Options,
    table: Table,
    /// Which session said last that it is this device in this boot.
    sources: HashMap<Source, Key>,
    stats: Stats,
    effects: Effects,
    /// Where frames are taken apart.
    buffers: Buffers,
    /// Opens what is sealed, and refuses the rest; none where devices have no keys.
    gate: Option<Gate>,
    /// What devices are told once it is known of which service they are.
    orders: Vec<Order>,
    /// The same from a file that may change.
    standing: Standing,
    /// What lasts of sessions whose devices wait to be told that it does.
    lasting: Lasting,
    sink: S,
}

impl<S: FnMut(Output)> Pipeline<S> {
    /// A pipeline that hands whatever leaves it to `sink`.
    pub fn new(options: Options, sink: S) -> Self {
        Self {
            options,
            table: Table::default(),
            sources: HashMap::new(),
            stats: Stats::default(),
            effects: Effects::default(),
            buffers: Buffers::default(),
            gate: None,
            orders: Vec::new(),
            standing: Standing::default(),
            lasting: Lasting::default(),
            sink,
        }
    }

    /// Has a gate stand before the sessions.
    #[must_use]
    pub fn behind(self, gate: Gate) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// What came so far.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// About how many bytes it holds; rather too many than too few.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.table.weight()
            + self.effects.weight()
            + self.buffers.weight()
            + self.sources.capacity() * size_of::<(Source, Key)>()
    }

    /// Has `devices` see at most so many sessions of which it is time to look at.
    pub fn show(&self, devices: &Devices, now_ns: u64, most: usize) {
        let due = self.table.iter().filter(|(key, session)| {
            session.source().is_some_and(|source| {
                self.sources.get(&source) == Some(*key) && devices.is_due(source, now_ns)
            })
        });
        for (key, session) in due.take(most) {
            let seen = session.seen(now_ns);
            seen.into_iter().for_each(|seen| devices.see(key.peer.to_string(), seen, now_ns));
        }
    }

    /// Hands on everything that still waits, however incomplete: nothing more will come. Of sessions that
    /// a journal has, nothing: whoever goes on from there has it wait again.
    pub fn finish(&mut self, now_ns: u64) {
        if let Some(gate) = &mut self.gate {
            gate.finish(&mut self.stats);
        }
        let is_lasting = self.lasting.is_on();
        self.table.for_each(|_, session| {
            if !(is_lasting && session.is_acknowledged()) {
                session.emit_all(made::FINISHED, now_ns, &mut self.effects, &mut self.stats);
            }
        });
        let (sources, table) = (&self.sources, &mut self.table);
        let goes_on = |source: &Source| {
            let session = sources.get(source).and_then(|key| table.get_mut(key));
            is_lasting && session.is_some_and(|session| session.is_acknowledged())
        };
        self.effects.outlet.finish(goes_on, now_ns, &mut self.stats, &mut self.sink);
    }

    fn refuse(&mut self, bytes: &[u8], peer: &Peer, why: DecodeError) {
        if let DecodeError::UnknownVersion(_) | DecodeError::Sealed = why
            && self.stats.unknown_version + self.stats.sealed == 0
        {
            log::warn!("{peer}: {why}");
        }
        self.stats.refuse(why);
        let start: Vec<_> = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        log::debug!("{peer}: {why}; {} bytes, beginning {}", bytes.len(), start.join(" "));
    }

    /// What the gate has let in, and what it says itself.
    fn read_passed(&mut self, passed: Passed, replies: &mut Replies) {
        replies.extend(passed.replies);
        for Frame { bytes, peer, rx_ns, is_sealed } in passed.frames {
            self.read(&bytes, &peer, is_sealed, rx_ns, replies);
        }
    }

    /// Reads a frame that is not sealed, or not any more.
    fn read(
        &mut self,
        bytes: &[u8],
        peer: &Peer,
        is_sealed: bool,
        rx_ns: u64,
        replies: &mut Replies,
    ) {
        if let Some(spans) = self.buffers.read(bytes) {
            let key = Key { peer: peer.clone(), tag: spans.session_tag(), is_sealed };
            self.read_came(Came::Spans(&spans), bytes, &key, rx_ns, replies);
            self.buffers.give_back(spans);
            return;
        }
        match wire::decode(bytes) {
            Ok(frame) => {
                let key = Key { peer: peer.clone(), tag: frame.session_tag, is_sealed };
                self.read_came(Came::Body(&frame.body), bytes, &key, rx_ns, replies);
            }
            Err(why) => self.refuse(bytes, peer, why),
        }
    }

    fn read_came(
        &mut self,
        came: Came<'_, '_>,
        bytes: &[u8],
        key: &Key,
        rx_ns: u64,
        replies: &mut Replies,
    ) {
        self.stats.frames += 1;
        self.take(came, key, rx_ns);
        self.note_frame(key, bytes, rx_ns);
        self.lasting.hold(key, &mut self.effects.requests);
        reply(self.gate.as_mut(), key, rx_ns, &mut self.effects.requests, replies);
        self.acknowledge(rx_ns, replies);
        self.make_room(rx_ns);
        self.hand_on(rx_ns);
    }

    /// Gives a frame to the session that is found by `key`.
    fn take(&mut self, came: Came<'_, '_>, key: &Key, rx_ns: u64) {
        self.follow(came, key, rx_ns);
        let (stats, options) = (&mut self.stats, self.options);
        let (nonsense, effects) = (stats.nonsense, &mut self.effects);
        let (standing, orders) = (&self.standing, &self.orders);
        let make = || Session::new(options, rx_ns);
        let (source, first_ns, handle) = self.table.with(key.clone(), make, |session| {
            session.on_frame(came, rx_ns, effects, stats);
            orders::tell(session, standing, orders);
            (session.source(), session.first_ns(), session.handle())
        });
        tell(&key.peer, effects);
        if stats.nonsense > nonsense {
            log::debug!("{}: a frame has something in it that makes no sense", key.peer);
        }
        if let (Some(source), Some((told, last_number))) = (source, handle) {
            self.note_handle(told, source, last_number, came);
        }
        if let (Some(source), Came::Body(wire::Body::Hello(hello))) = (source, came) {
            self.check_for_twins(source, key, first_ns);
            self.end_previous(source, hello.previous, rx_ns);
        }
    }

    /// Where a device has another address than before, its session goes along.
    fn follow(&mut self, came: Came<'_, '_>, key: &Key, rx_ns: u64) {
        let is_same = |session: &Session| session.is_continued_by(came, rx_ns);
        let Some(old) = self.table.take_over(key, is_same) else { return };
        log::info!("{}: goes on from {}", old.peer, key.peer);
        if let Some(source) = self.table.get_mut(key).and_then(|session| session.source())
            && let Some(known) = self.sources.get_mut(&source).filter(|known| **known == old)
        {
            *known = key.clone();
        }
    }

    /// A device goes by a handle, or asks for one: then it is told as often as it says hello.
    fn note_handle(&mut self, told: u16, source: Source, last_number: u64, came: Came<'_, '_>) {
        let expander = &mut self.effects.outlet.expander;
        let handle = if told == 0 { expander.assign(source.device.0) } else { Some(told) };
        let Some(handle) = handle else { return };
        expander.heard(handle, source, last_number);
        let is_hello = matches!(came, Came::Body(wire::Body::Hello(_)));
        if told == 0 && self.options.downlink && is_hello {
            self.effects.requests.push(Request::SetHandle(handle));
        }
    }

    /// Two sessions that both go on under one identity are two devices that were given one.
    fn check_for_twins(&mut self, source: Source, key: &Key, first_ns: u64) {
        let other = self.sources.insert(source, key.clone());
        let Some(other) = other.filter(|other| other != key) else {
            return;
        };
        let Some(twin) = self.table.get_mut(&other).filter(|twin| twin.last_ns() > first_ns) else {
            // It fell silent before this one began: the device has a new address.
            return;
        };
        let note = "another device has the same device id and session: their ids are mixed up, \
                    give each tracer its own device_id";
        let mut is_news = twin.note(note);
        is_news |= self.table.get_mut(key).is_some_and(|session| session.note(note));
        if is_news {
            self.stats.clashes += 1;
            log::warn!("{} and {}: {note}", other.peer, key.peer);
        }
    }

    /// A device in a new boot has ended the one before.
    fn end_previous(&mut self, source: Source, previous: Option<u32>, rx_ns: u64) {
        let Some(previous) = previous.map(spandrel::Session::new) else { return };
        let before = Source { session: previous, ..source };
        if before != source
            && let Some(key) = self.sources.get(&before)
            && let Some(session) = self.table.get_mut(key)
        {
            session.has_ended(rx_ns);
        }
    }

    fn make_room(&mut self, now_ns: u64) {
        while let Some((key, mut session)) = self.table.pop_surplus() {
            self.stats.forgotten += 1;
            session.emit_all(made::FORGOTTEN, now_ns, &mut self.effects, &mut self.stats);
            if let (Some(source), Some((told, _))) = (session.source(), session.handle()) {
                self.effects.outlet.expander.forget(told, source);
            }
            if let Some(source) = session.source()
                && self.sources.get(&source) == Some(&key)
            {
                self.sources.remove(&source);
            }
        }
    }

    fn hand_on(&mut self, now_ns: u64) {
        self.effects.outlet.flush(now_ns, &mut self.stats, &mut self.sink);
    }
}

fn tell(peer: &Peer, effects: &mut Effects) {
    for news in effects.news.drain(..) {
        log::info!("{peer}: {news}");
    }
}

/// Requests as frames to the device that has the session, sealed where its own are.
fn reply(
    gate: Option<&mut Gate>,
    key: &Key,
    now_ns: u64,
    requests: &mut Vec<Request<'static>>,
    replies: &mut Replies,
) {
    let mut gate = gate.filter(|_| key.is_sealed);
    for request in requests.drain(..) {
        let ping = match request {
            Request::Ping(number) => Some((key.tag, number)),
            _ => None,
        };
        let bytes = Downlink { session_tag: key.tag, request }.to_bytes();
        let frames = match &mut gate {
            Some(gate) => gate.seal(&bytes, now_ns),
            None => vec![bytes],
        };
        let reply = |bytes| Reply { peer: key.peer.clone(), bytes, ping };
        replies.extend(frames.into_iter().map(reply));
    }
}

impl<S: FnMut(Output)> Handler for Pipeline<S> {
    fn on_frame(&mut self, bytes: &[u8], peer: &Peer, rx_ns: u64, replies: &mut Replies) {
        let Some(gate) = &mut self.gate else {
            return self.read(bytes, peer, false, rx_ns, replies);
        };
        let mut passed = Passed::default();
        gate.take(bytes, peer, rx_ns, &mut self.stats, &mut passed);
        self.read_passed(passed, replies);
    }

    fn on_sent(&mut self, peer: &Peer, session_tag: [u8; 4], ping: u32, sent_ns: u64) {
        for is_sealed in [true, false] {
            let key = Key { peer: peer.clone(), tag: session_tag, is_sealed };
            if let Some(session) = self.table.get_mut(&key) {
                session.ping_sent(ping, sent_ns);
                self.lasting.note(session, &key, Input::Sent { ping, sent_ns });
            }
        }
    }

    fn on_closed(&mut self, peer: &Peer) {
        self.table.for_each(|key, session| {
            if key.peer == *peer {
                session.cut_off();
                self.lasting.note(session, key, Input::Closed);
            }
        });
    }

    fn on_tick(&mut self, now_ns: u64, replies: &mut Replies) {
        if let Some(gate) = &mut self.gate {
            let mut passed = Passed::default();
            gate.on_tick(now_ns, &mut self.stats, &mut passed);
            self.read_passed(passed, replies);
        }
        let gate = &mut self.gate;
        self.table.for_each(|key, session| {
            let effects = &mut self.effects;
            if session.on_tick(now_ns, effects, &mut self.stats) {
                self.lasting.note(session, key, Input::Tick { now_ns });
            }
            tell(&key.peer, effects);
            reply(gate.as_mut(), key, now_ns, &mut effects.requests, replies);
        });
        self.join_boots(now_ns);
        self.hand_on(now_ns);
        self.note_all();
        self.acknowledge(now_ns, replies);
    }

    fn on_clock_step(&mut self, step_ns: i64) {
        self.table.for_each(|key, session| {
            session.on_clock_step(step_ns);
            self.lasting.note(session, key, Input::ClockStep { step_ns });
        });
        if let Some(gate) = &mut self.gate {
            gate.on_clock_step(step_ns);
        }
    }
}

impl<S> fmt::Debug for Pipeline<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("stats", &self.stats).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
