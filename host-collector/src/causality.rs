//! Whether the times of a trace contradict what caused what, by more than its clocks allow.
//!
//! Devices have clocks of their own, so a child may seem to start before its parent by as much as both
//! may be off. Where it is more, something is wrong: a clock, or who names whom as its parent. Then the
//! span that came later of the two bears a warning. Times are never moved.
//!
//! Spans come in any order and leave at once, so what is needed of the last ones is kept for those that
//! come later; what is pushed out is not checked. Spans whose clock is not bounded from both sides are not
//! checked either.

use crate::model::opentracing::RefType;
use crate::model::{Batch, Kind, Resource, Source, Span, SpanId, TraceId, Value};
use crate::session::made::MADE;
use crate::session::weight::table;
use crate::text::DurationNs;
use spandrel::SpanIds;
use spandrel::wire::record_number;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// So many spans are kept at least, and twice as many at most; as many causes that did not come yet. It
/// is what a table of 32,768 places has room for.
const MOST: usize = 28_672;
/// Of the spans that wait for their cause those of so many sessions are kept that start first.
const MOST_EFFECTS: usize = 2;
/// Bytes that are held at most.
pub const MOST_BYTES: usize =
    2 * (table::<(Name, Moment)>(MOST) + table::<(Name, Effects)>(MOST) + MOST * EFFECTS_BYTES);
const EFFECTS_BYTES: usize = MOST_EFFECTS * size_of::<(Moment, Relation)>() + 16;

/// What is known of the last spans.
#[derive(Debug, Default)]
pub struct Causality {
    seen: Lately<Name, Moment>,
    /// What is caused by spans that did not come yet.
    effects: Lately<Name, Effects>,
    found: u64,
}

type Name = (TraceId, SpanId);
type Effects = Vec<(Moment, Relation)>;

/// When a span started.
#[derive(Clone, Debug)]
struct Moment {
    source: Source,
    service: Arc<str>,
    start_ns: u64,
    error_ns: u64,
}

impl Moment {
    fn latest_ns(&self) -> u64 {
        self.start_ns.saturating_add(self.error_ns)
    }

    /// By how much it was before `cause`, and by how much it may seem so; none if that is possible.
    fn too_early(&self, cause: &Self) -> Option<(DurationNs, DurationNs)> {
        let early_ns = cause.start_ns.saturating_sub(self.start_ns);
        let allowed_ns = cause.error_ns.saturating_add(self.error_ns);
        // What one clock says of itself is known better than that, and is not for clocks to explain.
        (self.source != cause.source && early_ns > allowed_ns)
            .then_some((DurationNs(early_ns), DurationNs(allowed_ns)))
    }
}

/// What a span is to another that caused it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Child,
    Receiver,
    Follower,
}

impl Causality {
    /// Notes the spans of a batch, and has those warn that contradict what came before.
    pub fn check(&mut self, batch: &mut Batch) {
        let Some(error_ns) = error_ns(&batch.resource) else { return };
        for span in &mut batch.spans {
            self.check_span(batch.source, &batch.resource, error_ns, span);
        }
    }

    /// The same for one span of a process whose times may be wrong by so much.
    pub(crate) fn check_span(
        &mut self,
        source: Source,
        process: &Resource,
        error_ns: u64,
        span: &mut Span,
    ) {
        // What stands for something lost has no times of its own.
        if span.attributes.iter().any(|tag| &*tag.key == MADE) {
            return;
        }
        let mut warnings = Vec::new();
        let service = process.service_name.clone();
        let own = Moment { source, service, start_ns: span.start_ns, error_ns };
        let ids = SpanIds::new(source.device, source.session);
        self.check_causes(span, &own, ids, &mut warnings);
        // Nobody else knows of a span that has no number of its own: it causes nothing.
        let is_cause = ids.counter(span.span_id).is_none_or(|number| number < record_number(0));
        if is_cause {
            self.check_effects(span, &own, &mut warnings);
        }
        check_logs(span, error_ns, &mut warnings);
        self.found += u64::from(!warnings.is_empty());
        span.warnings.extend(warnings.into_iter().map(Arc::from));
        if is_cause {
            self.seen.insert((span.trace_id, span.span_id), own);
        }
    }

