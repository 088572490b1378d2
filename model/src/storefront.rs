//! Storefronts.

use crate::{StorefrontId, Timestamp};

/// A shop under its own brand, which orders for the operators who sign up there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storefront {
    /// Its id.
    pub id: StorefrontId,
    /// For people.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}
