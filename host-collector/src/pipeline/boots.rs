//! What the sessions of one device tell of each other: when one ended, and what its call sites are.

use super::{Output, Pipeline};
use crate::session::Key;

/// As many sessions are put together with those before them in one turn.
const MOST_IN_A_TURN: usize = 64;

impl<S: FnMut(Output)> Pipeline<S> {
    /// Puts sessions that began behind a reset together with those that it ended.
    pub(super) fn join_boots(&mut self, now_ns: u64) {
        let (mut begun, mut undefined) = (Vec::new(), Vec::new());
        self.table.for_each(|key, session| {
            if let Some(previous) = session.untold_previous()
                && begun.len() < MOST_IN_A_TURN
            {
                begun.push((key.clone(), previous, session.began_ns(now_ns)));
            }
            if let Some(wanted) = session.undefined_sites()
                && undefined.len() < MOST_IN_A_TURN
            {
                undefined.push((key.clone(), wanted));
            }
        });
        for (key, (build, sites)) in undefined {
            self.lend_sites(&key, &build, &sites);
        }
        for (key, previous, began_ns) in begun {
            let before = self.sources.get(&previous).cloned();
            let Some(before) = before.and_then(|before| self.table.get_mut(&before)) else {
                continue;
            };
            if let Some(began_ns) = began_ns {
                before.ended_before(began_ns);
            }
            if let Some(end) = before.how_it_ended(now_ns)
                && let Some(session) = self.table.get_mut(&key)
            {
                session.tell_boot(&end, now_ns, &mut self.effects, &mut self.stats);
            }
        }
    }

    /// Tells a session what sites are that another one of the same build has defined.
    fn lend_sites(&mut self, key: &Key, build: &[u8], sites: &[u16]) {
        let mut found = Vec::new();
        self.table.for_each(|other, session| {
            if other != key && found.len() < sites.len() && session.is_of_build(build) {
                found.extend(session.known_sites(sites));
            }
        });
        if let Some(session) = self.table.get_mut(key) {
            session.take_sites(found);
        }
    }
}
