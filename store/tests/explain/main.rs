//! The plans of the hot queries, as golden files: the statements are caught on their way to
//! PostgreSQL, and explained in the scope that they ran in, on a database with some thousand rows.
//!
//! A binary of its own: the catching is for the whole process.

#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

mod audit;
mod caught;
mod hot;
mod thousand;
