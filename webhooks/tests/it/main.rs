//! Couriers on a real PostgreSQL, sending to real HTTP servers on this machine.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod deliver;
mod destinations;
mod lanes;
mod measured;
mod retry_after;
mod server;
mod tls;
mod world;
