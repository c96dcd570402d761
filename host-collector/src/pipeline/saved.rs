//! Sessions that are put aside, and gone on with: after a restart, or by another collector.
//!
//! The next frame of a session, and every one after it, gives the same spans as if nobody had stopped.
//! Not put aside are what is shared by all sessions and only warns (whether times contradict each
//! other), commands for devices, and what a gate knows, which has a place of its own on the disk.

use super::expand::Expander;
use super::{Output, Pipeline};
use crate::model::{Batch, Source};
use crate::session::{Key, Session};
use crc::{CRC_32_ISO_HDLC, Crc};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The first byte: of another form the rest makes no sense.
const VERSION: u8 = 1;
/// Stands behind it: what is damaged is noticed, and not gone on with.
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// A session as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The device and its boot, if it has said who it is.
    pub source: Option<Source>,
    /// The number of the packet with which it goes on: the one after the newest that it has taken.
    pub next_packet: u64,
    /// What [`Pipeline::resume`] takes.
    pub bytes: Vec<u8>,
}

/// Why a session cannot be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// It was written by another version of this program.
    #[error(
        "the session was put aside by a version of spandrel that writes form {0}, and this one reads \
         form {VERSION}: go on with it by that version, or let the device begin a new session"
    )]
    OtherForm(u8),
    /// Its bytes are not what was written.
    #[error("the session that was put aside is damaged: what it had not handed on is lost")]
    Damaged,
}

/// What is written of a session.
#[derive(Serialize, Deserialize)]
struct Whole<K, S, B> {
    key: K,
    session: S,
    /// Whether it is the one that says last that it is this device in this boot.
    is_current: bool,
    /// The handle that it goes by, assigned here or elsewhere.
    handle: Option<u16>,
    /// What has left it, and waits for ids that the short form stands for: since when.
    waiting: Vec<(u64, B)>,
}

impl<S: FnMut(Output)> Pipeline<S> {
    /// Puts aside every session, the one that was heard of last at the end.
    #[must_use]
    pub fn save(&mut self) -> Vec<Saved> {
        let mut saved = Vec::new();
        self.table.for_each(|key, session| {
            saved.extend(save(key, session, &self.sources, &self.effects.outlet.expander));
        });
        saved
    }

    /// Goes on with a session that was put aside.
    ///
    /// One that is known already, since it was heard of in the meantime, is replaced.
    ///
    /// # Errors
    /// [`ResumeError`]; everything else goes on.
    pub fn resume(&mut self, bytes: &[u8]) -> Result<(), ResumeError> {
        self.go_on(bytes).map(drop)
    }

    /// The same; gives its key.
    pub(super) fn go_on(&mut self, bytes: &[u8]) -> Result<Key, ResumeError> {
        let Some((form, bytes)) = bytes.split_first() else { return Err(ResumeError::Damaged) };
        if *form != VERSION {
            return Err(ResumeError::OtherForm(*form));
        }
        let Some((crc, bytes)) = bytes.split_first_chunk() else {
            return Err(ResumeError::Damaged);
        };
        if CRC.checksum(bytes).to_le_bytes() != *crc {
            return Err(ResumeError::Damaged);
        }
        let read = postcard::take_from_bytes::<Whole<Key, Session, Batch>>(bytes);
        let Ok((whole, [])) = read else { return Err(ResumeError::Damaged) };
        let Whole { key, session, is_current, handle, waiting } = whole;
        let session = session.resumed(self.options);
        if let Some(source) = session.source() {
            if is_current {
                self.sources.insert(source, key.clone());
            }
            if let (Some(handle), Some((_, last_number))) = (handle, session.handle()) {
                self.effects.outlet.expander.resumed(handle, source, last_number);
            }
        }
        for (since_ns, batch) in waiting {
            self.effects.outlet.expander.keep(batch, since_ns);
        }
        self.table.with(key.clone(), || Session::new(self.options, 0), |place| *place = session);
        Ok(key)
    }
}

pub(super) fn save(
    key: &Key,
    session: &Session,
    sources: &HashMap<Source, Key>,
    expander: &Expander,
) -> Option<Saved> {
    let source = session.source();
    let whole = Whole {
        key,
        session,
        is_current: source.is_some_and(|source| sources.get(&source) == Some(key)),
        handle: source.and_then(|source| expander.handle_of(source, session.handle()?.0)),
        waiting: source.map(|source| expander.waiting_of(source).collect()).unwrap_or_default(),
    };
    // Nothing of it cannot be written.
    let whole = postcard::to_extend(&whole, Vec::new()).ok()?;
    let crc = CRC.checksum(&whole).to_le_bytes();
    let bytes = [&[VERSION][..], &crc, &whole].concat();
    Some(Saved { source, next_packet: session.next_packet(), bytes })
}
