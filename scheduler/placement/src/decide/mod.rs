//! Decisions.

mod choose;
mod explain;
mod glance;
mod place;
mod ranks;
mod relax;
mod tree;

pub(crate) use explain::Company;
pub use explain::Explained;
pub use place::{Placed, Refused};
pub(crate) use ranks::Ranks;
pub use relax::Relaxation;
