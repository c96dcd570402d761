//! Devices that mean harm: what they can make the collector hold, and that others are served meanwhile.
//!
//! Every allocation of this binary is counted, so tests run one after the other.

mod count;
mod device;
mod flood;
mod memory;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing else is counted as long as this is held.
fn alone() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    LOCK.lock().unwrap_or_else(PoisonError::into_inner)
}
