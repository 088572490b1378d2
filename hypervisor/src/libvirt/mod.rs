//! A real machine, through libvirt (`virt` and `virt-sys`; LGPL-2.1, linked dynamically).
//!
//! libvirt's calls block and can't be cancelled. So each machine has a few threads of its own
//! (`calls`), each call has a time limit, and a call that doesn't return keeps only its own thread
//! and connection. One thread in the process runs libvirt's event loop, which keepalives and events
//! need (`event_loop`). All `unsafe` code is in `raw`.

mod calls;
mod config;
mod console;
mod copy;
mod error;
mod event_loop;
mod events;
mod facts;
mod guests;
mod machine;
mod moves;
mod peer;
mod raw;
mod transfer;
mod volumes;
mod watch;

pub use calls::metrics_describe;
pub use config::LibvirtConfig;
pub use machine::LibvirtMachine;
