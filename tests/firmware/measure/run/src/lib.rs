//! What the measuring programs share: the counter, text to the host, a tracer's parts.
#![no_std]

pub mod console;
pub mod counter;
pub mod drained;

// They bring their critical sections into the image where the feature `single-core` is on.
#[cfg(target_arch = "arm")]
use cortex_m as _;
#[cfg(target_arch = "riscv32")]
use riscv as _;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

/// The clock of every tracer here.
pub use counter::CLOCK;
