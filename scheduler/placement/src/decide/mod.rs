//! Decisions.

mod choose;
mod explain;
mod place;
mod relax;

pub use explain::Explained;
pub use place::{Placed, Refused};
pub use relax::Relaxation;
