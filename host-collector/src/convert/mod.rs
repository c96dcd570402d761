//! `spandrel convert`: traces of one format made into those of another.
//!
//! What a file holds is told by its content ([`read`]); all of it becomes one [`Chunk`](crate::model::Chunk),
//! of which any format is made ([`Format::write`]).

mod command;
mod input;
mod output;
#[cfg(test)]
mod tests;

pub use command::{Convert, ConvertError, convert};
pub use input::{InputError, LARGEST, read};
pub use output::Format;

pub(crate) use command::load;
pub(crate) use output::pieces;
