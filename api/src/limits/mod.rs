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

use berth_model::{Error, ErrorCode, Message, Result, message};

/// A limit was reached: which, and its value.
fn exceeded(message: Message) -> Error {
    Error::new(ErrorCode::LimitExceeded, message)
}

/// Refuses a count over its limit.
fn within(count: usize, limit: usize, noun: &str) -> Result<()> {
    if count > limit {
        Err(exceeded(message!(
            "This request has {count} {noun}. The limit is {limit}. Ask for less, or in several requests.",
            count,
            noun,
            limit
        )))
    } else {
        Ok(())
    }
}
