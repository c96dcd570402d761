//! Writes a data frame record by record into the buffer that will be sent.

use super::super::names::Due;
use super::window::Window;
use crate::wire::{Codec, DataHead, Define, FrameKind, Record};
use serde::Serialize;
use serde::ser::Serializer as _;

/// A data frame that is being written.
pub(super) struct FrameWriter<'b> {
    out: postcard::Serializer<Window<'b>>,
    codec: Codec,
    /// Where the number of records stands: it is known last.
    count_at: usize,
    count: u8,
}

impl<'b> FrameWriter<'b> {
    /// A frame without records; none where not even its head fits.
    pub(super) fn new(buffer: &'b mut [u8], tag: [u8; 4], head: &DataHead) -> Option<Self> {
        let mut out = postcard::Serializer { output: Window::new(buffer, 0) };
        (FrameKind::Data.head(), tag, head).serialize(&mut out).ok()?;
        let count_at = out.output.written()?.checked_sub(1)?;
        Some(Self { out, codec: Codec::new(), count_at, count: 0 })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.count == u8::MAX
    }

    /// Bytes that are left.
    pub(super) fn room(&self) -> usize {
        self.out.output.bytes.len() - self.out.output.at
    }

    /// Adds a record; false, and nothing changed, where it does not fit.
    pub(super) fn record(&mut self, record: &Record<'_>) -> bool {
        if self.is_full() {
            return false;
        }
        let (mark, at) = (self.codec.mark(), self.out.output.at);
        let written = (&mut self.out)
            .serialize_tuple(0)
            .and_then(|mut tuple| record.encode(&mut self.codec, &mut tuple));
        if written.is_err() || self.out.output.written().is_none() {
            self.codec.undo(&mark);
            self.out.output.at = at;
            return false;
        }
        self.count += 1;
        true
    }

    /// Adds as much of a definition as fits; says up to where it has gone.
    pub(super) fn define(&mut self, due: &Due) -> usize {
        // Flags, number, total, offset and length of a piece at their longest.
        const OVERHEAD: usize = 1 + 3 + 2 + 2 + 2;
        const LEAST: usize = 8;

        let rest = due.bytes.get(due.sent..).unwrap_or(&[]);
        let room = self.room().saturating_sub(OVERHEAD);
        // A definition is cut only where it would not fit an empty frame either.
        if room < rest.len() && (room < LEAST || !self.is_empty()) {
            return due.sent;
        }
        let bytes = rest.get(..room).unwrap_or(rest);
        #[expect(clippy::cast_possible_truncation, reason = "a definition is below 2^16 long")]
        let (total, offset) = (due.bytes.len() as u32, due.sent as u32);
        let define = Define { is_name: due.is_name, id: due.id, total, offset, bytes };
        if self.record(&Record::Define(define)) { due.sent + bytes.len() } else { due.sent }
    }

    /// The frame; none where it has no records.
    pub(super) fn finish(self) -> Option<&'b [u8]> {
        let Window { bytes: buffer, at, .. } = self.out.output;
        *buffer.get_mut(self.count_at)? = self.count;
        if self.count == 0 { None } else { buffer.get(..at) }
    }
}
