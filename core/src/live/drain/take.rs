//! What goes into a frame next, and what is longer than one.

use super::super::ring::Committed;
use super::Drain;
use crate::site::table;
use crate::wire::{DataWriter, FragmentOf};

// What the frames before have begun.
const DEFINITION: u8 = 0;
pub(super) const RECORD: u8 = 1;
pub(super) const NOTHING: u8 = 2;

/// What can go into a frame.
enum Next<'a> {
    /// The definition at this index.
    Definition(usize),
    Record(Committed<'a>),
}

impl Drain {
    /// Moves what is next into the frame: a definition that is due, else the oldest record. False where
    /// there is neither, or no room.
    ///
    /// What is too long for a frame of its own goes in fragments. They are cut from what is encoded
    /// anew for each, so that nothing of it need be kept.
    pub(super) fn take(&mut self, frame: &mut DataWriter<'_>) -> bool {
        let Some(next) = self.next().or_else(|| self.next_asked()) else { return false };
        if !self.is_broken() {
            frame.begin();
            self.write(&next, frame);
            if frame.end() {
                self.record += u64::from(matches!(next, Next::Record(_)));
                self.done(&next);
                return true;
            }
            if !frame.is_empty() {
                return false;
            }
        }
        self.take_fragment(&next, frame);
        false
    }

    /// Moves a fragment into the frame, which is empty, and has room for nothing else.
    fn take_fragment(&mut self, next: &Next<'_>, frame: &mut DataWriter<'_>) {
        let of = match next {
            Next::Definition(index) => self.names.fragment_of(*index),
            Next::Record(_) => FragmentOf::Record,
        };
        frame.begin_fragment(of, self.fragment_at);
        self.write(next, frame);
        let (len, is_last) = frame.end_fragment();
        self.fragment_at += len;
        self.broken = if matches!(next, Next::Record(_)) { RECORD } else { DEFINITION };
        if is_last {
            (self.broken, self.fragment_at) = (NOTHING, 0);
            self.record += u64::from(matches!(next, Next::Record(_)));
            self.done(next);
        }
    }

    /// Whether the next frame goes on with what the last one began: then no definition may become due.
    pub(super) fn is_broken(&self) -> bool {
        #[cfg(feature = "retained")]
        if self.kept.is_broken() {
            return true;
        }
        self.broken != NOTHING
    }

    fn next(&self) -> Option<Next<'static>> {
        let due = if self.broken == RECORD { None } else { self.names.due() };
        match due {
            Some(index) => Some(Next::Definition(index)),
            None => self.oldest().map(Next::Record),
        }
    }

    /// The definition of a site that nothing refers to, if the collector asks for all and there is nothing
    /// else to send.
    fn next_asked(&mut self) -> Option<Next<'static>> {
        let control = self.tracer.control.filter(|control| control.is_site_due())?;
        (control.next_site)(control.cell, &mut self.names);
        self.names.due().map(Next::Definition)
    }

    #[inline(never)]
    fn write(&mut self, next: &Next<'_>, frame: &mut DataWriter<'_>) {
        match next {
            Next::Definition(index) => self.define(*index, frame),
            Next::Record(record) => self.encode(record, frame),
        }
    }

    #[inline(always)]
    fn define(&self, index: usize, frame: &mut DataWriter<'_>) {
        #[cfg(feature = "retained")]
        if let Some((id, address, len)) = self.names.name_at(index)
            && !self.may_follow(address, len)
        {
            return Self::define_by_address(id, address, len, frame);
        }
        frame.define(&self.names.definition(index, table()));
    }

    #[inline(never)]
    fn done(&mut self, next: &Next<'_>) {
        match next {
            Next::Definition(index) => self.names.defined(*index),
            Next::Record(record) => {
                self.cut = self.cut.wrapping_add(self.cut_now.into());
                self.release(record);
            }
        }
    }
}
