//! What is wrong with a configuration, said so that it can be set right.

use super::Origin;
use core::fmt::{self, Display, Formatter};
use std::io::{self, Write};

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was said.
    pub origin: Origin,
    /// What is wrong with it, and what to do.
    pub what: String,
}

impl Display for Problem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.what)
    }
}

/// Why there is no configuration.
#[derive(Debug)]
pub enum Failure {
    /// What is wrong with the file or the environment.
    Problems(Vec<Problem>),
    /// What is wrong with all of it together, or a request for help; and where options that are named
    /// there come from if not from the command line.
    Usage(Box<clap::Error>, Vec<String>),
}

impl Failure {
    /// What a shell is told: 2 for what the user has to set right, 0 for help.
    #[must_use]
    pub fn status(&self) -> u8 {
        match self {
            Self::Usage(error, _) if !error.use_stderr() => 0,
            _ => 2,
        }
    }

    /// Prints it, in colour where there is a terminal.
    ///
    /// # Errors
    /// Nobody reads what is printed.
    pub fn print(&self) -> io::Result<()> {
        match self {
            Self::Usage(error, notes) => {
                error.print()?;
                notes.iter().try_for_each(|note| writeln!(io::stderr().lock(), "{note}"))
            }
            Self::Problems(problems) => {
                let mut to = io::stderr().lock();
                problems.iter().try_for_each(|problem| writeln!(to, "error: {problem}"))
            }
        }
    }
}
