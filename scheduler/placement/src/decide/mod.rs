//! Decisions.

mod choose;
mod explain;
mod glance;
mod place;
mod relax;

pub(crate) use explain::Company;
pub use explain::Explained;
pub use place::{Placed, Refused};
pub use relax::Relaxation;
