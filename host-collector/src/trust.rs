//! The options that say who is let in.

use crate::auth::{Gate, GateError, Keys, KeysError, Options};
use crate::receiver::HostClock;
use clap::Args;
use std::path::PathBuf;

/// Who is let in: everybody, or whoever has a key.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Trust")]
pub struct Trust {
    /// Take only frames that are sealed with the keys in this file: lines of device and key, in
    /// hexadecimal. Only its owner may read it. The variable `SPANDREL_KEYS` may hold the same.
    #[arg(long, value_name = "FILE")]
    pub keys: Option<PathBuf>,
    /// With keys: let in devices that have none, too.
    #[arg(long)]
    pub allow_unkeyed: bool,
    /// With keys: note in this folder what was sent by devices that hear nothing, so that it cannot be
    /// replayed to the next collector.
    #[arg(long, value_name = "FOLDER")]
    pub state: Option<PathBuf>,
}

/// Why devices cannot be told from others.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// There are no keys where there should be.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// What is forged or replayed cannot be told.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// An option needs another that is not there.
    #[error("{0} does something with --keys only: give the keys of the devices, too")]
    NoKeys(&'static str),
}

impl Trust {
    /// What stands before the sessions; none where everybody is let in.
    ///
    /// # Errors
    /// Where there are no keys though there should be, or the folder of the state cannot be used.
    pub fn gate(&self, downlink: bool) -> Result<Option<Gate>, TrustError> {
        let Some(keys) = Keys::find(self.keys.as_deref())? else {
            return match (self.allow_unkeyed, &self.state) {
                (true, _) => Err(TrustError::NoKeys("--allow-unkeyed")),
                (_, Some(_)) => Err(TrustError::NoKeys("--state")),
                (false, None) => Ok(None),
            };
        };
        if self.state.is_none() && keys.is_any_one_way(downlink) {
            log::warn!(
                "what devices sent that hear nothing can be replayed to the next collector: give --state"
            );
        }
        log::info!("{} devices have keys", keys.len());
        let (allow_unkeyed, state) = (self.allow_unkeyed, self.state.clone());
        let options = Options { keys, allow_unkeyed, downlink, state };
        Ok(Some(Gate::new(options, HostClock::new().now_ns())?))
    }
}
