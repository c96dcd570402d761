//! What real backends answer, and whether ours answers the same.

pub mod ask;
pub mod call;
mod cases;
mod compare;
pub mod differ;
pub mod normal;
mod ours;
pub mod pretty;
pub mod recorded;
pub mod run;
mod stage;
pub mod world;
