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

/// Another role for a member.
#[derive(InputObject)]
pub(crate) struct MemberUpdateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The member.
    member_id: ID,
    /// The new role.
    role: State<Role>,
}

/// What `memberUpdate` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct MemberUpdatePayload {
    /// The member.
    member: Option<Member>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// A member to remove.
#[derive(InputObject)]
pub(crate) struct MemberDeleteInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The member.
    member_id: ID,
}

/// What `memberDelete` removed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct MemberDeletePayload {
    /// The id of the member that is gone.
    member_id: Option<ID>,
    /// Why nothing was removed.
    user_errors: Vec<UserError>,
}

/// Changes of members.
#[derive(Default)]
pub(crate) struct MemberMutation;

#[Object]
impl MemberMutation {
    /// Adds a person to a tenant who is not asked: for a storefront or the provider, who know their
    /// people. A tenant's own people use `invitationCreate`.
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

    /// Gives a member another role. To hand a tenant over, make somebody else its owner first: the
    /// last owner stays one.
    async fn member_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member, and the new role.")] input: MemberUpdateInput,
    ) -> Result<MemberUpdatePayload> {
        let (member, user_errors) = settle(update(request(ctx), input).await)?;
        Ok(MemberUpdatePayload {
            member: member.map(Member),
            user_errors,
        })
    }

    /// Removes a member from its tenant. A member may leave by itself; the last owner can't.
    async fn member_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which member.")] input: MemberDeleteInput,
    ) -> Result<MemberDeletePayload> {
        let (member_id, user_errors) = settle(delete(request(ctx), input).await)?;
        Ok(MemberDeletePayload {
            member_id: member_id.map(global),
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

async fn update(request: &Request, input: MemberUpdateInput) -> model::Result<model::Member> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let member_id = id("memberId", &input.member_id)?;
    let changed = request.store.member_update(&cx, member_id, input.role.0);
    changed.await.map_err(about("memberId"))
}

async fn delete(request: &Request, input: MemberDeleteInput) -> model::Result<model::MemberId> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let member_id = id("memberId", &input.member_id)?;
    let gone = request.store.member_delete(&cx, member_id);
    gone.await.map_err(about("memberId"))
}
