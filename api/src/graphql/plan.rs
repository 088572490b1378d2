//! Plans: sizes with prices.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Hosting, PlanId, Timestamp};

use super::{
    input::bytes,
    noun::{global, noun},
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
    scalars::{BigInt, Bytes},
    states::State,
};
use crate::context::{Request, request};

noun!(Plan, PlanId);

/// A size and a price.
#[Object]
impl Plan {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// A short name for addresses and scripts, unique.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What a deployment of it lives in.
    async fn hosting(&self) -> State<Hosting> {
        State(self.0.hosting)
    }

    /// Memory.
    async fn memory_bytes(&self) -> Bytes {
        Bytes(self.0.memory_bytes)
    }

    /// Virtual CPUs.
    async fn vcpus(&self) -> i32 {
        self.0.vcpus
    }

    /// The data volume.
    async fn data_bytes(&self) -> Bytes {
        Bytes(self.0.data_bytes)
    }

    /// What a month of it costs: the price of the storefront that the caller buys from, or the
    /// catalogue's where that has none of its own. Nothing: it never sold this plan.
    async fn price(&self) -> Option<Money> {
        self.0.price.as_ref().map(Money::of)
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// An amount of money.
#[derive(SimpleObject)]
pub(crate) struct Money {
    /// In the currency's minor unit: cents of a euro.
    minor: BigInt,
    /// ISO 4217, such as `EUR`.
    currency: String,
}

impl Money {
    /// As GraphQL shows it.
    pub fn of(money: &model::Money) -> Self {
        Self {
            minor: BigInt(money.minor),
            currency: money.currency.clone(),
        }
    }
}

/// An amount of money.
#[derive(InputObject)]
pub(crate) struct MoneyInput {
    /// In the currency's minor unit: cents of a euro.
    minor: BigInt,
    /// ISO 4217, such as `EUR`.
    currency: String,
}

impl From<MoneyInput> for model::Money {
    fn from(input: MoneyInput) -> Self {
        Self {
            minor: input.minor.0,
            currency: input.currency,
        }
    }
}

/// A new plan.
#[derive(InputObject)]
pub(crate) struct PlanCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// `^[a-z][a-z0-9-]{1,39}$`, unique.
    slug: String,
    /// For people, 1 to 100 characters.
    name: String,
    /// What a deployment of it lives in.
    hosting: State<Hosting>,
    /// Memory.
    memory_bytes: Bytes,
    /// Virtual CPUs.
    vcpus: i32,
    /// The data volume.
    data_bytes: Bytes,
    /// Price for a month.
    price: MoneyInput,
}

/// What `planCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct PlanCreatePayload {
    /// The plan.
    plan: Option<Plan>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Questions about plans.
#[derive(Default)]
pub(crate) struct PlanQuery;

#[Object]
impl PlanQuery {
    /// The plans that the caller can buy: its storefront's, or all of the catalogue.
    async fn plans(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Plan>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<PlanId>()?;
        let found = request.store.plan_list(&request.cx, page).await?;
        Ok(connection(page, found))
    }
}

/// Changes of plans.
#[derive(Default)]
pub(crate) struct PlanMutation;

#[Object]
impl PlanMutation {
    /// Makes a plan. For the provider.
    async fn plan_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new plan.")] input: PlanCreateInput,
    ) -> Result<PlanCreatePayload> {
        let (plan, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(PlanCreatePayload {
            plan: plan.map(Plan),
            user_errors,
        })
    }
}

async fn create(request: &Request, input: PlanCreateInput) -> model::Result<model::Plan> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::PlanCreate {
        slug: input.slug,
        name: input.name,
        hosting: input.hosting.0,
        memory_bytes: bytes("memoryBytes", input.memory_bytes)?,
        vcpus: input.vcpus,
        data_bytes: bytes("dataBytes", input.data_bytes)?,
        price_minor: input.price.minor.0,
        currency: input.price.currency,
    };
    // The store knows the price's two halves by their columns.
    request
        .store
        .plan_create(&cx, create)
        .await
        .map_err(|error| match error.field() {
            Some("priceMinor") => error.at("price.minor"),
            Some("currency") => error.at("price.currency"),
            _ => error,
        })
}
