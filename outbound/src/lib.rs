//! Requests to hosts that strangers name. A name says nothing about where it leads, so it is looked up by
//! us for each connection, and nothing is connected to but an address that was checked.

mod bounds;
mod client;
mod names;

pub use bounds::{Bounds, Outside};
pub use client::{ClientConfig, client};
pub use names::{Names, SystemNames, Unreachable, checked};
