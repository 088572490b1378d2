//! The one binary: command line, configuration, wiring of the roles, sandbox and demo.
//!
//! `demo`, `provision` and the seeding of the sandbox speak the public API alone, through `client`:
//! what they can do, every storefront and provider can do.

pub mod cli;
mod client;
mod command;
pub mod config;
mod demo;
mod failure;
pub mod image;
mod output;
mod process;
mod provision;
mod sandbox;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
