//! The parts of a trace, wherever they are.

use super::View;
use crate::model::TraceId;
use crate::storage::ReadError;
use crate::store::group::{Unpacked, Want};
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
            for (row, trace) in rows.trace.iter().enumerate() {
                if traces.contains(trace) {
                    pieces.push(rows.piece(row));
                }
            }
        };
        for unsealed in &self.unsealed {
            let table = unsealed.table();
            let mut traces = table.traces_like(id);
            traces.retain(|trace| like || table.rows.traces.get(*trace as usize) == Some(&id));
            if !traces.is_empty() {
                add(&table.rows, &traces);
            }
        }
        self.groups_of(id, Want::ALL, like, |_, group, traces| add(&group.rows, traces))?;
        Ok(pieces)
    }

    /// Gives each group with a part of the trace to `take`, with the log that it came from and the
    /// numbers of the trace in it.
    pub(super) fn groups_of(
        &self,
        id: TraceId,
        want: Want,
        like: bool,
        mut take: impl FnMut(u64, &Unpacked, &[u32]),
    ) -> Result<(), ReadError> {
        for block in &self.blocks {
            for number in block.groups_of(id)? {
                let Some(group) = block.read(number, want)? else { continue };
                let is_it = |other: TraceId| if like { is_like(other, id) } else { other == id };
                let traces = group.rows.traces.iter().zip(0..).filter(|(other, _)| is_it(**other));
                let traces: Vec<u32> = traces.map(|(_, number)| number).collect();
                if !traces.is_empty() {
                    take(block.about(number).log, &group, &traces);
                }
            }
        }
        Ok(())
    }
}
