//! What real backends answer, and whether ours answers the same.

pub mod ask;
pub mod call;
mod cases;
pub mod normal;
pub mod pretty;
pub mod recorded;
pub mod run;
mod stage;
pub mod world;
