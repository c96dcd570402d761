//! How an attempt to send went.

use core::time::Duration;

/// What came of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server took it, but for `rejected` spans.
    Delivered {
        /// Spans that it refused for good.
        rejected: u64,
        /// What it has to say.
        message: String,
    },
    /// It may go better later, whatever is in the request: the server is not there, or says so.
    Later {
        /// What went wrong.
        why: String,
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// It may go better later, unless it is the request that breaks the server.
    Broken {
        /// What went wrong.
        why: String,
    },
    /// It is too long for the server; parts of it may not be.
    TooLong {
        /// What the server says.
        why: String,
    },
    /// It will never go better.
    Refused {
        /// What the server does not like.
        why: String,
    },
}
