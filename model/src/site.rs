//! Sites and racks.

use crate::{RackId, SiteId, Timestamp};

/// A place with layer-2 networks that all of its machines are on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// For people; unique.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Machines that fail together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rack {
    /// Its id.
    pub id: RackId,
    /// In which site.
    pub site_id: SiteId,
    /// For people; unique in its site.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
}
