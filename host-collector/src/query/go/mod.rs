//! Numbers, durations and times as Go reads them, with Go's errors: what Jaeger's clients are used to.

mod duration;
mod number;
mod text;
mod time;

pub use duration::{duration, shown as shown_duration};
pub use number::{atoi, bool as boolean, float, hex, int};
pub use text::{quoted, string_map};
pub use time::rfc3339;
