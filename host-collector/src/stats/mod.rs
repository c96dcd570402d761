//! What came and what became of it, counted: nothing is ignored silently.

mod live;

pub use live::Live;

use crate::receiver::Drops;
use core::fmt::{self, Display, Formatter};
use spandrel::wire::DecodeError;

/// Counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Datagrams that were frames.
    pub frames: u64,
    /// Datagrams that this program had no room for.
    pub crowded_out: u64,
    /// Datagrams of sources that sent more than they may.
    pub over_limit: u64,
    /// Datagrams that the kernel had no room for, and dropped unseen.
    pub dropped_by_kernel: u64,
    /// Datagrams that were not.
    pub malformed: u64,
    /// Frames of a version that this program does not read.
    pub unknown_version: u64,
    /// Frames of a kind that its version does not know.
    pub unknown_kind: u64,
    /// Frames that need a key, where there are none.
    pub sealed: u64,
    /// Frames that are not sealed, where they must be.
    pub unkeyed: u64,
    /// Hellos of devices that have no key here.
    pub unlisted: u64,
    /// Sealed frames that nobody with the key has made so.
    pub forged: u64,
    /// Hellos of sessions that are not known, which the key of their device does not open.
    pub mis_keyed: u64,
    /// Sealed frames that came before, or may have.
    pub replayed: u64,
    /// Sealed frames of sessions that did not prove in time that they are no recording, or for which there
    /// was no room until they did.
    pub unproven: u64,
    /// Frames that came before.
    pub doubles: u64,
    /// Definitions, descriptions and answers to pings that make no sense, and spans of a trace that no
    /// format allows, which are left out.
    pub nonsense: u64,
    /// Spans that were handed on.
    pub spans: u64,
    /// Of these, spans of which a record was lost.
    pub incomplete: u64,
    /// Spans, or parts of spans, that were dropped: without a hello, a trace, or room.
    pub dropped: u64,
    /// Spans that were made here in place of what was lost.
    pub made: u64,
    /// Records that came, each once.
    ///
    /// From the first that each session tells of, every record has come or was lost on the way, but those
    /// that may still come; and what came is in spans, was dropped, or waits.
    pub records: u64,
    /// Records that were lost on the way.
    pub records_lost: u64,
    /// Records of the spans that were handed on.
    pub records_used: u64,
    /// Records that were dropped: for want of room, of a hello, or of the span that they belong to.
    pub records_dropped: u64,
    /// Sessions that said who they are.
    pub sessions: u64,
    /// Sessions that were forgotten to make room.
    pub forgotten: u64,
    /// Sessions that share what should be their own.
    pub clashes: u64,
    /// Spans whose times contradict what caused what, by more than the clocks allow.
    pub contradictions: u64,
}

impl Stats {
    /// With what links dropped before anything was made of it.
    #[must_use]
    pub fn with_drops(self, drops: Drops) -> Self {
        let Drops { crowded_out, over_limit, by_kernel } = drops;
        Self { crowded_out, over_limit, dropped_by_kernel: by_kernel, ..self }
    }

    /// Counts a datagram that is no frame.
    pub(crate) fn refuse(&mut self, why: DecodeError) {
        let count = match why {
            DecodeError::UnknownVersion(_) => &mut self.unknown_version,
            DecodeError::UnknownKind(_) => &mut self.unknown_kind,
            DecodeError::Sealed => &mut self.sealed,
            _ => &mut self.malformed,
        };
        *count += 1;
    }
}

/// One line: what came, and whatever went wrong.
impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { frames, spans, sessions, .. } = self;
        write!(f, "{frames} frames of {sessions} sessions held {spans} spans")?;
        let troubles = [
            (self.dropped_by_kernel, "datagrams dropped by the kernel"),
            (self.over_limit, "datagrams of sources over their limit"),
            (self.crowded_out, "datagrams dropped for want of room"),
            (self.malformed, "malformed"),
            (self.unknown_version, "of another version"),
            (self.unknown_kind, "of unknown kind"),
            (self.sealed, "sealed"),
            (self.unkeyed, "not sealed"),
            (self.unlisted, "of devices without a key"),
            (self.forged, "forged"),
            (self.mis_keyed, "of another key"),
            (self.replayed, "replayed"),
            (self.unproven, "of sessions not proven"),
            (self.doubles, "doubles"),
            (self.nonsense, "with nonsense in them"),
            (self.incomplete, "incomplete spans"),
            (self.dropped, "dropped"),
            (self.records_lost, "records lost on the way"),
            (self.made, "spans made in place of what was lost"),
            (self.forgotten, "sessions forgotten"),
            (self.clashes, "clashes"),
            (self.contradictions, "spans that contradict others in time"),
        ];
        for (count, what) in troubles.into_iter().filter(|(count, _)| *count != 0) {
            write!(f, ", {count} {what}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_tells_troubles_only_where_there_are_any() {
        let mut stats = Stats { frames: 3, spans: 5, sessions: 1, ..Stats::default() };
        assert_eq!(stats.to_string(), "3 frames of 1 sessions held 5 spans");
        stats.refuse(DecodeError::UnknownVersion(2));
        stats.refuse(DecodeError::Empty);
        assert!(stats.to_string().ends_with(", 1 malformed, 1 of another version"));
    }
}
