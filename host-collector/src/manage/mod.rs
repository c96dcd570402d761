//! What a person does with a store from a terminal: `spandrel store` and `spandrel import`.

mod command;
mod import;

pub use command::{Place, StoreCommand, manage};
pub use import::{Import, ImportError, import};
