//! Nobody in who does not belong: sealed frames are opened, and everything else is refused and counted.
//!
//! | part | is |
//! |---|---|
//! | [`Gate`] | what stands between the receivers and the sessions |
//! | [`Keys`] | which device has which key |
//! | `device` | the sessions of a device: what came, what was proven |
//! | `waiting` | frames of sessions that did not say yet who they are |
//! | `marks`, `state` | what was let in, for the collector that runs next |
//!
//! What can be had of all this, and what cannot, is in `docs/threat-model.md`.

mod device;
mod gate;
mod keys;
mod marks;
mod state;
mod waiting;

pub use gate::{Gate, GateError, Options};
pub use keys::{Keys, KeysError, LineError, Listed, VARIABLE};
pub use state::StateError;

use crate::receiver::{Peer, Replies};

const SECOND_NS: u64 = 1_000_000_000;

/// A frame as the pipeline reads it, unsealed.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) bytes: Vec<u8>,
    pub(crate) peer: Peer,
    pub(crate) rx_ns: u64,
    /// It came sealed.
    pub(crate) is_sealed: bool,
}

/// What the gate lets in, and what it says.
#[derive(Debug, Default)]
pub(crate) struct Passed {
    pub(crate) frames: Vec<Frame>,
    pub(crate) replies: Replies,
}

#[cfg(test)]
mod tests;
