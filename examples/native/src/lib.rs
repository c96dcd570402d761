//! What the three services need of a host, so that each program holds nothing but its names.

mod args;
mod process;

pub use args::Args;
pub use process::{PLATFORM, Process, start_reporter};
