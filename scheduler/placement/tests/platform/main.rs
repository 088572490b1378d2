//! The platform's rows in the engine: decisions on facts, tried on many fleets and beside a plain
//! check.

mod counters;
mod failures;
mod grow;
mod outlook;
mod world;
