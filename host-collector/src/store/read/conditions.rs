//! Which rows meet which conditions of a search.
//!
//! What a shape decides is decided once for it; what is left for a row is comparing numbers and
//! short texts.

use crate::model::Kind;
use crate::storage::{Matching, ReadError, Search, Tag, Window};
use crate::store::block::terms::{self, Wanted};
use crate::store::rows::shape::Shape;
use crate::store::rows::{Op, Rows, Type, at, envelope};

/// Tags that a search may have.
const MOST_TAGS: usize = 64;

/// One condition of a search.
#[derive(Clone, Debug)]
enum Condition {
    Service(String),
    Name(String),
    Kind(Kind),
    Peer(String),
    Failed(bool),
    Duration(Window),
    Tag(String, Option<Wanted>),
}

/// A set of conditions.
type Set = u128;

/// The conditions of a search.
#[derive(Debug)]
pub(super) struct Conditions {
    list: Vec<Condition>,
    pub(super) start: Window,
    pub(super) matching: Matching,
}

/// What a shape says of the conditions.
#[derive(Clone, Debug, Default)]
struct OfShape {
    /// Those that hold for each row.
    met: Set,
    /// Values that may meet a condition: which, where and of what type.
    values: Vec<(usize, usize, Type)>,
    /// Whether a row may meet any of those that it could meet.
    is_possible: bool,
}

/// The conditions, made ready for some rows.
#[derive(Debug)]
pub(super) struct Ready<'a> {
    conditions: &'a Conditions,
    rows: &'a Rows,
    shapes: Vec<OfShape>,
    /// For each condition the texts that are the value which it asks for, if it does.
    texts: Vec<Vec<u32>>,
}

impl Conditions {
    pub(super) fn new(search: &Search) -> Result<Self, ReadError> {
        if search.tags.len() > MOST_TAGS {
            let why = format!("at most {MOST_TAGS} tags can be searched for at once");
            return Err(ReadError { what: "that search".to_owned(), why });
        }
        let mut list = Vec::new();
        // Those first that few rows meet: see `rarest`.
        for Tag { key, value } in &search.tags {
            let value = value.as_deref().map(Wanted::new);
            list.push(Condition::Tag(key.clone(), value));
        }
        list.sort_by_key(|tag| matches!(tag, Condition::Tag(_, None)));
        list.extend(search.peer.clone().map(Condition::Peer));
        list.extend(search.operation.clone().map(Condition::Name));
        list.extend(search.service.clone().map(Condition::Service));
        list.extend(search.failed.map(Condition::Failed));
        list.extend(search.kind.map(Condition::Kind));
        if search.duration != Window::ALL {
            list.push(Condition::Duration(search.duration));
        }
        Ok(Self { list, start: search.start, matching: search.matching })
    }

    /// All of them.
    pub(super) fn all(&self) -> Set {
        (1 << self.list.len()) - 1
    }

    /// For each condition that terms can tell: any of which a row must have.
    pub(super) fn terms(&self) -> Vec<Vec<u64>> {
        self.list.iter().filter_map(Condition::terms).collect()
    }

    /// Whether rows must be looked at with their values, where nobody knows these yet.
    pub(super) fn has_values(&self) -> bool {
        self.list.iter().any(Condition::is_of_values)
    }

    /// Makes them ready for rows.
    pub(super) fn ready<'a>(&'a self, rows: &'a Rows) -> Ready<'a> {
        let shapes = rows.shapes.iter().map(|shape| self.of_shape(rows, shape)).collect();
        // Looking through the texts once is less than comparing that of each row.
        let texts = self.list.iter().map(|condition| match condition {
            Condition::Tag(_, Some(wanted)) => rows.texts.numbers(wanted.text().as_bytes()),
            _ => Vec::new(),
        });
        Ready { conditions: self, rows, shapes, texts: texts.collect() }
    }

    fn of_shape(&self, rows: &Rows, shape: Shape<'_>) -> OfShape {
        let mut of = OfShape { is_possible: true, ..OfShape::default() };
        for (number, condition) in self.list.iter().enumerate() {
            let before = of.values.len();
            if condition.of_shape(rows, shape, self.matching, number, &mut of.values) {
                of.met |= 1 << number;
                of.values.truncate(before);
            } else if of.values.len() == before
                && !matches!(condition, Condition::Duration(_))
                && (self.matching == Matching::PerSpan
                    || matches!(condition, Condition::Service(_)))
            {
                of.is_possible = false;
                break;
            }
        }
        of
    }
}

fn is_name(matching: Matching, one: &str, other: &str) -> bool {
    match matching {
        Matching::PerSpan => one == other,
        Matching::PerTrace => one.eq_ignore_ascii_case(other),
    }
}

impl Condition {
    /// Whether values of rows can meet it.
    fn is_of_values(&self) -> bool {
        matches!(self, Self::Peer(_) | Self::Tag(_, Some(_)))
    }

