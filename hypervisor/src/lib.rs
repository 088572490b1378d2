//! Machines, volumes and guests. Knows no database.
//!
//! [`Hypervisor`] is one machine as Berth uses it. `libvirt` implements it for real machines, the
//! [`simulator`] for tests, sandboxes and faults that can't be had otherwise; both pass the same
//! contract tests. Every call looks at the world first and does only what is missing, so that each
//! can be repeated after a crash or a time limit.

mod guest;
mod hypervisor;
#[cfg(feature = "libvirt")]
pub mod libvirt;
mod moves;
mod probe;
mod seed;
pub mod simulator;
mod volume;
#[cfg(feature = "libvirt")]
mod xml;

pub use guest::{
    Disk, GuestEvent, GuestFacts, GuestNetwork, GuestPower, GuestSpec, Health, MachineFacts,
    ProbeTarget,
};
pub use hypervisor::Hypervisor;
#[cfg(feature = "libvirt")]
pub use libvirt::{LibvirtConfig, LibvirtMachine};
pub use moves::{MoveProgress, MoveTarget};
pub use probe::Prober;
pub use seed::{
    CONTRACT, Seed, SeedAdministrator, SeedDataVolume, SeedDeployment, SeedHttp, SeedNetwork,
    SeedSecret, SeedVirtualMachine, seed_image, seed_read,
};
pub use simulator::{SimulatedMachine, SimulatorConfig};
pub use volume::{PoolFacts, VolumeFacts, VolumeFormat, VolumeSource, VolumeSpec};