    /// Whether something came that this span has caused.
    pub(crate) fn is_awaited(&self, trace: TraceId, span: SpanId) -> bool {
        !self.effects.is_empty() && self.effects.get(&(trace, span)).is_some()
    }

    /// Notes a span that is not awaited, and was caused by none but spans of its own session.
    pub(crate) fn saw(
        &mut self,
        (trace, span): (TraceId, SpanId),
        source: Source,
        process: &Resource,
        start_ns: u64,
        error_ns: u64,
    ) {
        let service = process.service_name.clone();
        self.seen.insert((trace, span), Moment { source, service, start_ns, error_ns });
    }

    /// About how many bytes it holds; rather too many than too few.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.seen.weight() + self.effects.weight() + self.effects.len() * EFFECTS_BYTES
    }

    /// How many spans contradicted others.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.found
    }

    /// The span against what caused it.
    fn check_causes(
        &mut self,
        span: &Span,
        own: &Moment,
        ids: SpanIds,
        warnings: &mut Vec<String>,
    ) {
        for (name, relation) in causes(span) {
            // One clock does not contradict itself.
            if ids.counter(name.1).is_some() {
                continue;
            }
            let Some(cause) = self.seen.get(&name) else {
                self.wait(name, own, relation);
                continue;
            };
            if let Some((early, allowed)) = own.too_early(cause) {
                let service = &cause.service;
                let what = match relation {
                    Relation::Child => format!("its parent in {service}"),
                    Relation::Receiver => format!("what it receives was sent by {service}"),
                    Relation::Follower => format!("what it follows from in {service}"),
                };
                warnings.push(format!("starts {early} before {what}: the clocks allow {allowed}"));
            }
        }
    }

    /// What came before and was caused by the span.
    fn check_effects(&mut self, span: &Span, own: &Moment, warnings: &mut Vec<String>) {
        let effects = self.effects.remove(&(span.trace_id, span.span_id)).unwrap_or_default();
        for (effect, relation) in effects {
            if let Some((early, allowed)) = effect.too_early(own) {
                let service = &effect.service;
                let what = match relation {
                    Relation::Child => format!("its child in {service}"),
                    Relation::Receiver => format!("{service} receives what it sends"),
                    Relation::Follower => format!("what follows from it in {service}"),
                };
                warnings.push(format!("starts {early} after {what}: the clocks allow {allowed}"));
            }
        }
    }

    fn wait(&mut self, cause: Name, own: &Moment, relation: Relation) {
        let mut effects = self.effects.remove(&cause).unwrap_or_else(|| Vec::with_capacity(1));
        let is_same = |(other, _): &(Moment, Relation)| other.source == own.source;
        let place = effects.iter().position(is_same).or_else(|| {
            let latest =
                || effects.iter().enumerate().max_by_key(|(_, (other, _))| other.latest_ns());
            (effects.len() >= MOST_EFFECTS).then(latest).flatten().map(|(place, _)| place)
        });
        match place.and_then(|place| effects.get_mut(place)) {
            Some((other, _)) if other.latest_ns() <= own.latest_ns() => {}
            Some(other) => *other = (own.clone(), relation),
            None => effects.push((own.clone(), relation)),
        }
        self.effects.insert(cause, effects);
    }
}

/// What caused a span.
fn causes(span: &Span) -> impl Iterator<Item = (Name, Relation)> {
    let receives = matches!(span.kind, Kind::Server | Kind::Consumer);
    let child = if receives { Relation::Receiver } else { Relation::Child };
    let parent = span.parent_span_id.map(|id| ((span.trace_id, id), child));
    let links = span.links.iter().map(|link| {
        let relation = match RefType::of_link(link) {
            RefType::ChildOf => Relation::Child,
            RefType::FollowsFrom => Relation::Follower,
        };
        ((link.trace_id, link.span_id), relation)
    });
    // A parent that it follows from is a link too.
    let links = links.filter(move |(name, _)| parent.is_none_or(|(parent, _)| parent != *name));
    parent.into_iter().chain(links)
}

