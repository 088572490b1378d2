//! Offers: what a storefront sells, at its own prices.

use std::collections::{BTreeSet, HashMap};

use berth_model::{
    ApplicationId, Change, Error, ErrorCode, Money, Offers, OffersChanges, PlanId, PlanOffer,
    Result, Storefront, StorefrontId, policy, policy::Action,
};
use diesel::{define_sql_function, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store,
    audit::own_tenant,
    check,
    error::internal,
    idempotency::Begun,
    plan::{price_check, shop_sells_plan},
    reads::uuids,
    schema::{application_offers, applications, plan_offers, plans},
    storefront::StorefrontRow,
    storefront_change,
    tx::Tx,
};

/// The most offers of each kind.
const OFFERS_MOST: usize = 100;

define_sql_function! {
    /// Whether the storefront that the transaction's scope buys from sells an application (migration 61).
    fn shop_sells_application(application: diesel::sql_types::Uuid) -> diesel::sql_types::Bool;
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = plan_offers)]
struct PlanOfferRow {
    storefront_id: Uuid,
    plan_id: Uuid,
    price_minor: i64,
    currency: String,
}

impl Store {
    /// What each of these storefronts sells, as far as the caller can see it.
    pub async fn offers_by_storefront_ids(
        &self,
        cx: &Cx,
        ids: &[StorefrontId],
    ) -> Result<HashMap<StorefrontId, Offers>> {
        policy::check(&cx.actor, Action::StorefrontRead)?;
        let plans = plan_offers::table
            .filter(plan_offers::storefront_id.eq_any(uuids(ids)))
            .filter(plan_offers::is_sold)
            .order(plan_offers::plan_id)
            .select(PlanOfferRow::as_select());
        let plans: Vec<PlanOfferRow> = self.rows(cx, plans).await?;
        let applications = application_offers::table
            .filter(application_offers::storefront_id.eq_any(uuids(ids)))
            .order(application_offers::application_id)
            .select((
                application_offers::storefront_id,
                application_offers::application_id,
            ));
        let applications: Vec<(Uuid, Uuid)> = self.rows(cx, applications).await?;
        let mut found: HashMap<StorefrontId, Offers> =
            ids.iter().map(|id| (*id, Offers::default())).collect();
        for row in plans {
            let offers = found.entry(row.storefront_id.into()).or_default();
            offers.plans.get_or_insert_default().push(PlanOffer {
                plan_id: row.plan_id.into(),
                price: Money {
                    minor: row.price_minor,
                    currency: row.currency,
                },
            });
        }
        for (storefront, application) in applications {
            let offers = found.entry(storefront.into()).or_default();
            let ids = offers.application_ids.get_or_insert_default();
            ids.push(application.into());
        }
        Ok(found)
    }

    /// Sets what a storefront sells from now on. What runs already goes on, at the price that it had.
    pub async fn storefront_offers_set(
        &self,
        cx: &Cx,
        id: StorefrontId,
        changes: OffersChanges,
    ) -> Result<Storefront> {
        policy::check(&cx.actor, Action::OfferWrite)?;
        changes_check(&changes)?;
        let mut tx = self.begin(cx).await?;
        let set = self
            .storefront_offers_set_in(&mut tx, cx, id, &changes)
            .await;
        tx.end(set).await
    }

