//! Support grants: how the provider's people act for a tenant.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Role, SupportGrantCreate, Timestamp};
use berth_store::IssuedToken;

use super::{
    input::id,
    noun::{get, global, noun},
    payload::{UserError, about, settle},
    states::State,
    tenant::Tenant,
};
use crate::context::{Request, request};

noun!(SupportGrant, SupportGrantId);

/// One of the provider's people may act for a tenant, for a while. It is kept when it is over, so that
/// the tenant can see who was there, and why; what they did is in the tenant's audit log.
#[Object]
impl SupportGrant {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// For which tenant.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        get(ctx, self.0.tenant_id).await
    }

    /// Who: a name.
    async fn staff_name(&self) -> &str {
        &self.0.staff_name
    }

    /// As what.
    async fn role(&self) -> State<Role> {
        State(self.0.role)
    }

    /// Why, as they wrote it.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Since when.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Until when at most.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }

    /// When it was ended before that.
    async fn ended_at(&self) -> Option<Timestamp> {
        self.0.ended_at
    }
}

/// A new support grant.
#[derive(InputObject)]
pub(crate) struct SupportGrantCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// For which tenant.
    tenant_id: ID,
    /// As what: `SUPPORT`, `BILLING` or `VIEWER`.
    role: State<Role>,
    /// Why: 1 to 500 characters, which the tenant's owners read in a mail and the tenant in its list.
    reason: String,
    /// For how many minutes: 1 to 480.
    minutes: i32,
}

/// What `supportGrantCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct SupportGrantCreatePayload {
    /// The grant.
    support_grant: Option<SupportGrant>,
    /// An access token that acts for the tenant and does nothing else, good until the grant is over.
    /// Shown this once: a repetition with the same idempotency key gives none.
    token: Option<String>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// A support grant to end.
#[derive(InputObject)]
pub(crate) struct SupportGrantEndInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The grant.
    support_grant_id: ID,
}

/// What `supportGrantEnd` ended, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct SupportGrantEndPayload {
    /// The grant.
    support_grant: Option<SupportGrant>,
    /// Why nothing was ended.
    user_errors: Vec<UserError>,
}

/// Changes of support grants.
#[derive(Default)]
pub(crate) struct SupportGrantMutation;

#[Object]
impl SupportGrantMutation {
    /// Lets the person who asks, one of the provider's, act for a tenant for a while. The tenant's
    /// owners are told by mail. A program can't: it is nobody whom a tenant could ask.
    async fn support_grant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new grant.")] input: SupportGrantCreateInput,
    ) -> Result<SupportGrantCreatePayload> {
        let (made, user_errors) = settle(create(request(ctx), input).await)?;
        let (grant, token) = made.unzip();
        Ok(SupportGrantCreatePayload {
            support_grant: grant.map(SupportGrant),
            token: token.flatten().map(|issued| issued.token),
            user_errors,
        })
    }

    /// Ends a support grant at once. The tenant itself can.
    async fn support_grant_end(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grant.")] input: SupportGrantEndInput,
    ) -> Result<SupportGrantEndPayload> {
        let (grant, user_errors) = settle(end(request(ctx), input).await)?;
        Ok(SupportGrantEndPayload {
            support_grant: grant.map(SupportGrant),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: SupportGrantCreateInput,
) -> model::Result<(model::SupportGrant, Option<IssuedToken>)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = SupportGrantCreate {
        tenant_id: id("tenantId", &input.tenant_id)?,
        role: input.role.0,
        reason: input.reason,
        minutes: input.minutes.into(),
    };
    let made = request.store.support_grant_create(&cx, create).await;
    made.map_err(about("tenantId"))
}

async fn end(request: &Request, input: SupportGrantEndInput) -> model::Result<model::SupportGrant> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let grant_id = id("supportGrantId", &input.support_grant_id)?;
    let ended = request.store.support_grant_end(&cx, grant_id).await;
    ended.map_err(about("supportGrantId"))
}
