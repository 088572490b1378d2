//! What happens when machines fail: for everything that is to be restarted a place is known and
//! kept, and this is how it is found. See `docs/placement.md`.

mod after;
mod arrange;
mod backup;
mod near;
mod protect;
mod recover;
mod survives;

pub(crate) use after::After;
pub(crate) use backup::Hosted;
pub use survives::{Lost, Survival};