    async fn storefront_offers_set_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        id: StorefrontId,
        changes: &OffersChanges,
    ) -> Result<Storefront> {
        const NAME: &str = "storefrontOffersSet";
        let owner = own_tenant(cx);
        storefront_change::lock(tx, id).await?;
        let input = (id, changes);
        let begun: Begun<StorefrontId> =
            self.idempotency_begin(tx, cx, owner, NAME, &input).await?;
        if let Begun::Fresh = begun {
            self.plan_offers_write(tx, id, &changes.plans).await?;
            application_offers_write(tx, id, &changes.application_ids).await?;
            self.mutation_end(tx, cx, owner, NAME, &id, id).await?;
        }
        StorefrontRow::read(tx, id).await
    }

    async fn plan_offers_write(
        &self,
        tx: &mut Tx,
        id: StorefrontId,
        change: &Change<Vec<PlanOffer>>,
    ) -> Result<()> {
        let before = plan_offers::table.filter(plan_offers::storefront_id.eq(id.0));
        let Some(Some(offers)) = change else {
            if change.is_some() {
                let removed = diesel::delete(before).execute(&mut **tx).await;
                removed.map_err(internal)?;
            }
            return Ok(());
        };
        let ids: Vec<PlanId> = offers.iter().map(|offer| offer.plan_id).collect();
        let known: i64 = plans::table
            .filter(plans::id.eq_any(uuids(&ids)))
            .count()
            .get_result(&mut **tx)
            .await
            .map_err(internal)?;
        all_known(known, ids.len(), "plan", "plans")?;
        // A price stays for what was bought at it.
        diesel::update(before)
            .set(plan_offers::is_sold.eq(false))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        for offer in offers {
            let values = (
                plan_offers::price_minor.eq(offer.price.minor),
                plan_offers::currency.eq(&offer.price.currency),
                plan_offers::is_sold.eq(true),
                plan_offers::updated_at.eq(self.clock.now()),
            );
            diesel::insert_into(plan_offers::table)
                .values((
                    plan_offers::storefront_id.eq(id.0),
                    plan_offers::plan_id.eq(offer.plan_id.0),
                    values,
                ))
                .on_conflict((plan_offers::storefront_id, plan_offers::plan_id))
                .do_update()
                .set(values)
                .execute(&mut **tx)
                .await
                .map_err(internal)?;
        }
        Ok(())
    }
}

async fn application_offers_write(
    tx: &mut Tx,
    id: StorefrontId,
    change: &Change<Vec<ApplicationId>>,
) -> Result<()> {
    let Some(offered) = change else {
        return Ok(());
    };
    let ids = offered.as_deref().unwrap_or_default();
    let known: i64 = applications::table
        .filter(applications::id.eq_any(uuids(ids)))
        .count()
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    all_known(known, ids.len(), "application", "applicationIds")?;
    let before = application_offers::table.filter(application_offers::storefront_id.eq(id.0));
    diesel::delete(before)
        .execute(&mut **tx)
        .await
        .map_err(internal)?;
    let rows: Vec<_> = ids
        .iter()
        .map(|application| {
            (
                application_offers::storefront_id.eq(id.0),
                application_offers::application_id.eq(application.0),
            )
        })
        .collect();
    diesel::insert_into(application_offers::table)
        .values(rows)
        .execute(&mut **tx)
        .await
        .map(drop)
        .map_err(internal)
}

fn all_known(known: i64, given: usize, noun: &'static str, field: &str) -> Result<()> {
    if usize::try_from(known).is_ok_and(|known| known == given) {
        Ok(())
    } else {
        Err(Error::not_found(noun).at(field))
    }
}

/// What can be told without the database.
fn changes_check(changes: &OffersChanges) -> Result<()> {
    if let Some(Some(offers)) = &changes.plans {
        count_check("plans", offers.len())?;
        let mut seen = BTreeSet::new();
        for offer in offers {
            price_check(offer.price.minor, &offer.price.currency)
                .map_err(|error| error.at("plans.price"))?;
            if !seen.insert(offer.plan_id) {
                return Err(Error::invalid("plans", "Give each plan once."));
            }
        }
    }
    if let Some(Some(ids)) = &changes.application_ids {
        count_check("applicationIds", ids.len())?;
        if ids.iter().collect::<BTreeSet<_>>().len() < ids.len() {
            return Err(Error::invalid(
                "applicationIds",
                "Give each application once.",
            ));
        }
    }
    Ok(())
}

/// An empty list could be meant as nothing or as everything.
fn count_check(field: &str, count: usize) -> Result<()> {
    let unit = " offers, or null to sell all of the catalogue";
    check::range(field, count, 1, OFFERS_MOST, unit)
}

/// `NOT_OFFERED` if the storefront that the caller buys from doesn't sell this plan.
pub(crate) async fn plan_sold(tx: &mut Tx, id: PlanId) -> Result<()> {
    let sold: bool = diesel::select(shop_sells_plan(id.0))
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    sold.then_some(()).ok_or_else(|| {
        let text = "The storefront doesn't sell this plan. Choose another.";
        Error::new(ErrorCode::NotOffered, text).at("planId")
    })
}

/// The same of an application.
pub(crate) async fn application_sold(tx: &mut Tx, id: ApplicationId) -> Result<()> {
    let sold: bool = diesel::select(shop_sells_application(id.0))
        .get_result(&mut **tx)
        .await
        .map_err(internal)?;
    sold.then_some(()).ok_or_else(|| {
        let text = "The storefront doesn't sell this application. Choose another.";
        Error::new(ErrorCode::NotOffered, text).at("applicationVersionId")
    })
}
