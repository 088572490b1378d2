//! Decisions.

mod choose;
mod explain;
mod glance;
mod merit;
mod missing;
mod place;
mod ranks;
mod reason;
mod relax;
mod tree;

pub(crate) use explain::Company;
pub use explain::Explained;
pub use merit::Merit;
pub use place::{Placed, Refused};
pub(crate) use ranks::Ranks;
pub use reason::Reason;
pub use relax::Relaxation;
