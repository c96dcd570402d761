//! What lasts of sessions whose devices wait to be told so, and when they are told.
//!
//! Spans of such a device may wait here for others when it is told that they came. So that they are not
//! lost then, a journal notes the session once and from then on whatever it is given; devices are told
//! when that is on the disk. Whoever goes on from the journal makes the same spans again, and a span
//! that is handed on twice is one.

use super::saved::{ResumeError, save};
use super::{Output, Pipeline, reply, tell};
use crate::receiver::{PeerKind, Replies};
use crate::session::{Came, Key, Session};
use crate::storage::Ticket;
use serde::{Deserialize, Serialize};
use spandrel::wire::{self, Request};
use std::collections::{HashSet, VecDeque};

/// More acknowledgements than this do not wait for the disk. One that is left out is no loss: the
/// device sends again, and is told then.
const MOST_HELD: usize = 65_536;

/// Where the inputs of sessions go.
pub trait Journal: Send {
    /// Notes something behind all that was noted before: for [`Pipeline::replay`].
    fn note(&mut self, entry: Vec<u8>);

    /// When all that was noted is on the disk.
    fn sync(&mut self) -> Ticket;

    /// Whether every session should be noted anew, since the journal has grown long or could not be
    /// written; asked from time to time. What is noted from then on is enough, as soon as
    /// [`Journal::is_all`] was called.
    fn wants_all(&mut self) -> bool;

    /// Every session was noted.
    fn is_all(&mut self);
}

/// What a session was given.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Input<'a> {
    /// A frame, not sealed any more.
    Frame { bytes: &'a [u8], rx_ns: u64 },
    /// A ping went out.
    Sent { ping: u32, sent_ns: u64 },
    /// Time passed, and something is another by that.
    Tick { now_ns: u64 },
    /// Its connection ended.
    Closed,
    /// The host's clock was set.
    ClockStep { step_ns: i64 },
}

/// What is noted. Who writes has a key by reference.
#[derive(Serialize, Deserialize)]
enum Entry<'a, K> {
    /// A session as it is.
    Session(&'a [u8]),
    /// What it was given.
    Input(K, #[serde(borrow)] Input<'a>),
    /// Every session follows as it is.
    Begin,
    /// These were all: what was known before under other keys has moved, or is over.
    All,
}

impl Entry<'_, &Key> {
    fn note(&self, journal: &mut dyn Journal) {
        // Nothing of it cannot be written.
        if let Ok(bytes) = postcard::to_extend(self, Vec::new()) {
            journal.note(bytes);
        }
    }
}

