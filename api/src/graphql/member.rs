//! Members: accounts in tenants.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{Role, Timestamp};

use super::{
    account::Account,
    input::{id, parsed},
    noun::{get, global, noun},
    payload::{UserError, about, settle},
    scalars::EmailAddress,
    states::State,
    tenant::Tenant,
};
use crate::context::{Request, request};

noun!(Member, MemberId);

/// An account in a tenant, with a role.
#[Object]
impl Member {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// In which tenant.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        get(ctx, self.0.tenant_id).await
    }

    /// Who.
    async fn account(&self) -> Account {
        Account(self.0.account.clone())
    }

    /// As what.
    async fn role(&self) -> State<Role> {
        State(self.0.role)
    }

    /// Since when.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// A new member.
#[derive(InputObject)]
pub(crate) struct MemberCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// In which tenant.
    tenant_id: ID,
    /// The person's name, 1 to 100 characters.
    name: String,
    /// The person's address.
    email: EmailAddress,
    /// As what.
    role: State<Role>,
}

/// What `memberCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct MemberCreatePayload {
    /// The member.
    member: Option<Member>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of members.
#[derive(Default)]
pub(crate) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Adds a person to a tenant.
    async fn member_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new member.")] input: MemberCreateInput,
    ) -> Result<MemberCreatePayload> {
        let (member, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(MemberCreatePayload {
            member: member.map(Member),
            user_errors,
        })
    }
}

async fn create(request: &Request, input: MemberCreateInput) -> model::Result<model::Member> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::MemberCreate {
        tenant_id: id("tenantId", &input.tenant_id)?,
        name: input.name,
        email: parsed("email", &input.email.0)?,
        role: input.role.0,
    };
    request
        .store
        .member_create(&cx, create)
        .await
        .map_err(about("tenantId"))
}
