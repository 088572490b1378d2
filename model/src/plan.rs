//! Plans: sizes with prices.

use serde::Serialize;

use crate::{PlanId, Timestamp, states::states};

states! {
    /// What a deployment lives in.
    pub enum Hosting {
        /// A virtual machine of its own.
        Own = "OWN",
        /// A virtual machine that the tenant's shared deployments of one image live in together. It has the
        /// sum of their plans' sizes.
        Shared = "SHARED",
    }
}

/// An amount of money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Money {
    /// In minor units of the currency: cents of a euro.
    pub minor: i64,
    /// ISO 4217.
    pub currency: String,
}

/// A size and a price for a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its id.
    pub id: PlanId,
    /// `^[a-z][a-z0-9-]{1,39}$`, unique.
    pub slug: String,
    /// For people.
    pub name: String,
    /// What a deployment of it lives in.
    pub hosting: Hosting,
    /// Memory, in bytes.
    pub memory_bytes: i64,
    /// Virtual CPUs.
    pub vcpus: i32,
    /// The data volume, in bytes.
    pub data_bytes: i64,
    /// What a month of it costs whoever asks: their storefront's price, or the catalogue's. None: their
    /// storefront never sold it.
    pub price: Option<Money>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What `planCreate` takes; the fields are [`Plan`]'s, with the catalogue's price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of Plan")]
pub struct PlanCreate {
    pub slug: String,
    pub name: String,
    pub hosting: Hosting,
    pub memory_bytes: i64,
    pub vcpus: i32,
    pub data_bytes: i64,
    pub price_minor: i64,
    pub currency: String,
}
