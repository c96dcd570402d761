//! Ids for those spans of servers that share the id of a client's span, as Zipkin's do.

use crate::model::SpanId;
use std::collections::{HashMap, HashSet};

/// Which side of a call a span says it is, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Side {
    Client,
    Server,
    Other,
}

/// The ids that spans get in place of their own.
#[derive(Debug)]
pub(in crate::query) struct NewIds {
    /// For each span, its new id, if it gets one; its old one is its parent's then.
    pub(in crate::query) own: Vec<Option<SpanId>>,
    /// Of those that had an id, the last one's new id: what is below them refers to it.
    by_old: HashMap<SpanId, SpanId>,
}

impl NewIds {
    /// Gives ids to the spans that need one: the least that no span of the trace has.
    pub(in crate::query) fn of(spans: impl Iterator<Item = (SpanId, Side)> + Clone) -> Self {
        let used: HashSet<SpanId> = spans.clone().map(|(id, _)| id).collect();
        let clients = spans.clone().filter(|(_, side)| *side == Side::Client);
        let clients: HashSet<SpanId> = clients.map(|(id, _)| id).collect();
        let mut free = (1_u64..).map(|number| SpanId(number.to_be_bytes()));
        let mut by_old = HashMap::new();
        let mut own = Vec::new();
        for (id, side) in spans {
            let is_shared = side == Side::Server && clients.contains(&id);
            let new = if is_shared { free.find(|new| !used.contains(new)) } else { None };
            by_old.extend(new.map(|new| (id, new)));
            own.push(new);
        }
        Self { own, by_old }
    }

    /// What a span refers to as its parent in place of `parent`, if it does. `own` is its id, perhaps a new
    /// one.
    pub(in crate::query) fn parent(&self, parent: SpanId, own: SpanId) -> Option<SpanId> {
        self.by_old.get(&parent).copied().filter(|new| *new != own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u64) -> SpanId {
        SpanId(number.to_be_bytes())
    }

    #[test]
    fn a_server_that_shares_the_id_of_its_client_gets_the_least_that_is_free() {
        let spans = [
            (id(1), Side::Other),
            (id(7), Side::Client),
            (id(7), Side::Server),
            (id(8), Side::Server),
            (id(7), Side::Server),
        ];
        let new = NewIds::of(spans.into_iter());
        assert_eq!(new.own, [None, None, Some(id(2)), None, Some(id(3))]);
        assert_eq!(new.parent(id(7), id(9)), Some(id(3)));
        assert_eq!((new.parent(id(7), id(3)), new.parent(id(8), id(9))), (None, None));
    }
}
