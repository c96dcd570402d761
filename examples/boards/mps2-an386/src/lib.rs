//! What an example needs of QEMU's mps2-an386 (Cortex-M4, 25 MHz): so that the example itself holds
//! nothing but what it shows.
#![no_std]

pub mod args;
pub mod console;
pub mod cycles;
pub mod executor;
mod faults;
pub mod guest;
pub mod interrupts;
pub mod lan9118;
pub mod net;
mod registers;
mod time_driver;
pub mod timer;
pub mod tracing;
pub mod uart;

pub use args::Args;
pub use console::exit;
pub use executor::run;
