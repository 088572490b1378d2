//! What refuses a machine, and what makes one better than another.

mod frame;
mod refusal;
mod room;
mod score;

pub(crate) use frame::{Frame, class_refusals};
pub use refusal::Refusal;
pub(crate) use room::nodes_pick;
