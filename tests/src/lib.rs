//! What the end-to-end tests share: Berth's processes, its API as a shop sees it, and a count of what
//! is on the machines against what the database says.
//!
//! The processes run a binary of this crate, `berth-under-test`: Berth itself with a hook at every
//! boundary between two steps, where a test can have it killed.

#![expect(
    clippy::unwrap_used,
    reason = "a test's help fails where it stands, as a test does"
)]

mod api;
mod count;
mod environment;
mod image;
mod lab;
mod machines;
mod process;
mod provision;
mod sandbox;
mod simulated;
mod wait;
mod world;

pub use api::{Api, fresh_uuid, global_uuid};
pub use count::differences;
pub use environment::{Credentials, Environment, binary, connect};
pub use image::image_facts;
pub use lab::{Lab, images};
pub use machines::{Listed, ListedGuest, Lister, SimulatedLister, VirshLister};
pub use process::{Process, ended_by_sigkill};
pub use provision::{Catalogue, MachineToEnroll, ProvisionPlan, provision};
pub use sandbox::{Sandbox, output};
pub use simulated::simulated;
pub use wait::until;
pub use world::{Settings, Worker, World};
