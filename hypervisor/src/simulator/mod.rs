//! A simulated machine: a model of libvirt's rules and of guests that keep the guest contract.
//!
//! It lives in one file that is replaced under a lock, so that several processes share it and none
//! that is killed can harm it. Time is the clock's: nothing happens between two calls, but each
//! call first brings the model to the present ([`SimulatorState`] is what then is). Faults are
//! switched on in the file, for the sandbox and for tests of what can't be had on a real machine.

mod boot;
mod config;
mod faults;
mod file;
mod guests;
mod machine;
mod state;
mod upload;
mod volumes;
mod watch;

pub use config::SimulatorConfig;
pub use faults::{Faults, GuestFault};
pub use machine::SimulatedMachine;
pub use state::{
    SimulatedData, SimulatedGuest, SimulatedPower, SimulatedUpload, SimulatedVolume, SimulatorState,
};
