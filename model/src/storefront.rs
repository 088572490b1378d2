//! Storefronts.

use crate::{Brand, DomainName, Locale, StorefrontId, Timestamp};

/// A shop under its own brand, which orders for the operators who sign up there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storefront {
    /// Its id.
    pub id: StorefrontId,
    /// What it shows of itself.
    pub brand: Brand,
    /// The language of those who chose none.
    pub locale: Locale,
    /// Under which its pages show; none: under the API's own.
    pub host: Option<DomainName>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Storefront {
    /// Where its pages are: on its own host, or under the API's (`public_url`, without a slash at the
    /// end). No slash at the end.
    #[must_use]
    pub fn pages_url(&self, public_url: &str) -> String {
        match &self.host {
            Some(host) => format!("https://{host}"),
            None => format!("{public_url}/s/{}", self.id),
        }
    }
}
