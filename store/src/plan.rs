//! Plans: sizes with prices.

use std::collections::HashMap;

use berth_model::{
    Error, Money, Page, PageRequest, Plan, PlanCreate, PlanId, Result, TenantId, Timestamp, policy,
    policy::Action,
};
use diesel::{define_sql_function, prelude::*};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, row_read, uuids},
    schema::{plan_offers, plans},
    tx::Tx,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = plans)]
pub(crate) struct PlanRow {
    id: Uuid,
    slug: String,
    name: String,
    hosting: String,
    memory_bytes: i64,
    vcpus: i32,
    data_bytes: i64,
    price_minor: i64,
    currency: String,
    created_at: Timestamp,
}

impl TryFrom<PlanRow> for Plan {
    type Error = Error;

    fn try_from(row: PlanRow) -> Result<Self> {
        Ok(Self {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            hosting: row.hosting.parse()?,
            memory_bytes: row.memory_bytes,
            vcpus: row.vcpus,
            data_bytes: row.data_bytes,
            price: Some(Money {
                minor: row.price_minor,
                currency: row.currency,
            }),
            created_at: row.created_at,
        })
    }
}

define_sql_function! {
    /// Whether the storefront that the transaction's scope buys from sells a plan (migration 61).
    fn shop_sells_plan(plan: diesel::sql_types::Uuid) -> diesel::sql_types::Bool;
}

define_sql_function! {
    /// The storefront that the transaction's scope buys from; null: the provider.
    fn shop_id() -> diesel::sql_types::Nullable<diesel::sql_types::Uuid>;
}

/// A storefront's own price.
#[derive(Queryable, Selectable)]
#[diesel(table_name = plan_offers)]
struct PriceRow {
    price_minor: i64,
    currency: String,
}

/// A plan as a caller sees it: with the price of the storefront that it buys from, and whether that
/// sells it.
struct SeenRow(PlanRow, Option<PriceRow>, bool);

impl From<(PlanRow, Option<PriceRow>, bool)> for SeenRow {
    fn from((plan, price, is_sold): (PlanRow, Option<PriceRow>, bool)) -> Self {
        Self(plan, price, is_sold)
    }
}

impl TryFrom<SeenRow> for Plan {
    type Error = Error;

    fn try_from(SeenRow(row, price, is_sold): SeenRow) -> Result<Self> {
        let mut plan = Self::try_from(row)?;
        match price {
            Some(own) => {
                plan.price = Some(Money {
                    minor: own.price_minor,
                    currency: own.currency,
                });
            }
            None if is_sold => {}
            // The catalogue's price is none of the customers' business then.
            None => plan.price = None,
        }
        Ok(plan)
    }
}

/// Plans with what [`SeenRow`] needs.
macro_rules! seen {
    () => {
        plans::table
            .left_join(
                plan_offers::table.on(plan_offers::plan_id
                    .eq(plans::id)
                    .and(plan_offers::storefront_id.nullable().eq(shop_id()))),
            )
            .select((
                PlanRow::as_select(),
                Option::<PriceRow>::as_select(),
                shop_sells_plan(plans::id),
            ))
    };
}

row_read!("plan", plans, PlanRow => Plan, PlanId);

impl Store {
    /// The plans that the caller can buy: its storefront's, or all of the catalogue.
    pub async fn plan_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Plan>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = seen!().filter(shop_sells_plan(plans::id)).into_boxed();
        let query = keyset!(query, plans::id, page);
        let rows: Vec<(PlanRow, Option<PriceRow>, bool)> = self.rows(cx, query).await?;
        page_of(rows.into_iter().map(SeenRow::from).collect(), page)
    }

    /// The plan; `NOT_FOUND` when the caller can't see it. One that its storefront sells no more is
    /// still what some things run on.
    pub async fn plan_get(&self, cx: &Cx, id: PlanId) -> Result<Plan> {
        let found = self.plan_by_ids(cx, &[id]).await?.remove(&id);
        found.ok_or_else(|| Error::not_found("plan"))
    }

    /// Each plan of these ids that the caller can see, by its id.
    pub async fn plan_by_ids(&self, cx: &Cx, ids: &[PlanId]) -> Result<HashMap<PlanId, Plan>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = seen!().filter(plans::id.eq_any(uuids(ids)));
        let rows: Vec<(PlanRow, Option<PriceRow>, bool)> = self.rows(cx, query).await?;
        let plans = rows
            .into_iter()
            .map(|row| Plan::try_from(SeenRow::from(row)));
        plans.map(|plan| plan.map(|plan| (plan.id, plan))).collect()
    }

    /// Makes a plan.
    pub async fn plan_create(&self, cx: &Cx, input: PlanCreate) -> Result<Plan> {
        policy::check(&cx.actor, Action::CatalogueWrite)?;
        plan_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.plan_create_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn plan_create_in(&self, tx: &mut Tx, cx: &Cx, input: &PlanCreate) -> Result<Plan> {
        const NAME: &str = "planCreate";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            return PlanRow::read(tx, id).await;
        }
        let id: PlanId = self.ids.next();
        diesel::insert_into(plans::table)
            .values((
                plans::id.eq(id.0),
                plans::slug.eq(&input.slug),
                plans::name.eq(&input.name),
                plans::hosting.eq(input.hosting.as_str()),
                plans::memory_bytes.eq(input.memory_bytes),
                plans::vcpus.eq(input.vcpus),
                plans::data_bytes.eq(input.data_bytes),
                plans::price_minor.eq(input.price_minor),
                plans::currency.eq(&input.currency),
                plans::created_at.eq(self.clock.now()),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[(
                "plans_slug_key",
                "slug",
                "There is a plan of this slug. Choose another.",
            )]))?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        PlanRow::read(tx, id).await
    }
}

fn plan_check(input: &PlanCreate) -> Result<()> {
    check::slug("slug", &input.slug)?;
    check::text("name", &input.name, 100)?;
    check::size(
        "memoryBytes",
        "dataBytes",
        input.memory_bytes,
        input.data_bytes,
    )?;
    check::range("vcpus", input.vcpus, 1, check::VCPUS_MOST, "")?;
    price_check(input.price_minor, &input.currency)
}

/// Of a month; errors name `priceMinor` or `currency`.
pub(crate) fn price_check(minor: i64, currency: &str) -> Result<()> {
    check::range("priceMinor", minor, 0, 1_000_000_000_000, " minor units")?;
    let code = currency.as_bytes();
    if code.len() == 3 && code.iter().all(u8::is_ascii_uppercase) {
        Ok(())
    } else {
        Err(Error::invalid(
            "currency",
            "Give a currency of ISO 4217, such as EUR.",
        ))
    }
}
