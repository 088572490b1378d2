//! A simulated machine: a model of libvirt's rules and of guests that keep the guest contract.
//!
//! It lives in one file that is replaced under a lock, so that several processes share it and none
//! that is killed can harm it. Machines of one folder can reach each other: a guest moves from one
//! file to the other, and a process that is killed on the way leaves it on exactly one. Time is the
//! clock's: nothing happens between two calls, but each call first brings the model to the present
//! ([`SimulatorState`] is what then is). Faults are switched on in the file, for the sandbox and
//! for tests of what can't be had on a real machine.

mod boot;
mod calls;
mod config;
mod faults;
mod file;
mod guests;
mod hold;
mod machine;
mod moves;
mod pair;
mod state;
mod upload;
mod volumes;
mod watch;

pub use config::SimulatorConfig;
pub use faults::{Faults, GuestFault};
pub use machine::SimulatedMachine;
pub use state::{
    SimulatedArrival, SimulatedData, SimulatedGuest, SimulatedMove, SimulatedPower,
    SimulatedUpload, SimulatedVolume, SimulatorState,
};
