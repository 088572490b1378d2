//! Offers: what a storefront sells, at its own prices.

use serde::Serialize;

use crate::{ApplicationId, Change, Money, PlanId};

/// A plan at a storefront's own price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlanOffer {
    /// The plan.
    pub plan_id: PlanId,
    /// What it costs there, for a month.
    pub price: Money,
}

/// What a storefront sells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// These plans, in the order of their ids; none: all of the catalogue at its prices.
    pub plans: Option<Vec<PlanOffer>>,
    /// These applications, in the order of their ids; none: all of the catalogue.
    pub application_ids: Option<Vec<ApplicationId>>,
}

/// What `storefrontOffersSet` takes: what isn't given stays, and what is removed is all of the
/// catalogue again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OffersChanges {
    /// 1 to 100, each plan once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plans: Change<Vec<PlanOffer>>,
    /// 1 to 100, each once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_ids: Change<Vec<ApplicationId>>,
}
