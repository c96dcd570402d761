//! Ids that only the collector can tell: those that a device knows in the short form of contexts.
//!
//! A device below a parent on a bus knows two handles and some bits of two numbers; ids stand for
//! them. Who has a handle, and which numbers it is giving just now, is known here. A span whose ids
//! cannot be told yet waits for a while, since its parent's device may not have said hello.

use crate::model::{Batch, Link, Source, Span, SpanId, TraceId};
use spandrel::carrier::short::{self, MAX_HANDLE, SPAN_BITS, TRACE_BITS};
use std::collections::{HashMap, HashSet, VecDeque};

/// How long spans wait for the devices in their ids: as for a hello and its description.
const PATIENCE_NS: u64 = 12_000_000_000;
/// More than this does not wait; the oldest goes as it is.
const MOST_WAITING: usize = 1024;
pub(crate) const MOST_WAITING_BYTES: usize = 16 << 20;

/// Who goes by a handle.
#[derive(Clone, Copy, Debug)]
struct Holder {
    source: Source,
    /// The number that a span of the session was given last.
    last_number: u64,
}

/// Handles, and spans that wait for them.
#[derive(Debug, Default)]
pub(super) struct Expander {
    holders: HashMap<u16, Holder>,
    /// What was assigned here, by device: it has the same in its next boot.
    assigned: HashMap<u64, u16>,
    /// The handles in it.
    taken: HashSet<u16>,
    last_assigned: u16,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// A device with a handle that was not known came.
    is_news: bool,
}

/// Spans that wait.
#[derive(Debug)]
struct Waiting {
    since_ns: u64,
    weight: usize,
    batch: Batch,
}

impl Expander {
    /// Notes that a session goes by a handle. Its numbers go up, but frames may be late.
    pub(super) fn heard(&mut self, handle: u16, source: Source, last_number: u64) {
        let holder = self.holders.entry(handle).or_insert_with(|| {
            self.is_news = true;
            Holder { source, last_number }
        });
        if holder.source != source {
            *holder = Holder { source, last_number };
        }
        holder.last_number = holder.last_number.max(last_number);
    }

    /// The handle for a device that asks for one; none where all are taken.
    pub(super) fn assign(&mut self, device: u64) -> Option<u16> {
        if let Some(known) = self.assigned.get(&device) {
            return Some(*known);
        }
        let next = |handle| if handle >= MAX_HANDLE { 1 } else { handle + 1 };
        let mut handle = self.last_assigned;
        for _ in 0..MAX_HANDLE {
            handle = next(handle);
            if !self.holders.contains_key(&handle) && self.taken.insert(handle) {
                self.last_assigned = handle;
                self.assigned.insert(device, handle);
                return Some(handle);
            }
        }
        None
    }

    /// The handle of a device that says it goes by this one, or by none.
    pub(super) fn handle_of(&self, source: Source, told: u16) -> Option<u16> {
        if told == 0 { self.assigned.get(&source.device.0).copied() } else { Some(told) }
    }

    /// A session goes on that went by this handle.
    pub(super) fn resumed(&mut self, handle: u16, source: Source, last_number: u64) {
        self.assigned.insert(source.device.0, handle);
        self.taken.insert(handle);
        self.heard(handle, source, last_number);
    }

    /// What waits of this device and boot, and since when.
    pub(super) fn waiting_of(&self, source: Source) -> impl Iterator<Item = (u64, &Batch)> {
        let own = self.waiting.iter().filter(move |waiting| waiting.batch.source == source);
        own.map(|waiting| (waiting.since_ns, &waiting.batch))
    }

    /// Has spans wait, since then.
    pub(super) fn keep(&mut self, batch: Batch, since_ns: u64) {
        let weight = batch.weight();
        self.waiting_bytes += weight;
        self.waiting.push_back(Waiting { since_ns, weight, batch });
    }

    /// About how many bytes it holds.
    pub(super) fn weight(&self) -> usize {
        self.waiting_bytes
            + self.waiting.capacity() * size_of::<Waiting>()
            + self.holders.capacity() * size_of::<(u16, Holder)>()
            + self.assigned.capacity() * 2 * size_of::<(u64, u16)>()
    }

    /// A session was forgotten: the handle that it went by is free, so that no flood of devices
    /// takes all of them for ever.
    pub(super) fn forget(&mut self, handle: u16, source: Source) {
        if let Some(handle) = self.handle_of(source, handle)
            && self.holders.get(&handle).is_some_and(|holder| holder.source == source)
        {
            self.holders.remove(&handle);
            if self.assigned.get(&source.device.0) == Some(&handle) {
                self.assigned.remove(&source.device.0);
                self.taken.remove(&handle);
            }
        }
    }

    /// Hands on what can be told; the rest waits.
    pub(super) fn hand_on(&mut self, mut batch: Batch, now_ns: u64, mut sink: impl FnMut(Batch)) {
        let later: Vec<_> = batch.spans.extract_if(.., |span| self.must_wait(span)).collect();
        if !later.is_empty() {
            let (source, resource) = (batch.source, batch.resource.clone());
            self.keep(Batch { source, resource, spans: later }, now_ns);
        }
        if !batch.spans.is_empty() {
            sink(self.expanded(batch));
        }
    }

