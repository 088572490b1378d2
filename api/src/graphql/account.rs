//! Accounts: people.

use async_graphql::{ID, Object};
use berth_model::Timestamp;

use super::{
    noun::{global, noun},
    scalars::EmailAddress,
};

noun!(Account, AccountId);

/// A person. The same account can be a member of several tenants.
#[Object]
impl Account {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Where notices go.
    async fn email(&self) -> EmailAddress {
        EmailAddress::of(&self.0.email)
    }

    /// The person's name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
