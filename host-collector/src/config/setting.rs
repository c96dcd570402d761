//! What a layer says of a key, and which layer it was.

use core::fmt::{self, Display, Formatter};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A file.
    File {
        /// The file.
        path: Arc<PathBuf>,
        /// The line, from 1 on.
        line: usize,
    },
    /// A variable of the environment.
    Environment(String),
    /// The command line.
    CommandLine(String),
}

impl Origin {
    /// The heavier wins.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Environment(_) => 2,
            Self::CommandLine(_) => 3,
        }
    }
}

impl Display for Origin {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => f.write_str(name),
            Self::CommandLine(option) => write!(f, "--{option}"),
        }
    }
}

/// What one layer says of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    /// What clap calls the option.
    pub(super) id: String,
    /// The values as the command line has them; of a switch, whether it is given there.
    pub(super) values: Values,
    pub(super) origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// Whether the option is given.
    Given(bool),
    /// Its values, each with where it comes from.
    Words(Vec<(OsString, Origin)>),
}
