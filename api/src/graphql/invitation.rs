//! Invitations: how somebody becomes a member who has to agree to it.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{InvitationCreate, Role, Timestamp};

use super::{
    input::{id, parsed},
    noun::{get, global, noun},
    payload::{UserError, about, settle},
    scalars::EmailAddress,
    states::State,
    tenant::Tenant,
};
use crate::context::{Request, request};

noun!(Invitation, InvitationId);

/// Somebody is asked to become a member of a tenant. It is there until it is answered, taken back or
/// over.
#[Object]
impl Invitation {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// To which tenant.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        get(ctx, self.0.tenant_id).await
    }

    /// Where its code went.
    async fn email(&self) -> EmailAddress {
        EmailAddress(self.0.email.to_string())
    }

    /// As what.
    async fn role(&self) -> State<Role> {
        State(self.0.role)
    }

    /// Who asks: a name.
    async fn inviter_name(&self) -> &str {
        &self.0.inviter_name
    }

    /// Since when.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Until when its code is good.
    async fn expires_at(&self) -> Timestamp {
        self.0.expires_at
    }
}

/// A new invitation.
#[derive(InputObject)]
pub(crate) struct InvitationCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// To which tenant.
    tenant_id: ID,
    /// The person's address, where the code goes.
    email: EmailAddress,
    /// As what.
    role: State<Role>,
}

/// What `invitationCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct InvitationCreatePayload {
    /// The invitation.
    invitation: Option<Invitation>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// An invitation to take back.
#[derive(InputObject)]
pub(crate) struct InvitationDeleteInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// The invitation.
    invitation_id: ID,
}

/// What `invitationDelete` took back, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct InvitationDeletePayload {
    /// The id of the invitation that is gone.
    invitation_id: Option<ID>,
    /// Why nothing was taken back.
    user_errors: Vec<UserError>,
}

/// Changes of invitations.
#[derive(Default)]
pub(crate) struct InvitationMutation;

#[Object]
impl InvitationMutation {
    /// Asks somebody to become a member of a tenant. They get a code by mail, good for two weeks, which
    /// they type in on the page of their account. An address that is asked again gets a new code, and
    /// the one before is good no longer.
    async fn invitation_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new invitation.")] input: InvitationCreateInput,
    ) -> Result<InvitationCreatePayload> {
        let (invitation, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(InvitationCreatePayload {
            invitation: invitation.map(Invitation),
            user_errors,
        })
    }

    /// Takes an invitation back: its code is good no longer.
    async fn invitation_delete(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invitation.")] input: InvitationDeleteInput,
    ) -> Result<InvitationDeletePayload> {
        let (invitation_id, user_errors) = settle(delete(request(ctx), input).await)?;
        Ok(InvitationDeletePayload {
            invitation_id: invitation_id.map(global),
            user_errors,
        })
    }
}

async fn create(
    request: &Request,
    input: InvitationCreateInput,
) -> model::Result<model::Invitation> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = InvitationCreate {
        tenant_id: id("tenantId", &input.tenant_id)?,
        email: parsed("email", &input.email.0)?,
        role: input.role.0,
    };
    let made = request
        .store
        .invitation_create(&cx, create, &request.public_url);
    made.await.map_err(about("tenantId"))
}

async fn delete(
    request: &Request,
    input: InvitationDeleteInput,
) -> model::Result<model::InvitationId> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let invitation_id = id("invitationId", &input.invitation_id)?;
    let gone = request.store.invitation_delete(&cx, invitation_id);
    gone.await.map_err(about("invitationId"))
}
