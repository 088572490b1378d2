//! Limits: of a document's shape, which need no database, and of its cost.

mod bucket;
mod cost;
mod counts;
mod nesting;
mod shape;
mod types;

pub(crate) use bucket::{BucketKey, Buckets};
pub(crate) use cost::Cost;
pub(crate) use nesting::nesting_check;
pub(crate) use shape::shape_check;
pub(crate) use types::Types;

use berth_model::{Error, ErrorCode, Result};

/// A limit was reached: which, and its value.
fn exceeded(what: &str, limit: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::LimitExceeded,
        format!(
            "This request has {what}. The limit is {limit}. Ask for less, or in several requests."
        ),
    )
}

/// Refuses a count over its limit.
fn within(count: usize, limit: usize, what: &str) -> Result<()> {
    if count > limit {
        Err(exceeded(&format!("{count} {what}"), limit))
    } else {
        Ok(())
    }
}
