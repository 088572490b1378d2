//! Accounts: people, each in a realm.

use uuid::Uuid;

use crate::{AccountId, EmailAddress, Locale, StorefrontId, TenantId, Timestamp};

/// Whose accounts: a storefront's, or the provider's own. An e-mail address is one account in it. In
/// SQL it is `realm_id`, the storefront's key or the platform tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct Realm(pub Option<StorefrontId>);

impl Realm {
    /// The provider's own.
    pub const PROVIDER: Self = Self(None);

    /// As the database keeps it.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0.map_or(TenantId::PLATFORM.0, |id| id.0)
    }
}

impl From<Uuid> for Realm {
    fn from(uuid: Uuid) -> Self {
        Self((uuid != TenantId::PLATFORM.0).then_some(StorefrontId(uuid)))
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where it signs in.
    pub realm: Realm,
    /// Where notices go.
    pub email: EmailAddress,
    /// For people.
    pub name: String,
    /// The language it reads, if it chose one.
    pub locale: Option<Locale>,
    /// When it was made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_is_read_as_it_is_written() {
        for realm in [Realm::PROVIDER, Realm(Some(StorefrontId(Uuid::max())))] {
            assert_eq!(Realm::from(realm.uuid()), realm);
        }
    }
}