    /// Whether each row of the shape meets it; or adds the values that may.
    fn of_shape(
        &self,
        rows: &Rows,
        shape: Shape<'_>,
        matching: Matching,
        number: usize,
        values: &mut Vec<(usize, usize, Type)>,
    ) -> bool {
        match self {
            Self::Service(name) => is_name(matching, rows.service(shape), name),
            Self::Name(name) => is_name(matching, rows.texts.text(shape.name()), name),
            Self::Kind(kind) => Kind::from_number(shape.kind().into()) == *kind,
            Self::Failed(is) => shape.is_error() == *is,
            Self::Duration(_) => false,
            Self::Peer(_) => {
                let place = terms::peer_of_shape(&rows.texts, shape);
                values.extend(place.map(|(place, kind)| (number, place, kind)));
                false
            }
            Self::Tag(key, wanted) => {
                let value = |wanted: &Wanted, value| wanted.is_view(value);
                let is = |v| wanted.as_ref().is_none_or(|wanted| value(wanted, v));
                let shown = terms::shown_of_shape(&rows.texts, shape);
                let is_shown = shown.into_iter().any(|(shown, text)| {
                    shown == key && wanted.as_ref().is_none_or(|wanted| wanted.text() == text)
                });
                let resource = envelope::resource(rows.texts.get(shape.resource()));
                let scope = envelope::scope(rows.texts.get(shape.scope()));
                let around = resource.attributes().iter().chain(scope.attributes().iter());
                let is_around =
                    || around.filter(|attribute| attribute.key() == key).any(|a| is(a.value()));
                is_shown
                    || is_around()
                    || of_ops(rows, shape, key, wanted.is_none(), number, values)
            }
        }
    }

    fn terms(&self) -> Option<Vec<u64>> {
        Some(match self {
            Self::Service(name) => vec![terms::service(name)],
            Self::Name(name) => vec![terms::name(name)],
            // It is also that of numbers which nobody knows.
            Self::Kind(Kind::Unspecified) => return None,
            Self::Kind(kind) => vec![terms::kind(*kind as u8)],
            Self::Peer(name) => vec![terms::peer(name)],
            Self::Failed(is) => vec![terms::error(*is)],
            Self::Duration(window) => {
                let buckets = terms::bucket(window.min)..=terms::bucket(window.max);
                buckets.map(terms::duration).collect()
            }
            Self::Tag(key, Some(wanted)) => wanted.terms(key),
            Self::Tag(key, None) => vec![terms::key(key), terms::event(key)],
        })
    }
}

/// Attributes of the span and of its events, and what is shown as such.
fn of_ops(
    rows: &Rows,
    shape: Shape<'_>,
    key: &str,
    is_any: bool,
    number: usize,
    values: &mut Vec<(usize, usize, Type)>,
) -> bool {
    let is_event = |op: Op| op.kind() == Type::Event && rows.texts.text(op.text()) == key;
    if is_any && shape.ops().any(is_event) {
        return true;
    }
    for (place, op) in terms::tags_of_shape(shape) {
        if terms::shown_key(op.kind()).unwrap_or_else(|| rows.texts.text(op.text())) == key {
            if is_any {
                return true;
            }
            values.push((number, place, op.kind()));
        }
    }
    false
}

impl Ready<'_> {
    /// The conditions that a row meets.
    pub(super) fn met(&self, index: usize) -> Set {
        let number = at(&self.rows.shape, index) as usize;
        let Some(of_shape) = self.shapes.get(number).filter(|of| of.is_possible) else { return 0 };
        let mut met = of_shape.met;
        if !of_shape.values.is_empty() {
            let values = self.rows.values_of(index);
            for (number, place, kind) in &of_shape.values {
                if met & 1 << *number == 0 && self.is_met(*number, at(values, *place), *kind) {
                    met |= 1 << *number;
                }
            }
        }
        for (number, condition) in self.conditions.list.iter().enumerate() {
            if let Condition::Duration(window) = condition
                && window.contains(at(&self.rows.took_ns, index))
            {
                met |= 1 << number;
            }
        }
        met
    }

    fn is_met(&self, number: usize, value: u64, kind: Type) -> bool {
        match (self.conditions.list.get(number), kind) {
            (Some(Condition::Tag(_, Some(_))), Type::Str | Type::Message | Type::State) => {
                let texts = self.texts.get(number);
                texts.is_some_and(|texts| texts.iter().any(|text| u64::from(*text) == value))
            }
            (Some(Condition::Tag(_, Some(wanted))), _) => wanted.is(&self.rows.texts, kind, value),
            (Some(Condition::Peer(name)), _) => {
                let text = terms::text_of(&self.rows.texts, kind, value);
                is_name(self.conditions.matching, &text, name)
            }
            _ => false,
        }
    }

    /// Whether a row meets all that one span must meet. With `trusts` it is known already that it
    /// has the values, and its own are not there.
    pub(super) fn is_match(&self, index: usize, trusts: bool) -> bool {
        if !self.conditions.start.contains(at(&self.rows.start_ns, index)) {
            return false;
        }
        let mut met = self.met(index);
        if trusts {
            let list = self.conditions.list.iter().enumerate();
            let known = list.filter(|(_, condition)| condition.is_of_values());
            known.for_each(|(number, _)| met |= 1 << number);
        }
        met == self.conditions.all()
    }
}
