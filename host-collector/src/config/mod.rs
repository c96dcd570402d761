//! The configuration: a TOML file, the environment and the command line, in growing weight.
//!
//! Whatever option of the command line stands under a heading is a key of the file and a variable of
//! the environment, too ([`Keys`]). So an option is declared once, where clap reads it. The layers below
//! the command line become words of it, so that one parser judges all of them ([`load`]).

pub mod dirs;
mod environment;
mod file;
mod key;
mod layers;
mod line;
mod load;
mod page;
mod problem;
mod setting;
mod show;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use environment::Environment;
pub use key::{Key, Keys, Kind};
pub use load::{Loaded, load};
pub use page::table;
pub use problem::{Failure, Problem};
pub use setting::Origin;
pub use show::Effective;
