//! The parts of a trace, wherever they are.

use super::View;
use crate::model::TraceId;
use crate::storage::ReadError;
use crate::store::group::Want;
use crate::store::rows::{Piece, Rows, is_like};

impl View {
    /// The spans of a trace; with `like` also those of ids that may be the same.
    ///
    /// A span may be there twice.
    pub(in crate::store) fn pieces(
        &self,
        id: TraceId,
        like: bool,
    ) -> Result<Vec<Piece>, ReadError> {
        let mut pieces = Vec::new();
        let mut add = |rows: &Rows, traces: &[u32]| {
            if traces.is_empty() {
                return;
            }
            for (row, trace) in rows.trace.iter().enumerate() {
                if traces.contains(trace) {
                    pieces.push(rows.piece(row));
                }
            }
        };
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            let mut traces = table.traces_like(id);
            traces.retain(|trace| {
                let of = table.rows.traces.get(*trace as usize);
                of.is_some_and(|of| (like || *of == id) && self.is_shown(*of))
            });
            add(&table.rows, &traces);
        }
        for place in self.places_of(id)? {
            let Some(group) = self.read(place, Want::ALL)? else { continue };
            let is_it = |other: TraceId| {
                (if like { is_like(other, id) } else { other == id }) && self.is_shown(other)
            };
            let traces = group.rows.traces.iter().zip(0..).filter(|(other, _)| is_it(**other));
            let traces: Vec<u32> = traces.map(|(_, number)| number).collect();
            add(&group.rows, &traces);
        }
        Ok(pieces)
    }

    /// Whether a trace is there for whoever reads.
    pub(super) fn is_shown(&self, id: TraceId) -> bool {
        !self.deleted.has(id)
    }
}