/// Logs lie within their span, and in the order in which they were made.
fn check_logs(span: &Span, error_ns: u64, warnings: &mut Vec<String>) {
    let allowed_ns = error_ns.saturating_mul(2);
    // Its duration may lack whole turns of the counter.
    let is_ambiguous = span.attributes.iter().any(|tag| &*tag.key == "clock.ambiguous");
    let times = || span.events.iter().map(|event| event.time_ns);
    let before_ns = times().map(|time_ns| span.start_ns.saturating_sub(time_ns)).max();
    let after_ns = times().map(|time_ns| time_ns.saturating_sub(span.end_ns)).max();
    let back_ns = times().zip(times().skip(1)).map(|(a, b)| a.saturating_sub(b)).max();
    for (by_ns, what) in [
        (before_ns, "before it starts"),
        (after_ns.filter(|_| !is_ambiguous), "after it ends"),
        (back_ns, "before the one that was made first"),
    ] {
        if let Some(by_ns) = by_ns.filter(|by_ns| *by_ns > allowed_ns) {
            let (by, allowed) = (DurationNs(by_ns), DurationNs(allowed_ns));
            warnings.push(format!("has a log {by} {what}: the clock allows {allowed}"));
        }
    }
}

/// By how much the times of a process may be wrong, if that is known from both sides.
pub(crate) fn error_ns(process: &Resource) -> Option<u64> {
    let error = process.attributes.iter().find(|tag| &*tag.key == "clock.error_us")?;
    let Value::Int(error_us) = error.value else { return None };
    u64::try_from(error_us).ok()?.checked_mul(1_000)
}

/// A map that forgets what was put into it long ago.
#[derive(Debug)]
struct Lately<K, V> {
    new: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Lately<K, V> {
    fn default() -> Self {
        Self { new: HashMap::new(), old: HashMap::new() }
    }
}

impl<K: Eq + Hash, V> Lately<K, V> {
    fn get(&self, key: &K) -> Option<&V> {
        self.new.get(key).or_else(|| self.old.get(key))
    }

    fn remove(&mut self, key: &K) -> Option<V> {
        let new = self.new.remove(key);
        let old = self.old.remove(key);
        new.or(old)
    }

    fn is_empty(&self) -> bool {
        self.new.is_empty() && self.old.is_empty()
    }

    fn len(&self) -> usize {
        self.new.len() + self.old.len()
    }

    fn weight(&self) -> usize {
        table::<(K, V)>(self.new.capacity()) + table::<(K, V)>(self.old.capacity())
    }