/// The journal, and acknowledgements that wait for it.
#[derive(Default)]
pub(super) struct Lasting {
    journal: Option<Box<dyn Journal>>,
    /// What the frame that was read last has devices told.
    new: Vec<(Key, Request<'static>)>,
    held: VecDeque<(Ticket, Key, Request<'static>)>,
    /// The sessions that were read since a beginning of all.
    begun: Option<HashSet<Key>>,
}

impl Lasting {
    /// Whether there is a journal.
    pub(super) fn is_on(&self) -> bool {
        self.journal.is_some()
    }

    /// Notes what a session was given, if it is one of those that last.
    pub(super) fn note(&mut self, session: &Session, key: &Key, input: Input<'_>) {
        if let Some(journal) = &mut self.journal
            && session.is_noted
        {
            Entry::Input(key, input).note(&mut **journal);
        }
    }

    /// Keeps back what tells the device that something came.
    pub(super) fn hold(&mut self, key: &Key, requests: &mut Vec<Request<'static>>) {
        if self.journal.is_some() {
            let acks = requests.extract_if(.., |one| matches!(one, Request::Ack(_)));
            self.new.extend(acks.map(|ack| (key.clone(), ack)));
        }
    }
}

impl<S: FnMut(Output)> Pipeline<S> {
    /// Tells devices that something came only when `journal` has it on the disk.
    #[must_use]
    pub fn with_journal(mut self, journal: Box<dyn Journal>) -> Self {
        self.lasting.journal = Some(journal);
        // No connection outlives its collector: who connects again is the same, and no stranger.
        self.table.for_each(|key, session| {
            if key.peer.kind() == PeerKind::Tcp {
                session.cut_off();
            }
        });
        // Before anything comes: what came earlier would be in no journal, and made once more from what
        // its device sends again.
        self.note_all();
        self
    }

    /// Goes on from what a journal has noted, entry by entry in its order: before there is a new one.
    ///
    /// # Errors
    /// [`ResumeError`]; the session that the entry is of is where it was.
    pub fn replay(&mut self, entry: &[u8]) -> Result<(), ResumeError> {
        let read: Entry<'_, Key> = postcard::from_bytes(entry).map_err(|_| ResumeError::Damaged)?;
        let (key, input) = match read {
            Entry::Session(saved) => {
                let key = self.go_on(saved)?;
                if let Some(begun) = &mut self.lasting.begun {
                    begun.insert(key);
                }
                return Ok(());
            }
            Entry::Begin => {
                self.lasting.begun = Some(HashSet::new());
                return Ok(());
            }
            Entry::All => {
                self.forget_others();
                return Ok(());
            }
            Entry::Input(key, input) => (key, input),
        };
        let now_ns = match input {
            Input::Frame { bytes, rx_ns } => {
                let frame = wire::decode(bytes).map_err(|_| ResumeError::Damaged)?;
                self.take(Came::Body(&frame.body), &key, rx_ns);
                rx_ns
            }
            Input::Sent { sent_ns, .. } => sent_ns,
            Input::Tick { now_ns } => now_ns,
            Input::Closed | Input::ClockStep { .. } => 0,
        };
        if let Some(session) = self.table.get_mut(&key) {
            match input {
                Input::Frame { .. } => {}
                Input::Sent { ping, sent_ns } => session.ping_sent(ping, sent_ns),
                Input::Tick { now_ns } => {
                    session.on_tick(now_ns, &mut self.effects, &mut self.stats);
                }
                Input::Closed => session.cut_off(),
                Input::ClockStep { step_ns } => session.on_clock_step(step_ns),
            }
        }
        tell(&key.peer, &mut self.effects);
        // Nobody waits for an answer any more.
        self.effects.requests.clear();
        self.hand_on(now_ns);
        Ok(())
    }

    /// Of all sessions only those are left that were read since they began to be noted.
    fn forget_others(&mut self) {
        let Some(all) = self.lasting.begun.take() else { return };
        let mut others = Vec::new();
        self.table.for_each(|key, _| {
            if !all.contains(key) {
                others.push(key.clone());
            }
        });
        for key in others {
            self.table.remove(&key);
            self.sources.retain(|_, known| *known != key);
        }
    }

    /// A session has taken a frame: it is noted, whole if it was not before.
    pub(super) fn note_frame(&mut self, key: &Key, bytes: &[u8], rx_ns: u64) {
        let Some(journal) = &mut self.lasting.journal else { return };
        let Some(session) = self.table.get_mut(key) else { return };
        if session.is_noted {
            Entry::Input(key, Input::Frame { bytes, rx_ns }).note(&mut **journal);
        } else if session.is_acknowledged()
            && let Some(saved) = save(key, session, &self.sources, &self.effects.outlet.expander)
        {
            session.is_noted = true;
            Entry::Session(&saved.bytes).note(&mut **journal);
        }
    }

    /// Notes every session anew where the journal wants that.
    pub(super) fn note_all(&mut self) {
        let Some(journal) = &mut self.lasting.journal else { return };
        if !journal.wants_all() {
            return;
        }
        Entry::Begin.note(&mut **journal);
        self.table.for_each(|key, session| {
            session.is_noted = session.is_acknowledged();
            if session.is_noted
                && let Some(saved) =
                    save(key, session, &self.sources, &self.effects.outlet.expander)
            {
                Entry::Session(&saved.bytes).note(&mut **journal);
            }
        });
        Entry::All.note(&mut **journal);
        journal.is_all();
    }

    /// Tells devices what came, as far as it is on the disk.
    pub(super) fn acknowledge(&mut self, now_ns: u64, replies: &mut Replies) {
        let Lasting { journal: Some(journal), new, held, .. } = &mut self.lasting else { return };
        for (key, ack) in new.drain(..).take(MOST_HELD.saturating_sub(held.len())) {
            held.push_back((journal.sync(), key, ack));
        }
        while let Some(outcome) = held.front().and_then(|(ticket, ..)| ticket.outcome()) {
            let Some((_, key, ack)) = held.pop_front() else { return };
            // What could not be written was not promised: the device sends it again.
            if outcome.is_ok() {
                reply(self.gate.as_mut(), &key, now_ns, &mut vec![ack], replies);
            }
        }
    }
}
