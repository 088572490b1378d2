//! The platform's rows in the engine: decisions on facts, tried on many fleets and beside a plain
//! check.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod counters;
mod failures;
mod grow;
mod outlook;
mod transits;
mod world;