    fn insert(&mut self, key: K, value: V) {
        if self.new.len() >= MOST {
            self.old = core::mem::take(&mut self.new);
        }
        self.new.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::opentracing::Reference;
    use crate::model::{Attribute, Event, testing};

    const TRACE: TraceId = TraceId([1; 16]);

    fn span(id: u8, parent: Option<u8>, start_us: u64) -> Span {
        let times_ns = [start_us * 1_000, start_us * 1_000 + 50_000];
        let mut span = Span::new(TRACE, SpanId([id; 8]), "read".into(), times_ns);
        span.parent_span_id = parent.map(|id| SpanId([id; 8]));
        span
    }

    fn batch(device: u64, error_us: i64, span: Span) -> Batch {
        let tags = vec![Attribute::new("clock.error_us", error_us)];
        let resource = Arc::new(Resource::new(&format!("board-{device}"), tags));
        Batch { source: testing::source(device), resource, spans: vec![span] }
    }

    /// The warnings of each batch.
    fn check(batches: impl IntoIterator<Item = Batch>) -> Vec<Vec<String>> {
        let mut causality = Causality::default();
        let check = |mut batch: Batch| {
            causality.check(&mut batch);
            let warnings = batch.spans.iter().flat_map(|span| &span.warnings);
            warnings.map(|warning| warning.to_string()).collect()
        };
        batches.into_iter().map(check).collect()
    }

    #[test]
    fn a_child_may_be_early_by_what_both_clocks_are_off() {
        let parent = || batch(1, 40, span(1, None, 1_000));
        let child = |start_us| batch(2, 60, span(2, Some(1), start_us));
        assert_eq!(check([parent(), child(900)]), [[""; 0]; 2]);
        assert_eq!(check([child(900), parent()]), [[""; 0]; 2]);
        let [first, second] = &check([parent(), child(899)])[..] else { panic!() };
        assert!(first.is_empty());
        assert!(second[0].starts_with("starts 101"), "{second:?}");
        assert!(second[0].contains("before its parent in board-1"), "{second:?}");
        let [first, second] = &check([child(899), parent()])[..] else { panic!() };
        assert!(first.is_empty(), "the later of the two bears it");
        assert!(second[0].contains("after its child in board-2"), "{second:?}");
    }

    #[test]
    fn one_clock_and_a_clock_that_nothing_bounds_are_not_checked() {
        let child = |device| batch(device, 10, span(2, Some(1), 0));
        assert_eq!(check([batch(1, 10, span(1, None, 9_000)), child(1)]), [[""; 0]; 2]);
        let mut unknown = batch(1, 10, span(1, None, 9_000));
        unknown.resource = Arc::new(Resource::new("board", Vec::new()));
        assert_eq!(check([unknown, child(2)]), [[""; 0]; 2]);
    }

    #[test]
    fn what_is_received_and_what_follows_are_later_too() {
        let cause = || batch(1, 10, span(1, None, 9_000));
        let mut receiver = span(2, Some(1), 0);
        receiver.kind = Kind::Consumer;
        let found = check([cause(), batch(2, 10, receiver)]);
        assert!(found[1][0].contains("was sent by board-1"), "{found:?}");
        let reference = |ref_type| Reference { ref_type, trace_id: TRACE, span_id: SpanId([1; 8]) };
        let follower = span(3, None, 0).with_references(&[reference(RefType::FollowsFrom)]);
        let found = check([batch(2, 10, follower), cause()]);
        assert_eq!(found[1].len(), 1, "once, although the parent is a link too: {found:?}");
    }

    #[test]
    fn of_many_children_the_earliest_counts() {
        let child = |id| batch(1 + u64::from(id % 5), 10, span(id, Some(1), 100 * u64::from(id)));
        let children = (2..9).rev().map(child);
        let parent = batch(9, 10, span(1, None, 400));
        let found = check(children.chain([parent]));
        assert_eq!(found[7].len(), 2, "of two sessions: {found:?}");
    }

    #[test]
    fn logs_outside_of_their_span_or_out_of_order_are_told() {
        let logged = |times_us: &[u64]| {
            let mut span = span(1, None, 1_000);
            let event = |time_us: &u64| Event {
                time_ns: *time_us * 1_000,
                name: "log".into(),
                attributes: Vec::new(),
                dropped_attributes: 0,
            };
            span.events = times_us.iter().map(event).collect();
            check([batch(1, 5, span)]).remove(0).len()
        };
        assert_eq!(logged(&[1_000, 1_030, 1_025, 1_050]), 0);
        assert_eq!(logged(&[989]), 1);
        assert_eq!(logged(&[1_061]), 1);
        assert_eq!(logged(&[1_030, 1_015]), 1);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut causality = Causality::default();
        for id in 0..3 * MOST as u64 {
            let mut span = span(1, Some(1), 0);
            span.span_id = SpanId(id.to_be_bytes());
            span.parent_span_id = Some(SpanId((!id).to_be_bytes()));
            causality.check(&mut batch(1, 10, span));
        }
        for kept in
            [causality.seen.new.len() + causality.seen.old.len(), causality.effects.new.len()]
        {
            assert!(kept <= 2 * MOST);
        }
    }
}
