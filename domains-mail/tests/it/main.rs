//! Postmen on a real PostgreSQL, talking to a mail server on this machine.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod logs;
mod postman;
mod server;
mod world;
