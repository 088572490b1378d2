//! Keyset pages.

use uuid::Uuid;

/// Which page of a list. Lists are in the order of their ids: UUIDv7, so by age, and stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// How many, at most.
    pub limit: i64,
    /// Only what comes after this id (before it, if `backward`).
    pub after: Option<Uuid>,
    /// From the end: `last`/`before`.
    pub backward: bool,
}

impl PageRequest {
    /// The first `limit`.
    #[must_use]
    pub const fn first(limit: i64) -> Self {
        Self {
            limit,
            after: None,
            backward: false,
        }
    }
}

/// A page, always in ascending order of ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Whether there are more in the direction that was asked for.
    pub has_more: bool,
}
