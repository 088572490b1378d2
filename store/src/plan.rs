//! Plans: sizes with prices.

use berth_model::{
    Error, Page, PageRequest, Plan, PlanCreate, PlanId, Result, TenantId, Timestamp, policy,
    policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::{
    Cx, Store, check,
    error::already_exists,
    idempotency::Begun,
    reads::{keyset, page_of, reads, row_read},
    schema::plans,
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
            price_minor: row.price_minor,
            currency: row.currency,
            created_at: row.created_at,
        })
    }
}

reads!("plan", CatalogueRead, plans, PlanRow => Plan, plan_get, plan_by_ids, PlanId);
row_read!("plan", plans, PlanRow => Plan, PlanId);

impl Store {
    /// The plans.
    pub async fn plan_list(&self, cx: &Cx, page: PageRequest) -> Result<Page<Plan>> {
        policy::check(&cx.actor, Action::CatalogueRead)?;
        let query = plans::table.select(PlanRow::as_select()).into_boxed();
        let query = keyset!(query, plans::id, page);
        page_of(self.rows(cx, query).await?, page)
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
    check::range(
        "priceMinor",
        input.price_minor,
        0,
        1_000_000_000_000,
        " minor units",
    )?;
    let code = input.currency.as_bytes();
    if code.len() == 3 && code.iter().all(u8::is_ascii_uppercase) {
        Ok(())
    } else {
        Err(Error::invalid(
            "currency",
            "Give a currency of ISO 4217, such as EUR.",
        ))
    }
}
