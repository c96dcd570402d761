//! What of spans is left out before anybody keeps them, and how much a source may send.
//!
//! [`Rules`] are plain functions over a [`Chunk`](crate::model::Chunk): whole spans are dropped, values of attributes redacted,
//! and both counted. What no rule concerns stays as it came, to the byte.
//!
//! ```text
//! drop = ["service=web and operation=GET /health*", "http.route=/metrics"]
//! redact = ["user.email=hash", "*.token=remove", "password"]
//! ```

mod apply;
mod condition;
mod limit;
mod options;
mod pattern;
mod redaction;
mod ruled;

pub use apply::{Applied, Rules};
pub use condition::{Conditions, ConditionsError};
pub use limit::{MOST_SOURCES, SourceLimit};
pub use options::{Options, RulesError};
pub use redaction::{Redaction, RedactionError};
pub use ruled::{Counts, Ruled};

#[cfg(test)]
mod tests;
