//! What real backends answer, and whether ours answers the same.

pub mod ask;
pub mod normal;
pub mod pretty;
pub mod record;
pub mod world;
