//! What a storefront sells, at its own prices.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::OffersChanges;

use super::{
    application::Application,
    input::{change, id},
    noun::get,
    payload::{UserError, about, settle},
    plan::{Money, MoneyInput, Plan},
    storefront::Storefront,
};
use crate::context::{Request, request};

/// What a storefront sells, as GraphQL shows it.
pub(crate) struct StorefrontOffers(pub model::Offers);

/// What a storefront sells.
#[Object]
impl StorefrontOffers {
    /// These plans. Nothing: all of the provider's catalogue, at its prices.
    async fn plans(&self) -> Option<Vec<PlanOffer>> {
        let plans = self.0.plans.as_ref()?;
        Some(plans.iter().cloned().map(PlanOffer).collect())
    }

    /// These applications. Nothing: all of the provider's catalogue.
    async fn applications(&self, ctx: &Context<'_>) -> Result<Option<Vec<Application>>> {
        let Some(ids) = &self.0.application_ids else {
            return Ok(None);
        };
        let found = request(ctx).loaders.load_many(ids.iter().copied()).await?;
        let found = ids.iter().filter_map(|id| found.get(id));
        Ok(Some(found.cloned().map(Application).collect()))
    }
}

/// A plan at a storefront's own price, as GraphQL shows it.
pub(crate) struct PlanOffer(model::PlanOffer);

/// A plan at a storefront's own price.
#[Object]
impl PlanOffer {
    /// The plan.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Plan> {
        get(ctx, self.0.plan_id).await
    }

    /// What a month of it costs there.
    async fn price(&self) -> Money {
        Money::of(&self.0.price)
    }
}

/// A plan at a storefront's own price.
#[derive(InputObject)]
pub(crate) struct PlanOfferInput {
    /// The plan.
    plan_id: ID,
    /// What a month of it costs there.
    price: MoneyInput,
}

/// What a storefront sells from now on: what isn't given stays.
#[derive(InputObject)]
pub(crate) struct StorefrontOffersSetInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which storefront.
    storefront_id: ID,
    /// These plans and no others, 1 to 100. `null`: all of the provider's catalogue, at its prices.
    plans: MaybeUndefined<Vec<PlanOfferInput>>,
    /// These applications and no others, 1 to 100. `null`: all of the provider's catalogue.
    application_ids: MaybeUndefined<Vec<ID>>,
}

/// What `storefrontOffersSet` set, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct StorefrontOffersSetPayload {
    /// The storefront.
    storefront: Option<Storefront>,
    /// Why nothing was set.
    user_errors: Vec<UserError>,
}

/// Changes of what storefronts sell.
#[derive(Default)]
pub(crate) struct OfferMutation;

#[Object]
impl OfferMutation {
    /// Sets which applications and plans a storefront sells, and at which prices. What runs already goes
    /// on, at the price that it had. For the provider and its reseller.
    async fn storefront_offers_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it sells.")] input: StorefrontOffersSetInput,
    ) -> Result<StorefrontOffersSetPayload> {
        let (storefront, user_errors) = settle(set(request(ctx), input).await)?;
        Ok(StorefrontOffersSetPayload {
            storefront: storefront.map(Storefront),
            user_errors,
        })
    }
}

async fn set(
    request: &Request,
    input: StorefrontOffersSetInput,
) -> model::Result<model::Storefront> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let storefront_id = id("storefrontId", &input.storefront_id)?;
    let plans = change(input.plans).map(|plans| plans.map(offers).transpose());
    let applications =
        change(input.application_ids).map(|ids| ids.map(application_ids).transpose());
    let changes = OffersChanges {
        plans: plans.transpose()?,
        application_ids: applications.transpose()?,
    };
    let set = request
        .store
        .storefront_offers_set(&cx, storefront_id, changes);
    set.await.map_err(about("storefrontId"))
}

fn offers(given: Vec<PlanOfferInput>) -> model::Result<Vec<model::PlanOffer>> {
    let offers = given.into_iter().map(|offer| {
        Ok(model::PlanOffer {
            plan_id: id("plans", &offer.plan_id)?,
            price: offer.price.into(),
        })
    });
    offers.collect()
}

fn application_ids(given: Vec<ID>) -> model::Result<Vec<model::ApplicationId>> {
    given
        .iter()
        .map(|given| id("applicationIds", given))
        .collect()
}