    /// Hands on everything that waits, as it is.
    pub(super) fn finish(
        &mut self,
        mut goes_on: impl FnMut(&Source) -> bool,
        mut sink: impl FnMut(Batch),
    ) {
        self.waiting_bytes = 0;
        while let Some(Waiting { batch, .. }) = self.waiting.pop_front() {
            if !goes_on(&batch.source) {
                sink(self.expanded(batch));
            }
        }
    }

    /// Hands on what need not wait any longer.
    pub(super) fn take_waiting(&mut self, now_ns: u64, mut sink: impl FnMut(Batch)) {
        while let Some(oldest) = self.waiting.front()
            && (now_ns.saturating_sub(oldest.since_ns) >= PATIENCE_NS
                || self.waiting.len() > MOST_WAITING
                || self.waiting_bytes > MOST_WAITING_BYTES)
        {
            let Some(oldest) = self.waiting.pop_front() else { return };
            self.waiting_bytes -= oldest.weight;
            sink(self.expanded(oldest.batch));
        }
        if !core::mem::take(&mut self.is_news) {
            return;
        }
        for _ in 0..self.waiting.len() {
            let Some(waiting) = self.waiting.pop_front() else { return };
            if waiting.batch.spans.iter().all(|span| !self.must_wait(span)) {
                self.waiting_bytes -= waiting.weight;
                sink(self.expanded(waiting.batch));
            } else {
                self.waiting.push_back(waiting);
            }
        }
    }

    fn must_wait(&self, span: &Span) -> bool {
        let waits = |trace: TraceId, id: Option<SpanId>| {
            let Some((root, _)) = short::trace_of(trace) else { return false };
            let sender = id.and_then(short::span_of).map(|(sender, _)| sender);
            [Some(root), sender].iter().flatten().any(|handle| !self.holders.contains_key(handle))
        };
        waits(span.trace_id, span.parent_span_id)
            || span.links.iter().any(|link| waits(link.trace_id, Some(link.span_id)))
    }

    fn expanded(&self, mut batch: Batch) -> Batch {
        for span in &mut batch.spans {
            let short = span.trace_id;
            if let Some(sender) = span.parent_span_id.as_mut().filter(|_| short.is_short()) {
                self.expand_span(sender);
            }
            for link in &mut span.links {
                self.expand_link(link);
            }
            if self.expand_trace(&mut span.trace_id) == Some(false) {
                let note = "its trace is known by a handle that no device has: it stands apart";
                span.warnings.push(note.into());
            }
        }
        batch
    }

    fn expand_link(&self, link: &mut Link) {
        if link.trace_id.is_short() {
            self.expand_span(&mut link.span_id);
            self.expand_trace(&mut link.trace_id);
        }
    }

    /// Whether the id could be told; none where it is no short one.
    fn expand_trace(&self, id: &mut TraceId) -> Option<bool> {
        let (root, low) = short::trace_of(*id)?;
        let holder = self.holders.get(&root);
        if let Some(Holder { source, last_number }) = holder {
            let number = nearest(*last_number, low.into(), TRACE_BITS);
            *id = TraceId::expand(source.device, source.session, number);
        }
        Some(holder.is_some())
    }

    fn expand_span(&self, id: &mut SpanId) {
        if let Some((sender, low)) = short::span_of(*id)
            && let Some(Holder { source, last_number }) = self.holders.get(&sender)
        {
            let number = nearest(*last_number, low.into(), SPAN_BITS);
            *id = SpanId::expand(source.device, source.session, number);
        }
    }
}

/// The number with these low bits that is nearest to another.
fn nearest(to: u64, low: u64, bits: u32) -> u64 {
    let turn = 1 << bits;
    let same = to & !(turn - 1) | low;
    let others = [Some(same), same.checked_sub(turn), same.checked_add(turn)];
    others.into_iter().flatten().min_by_key(|number| number.abs_diff(to)).unwrap_or(same)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_number_that_is_meant_is_found(
            last in 0..1_u64 << 38, behind in -500_i64..100_000, bits in prop::sample::select(vec![18, 20]),
        ) {
            let meant = last.saturating_sub_signed(behind);
            let low = meant & ((1 << bits) - 1);
            prop_assert_eq!(nearest(last, low, bits), meant);
        }
    }

    #[test]
    fn each_device_gets_a_handle_of_its_own_and_keeps_it() {
        let mut expander = Expander::default();
        let source = Source { device: spandrel::DeviceId(9), session: spandrel::Session::new(1) };
        expander.heard(2, source, 5);
        assert_eq!([7, 8, 7].map(|device| expander.assign(device)), [Some(1), Some(3), Some(1)]);
        for device in 100..100 + u64::from(MAX_HANDLE) - 3 {
            assert!(expander.assign(device).is_some());
        }
        assert_eq!(expander.assign(1), None);
        assert_eq!(expander.assign(8), Some(3));
        // Who was forgotten leaves its handle to others.
        let gone = Source { device: spandrel::DeviceId(8), session: spandrel::Session::new(1) };
        expander.heard(3, gone, 5);
        expander.forget(0, source);
        assert_eq!(expander.assign(1), None);
        expander.forget(0, gone);
        assert_eq!(expander.assign(1), Some(3));
    }
}
