//! Tenants: operators' organisations.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{
    AuditEntryId, AuditFilter, DeploymentId, InvitationId, MemberId, OperationId, SupportGrantId,
    TenantId, Timestamp,
};
use berth_store::{DeploymentFilter, OperationFilter};

use super::{
    audit_entry::{AuditEntry, AuditFilterInput},
    deployment::Deployment,
    input::parsed,
    invitation::Invitation,
    member::Member,
    noun::{find_opt, global, noun},
    operation::Operation,
    page::{Connection, PageArguments, connection},
    payload::{UserError, settle},
    scalars::EmailAddress,
    storefront::Storefront,
    support_grant::SupportGrant,
};
use crate::context::{Request, request};

noun!(Tenant, TenantId);

/// An operator's organisation: the unit of isolation.
#[Object]
impl Tenant {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The storefront's own number for it.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// The storefront it came through. For the storefront and the provider.
    async fn storefront(&self, ctx: &Context<'_>) -> Result<Option<Storefront>> {
        find_opt(ctx, self.0.storefront_id).await
    }

    /// Its members.
    async fn members(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Member>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<MemberId>()?;
        let found = request
            .store
            .member_list(&request.cx, page, self.0.id)
            .await?;
        Ok(Some(connection(page, found)))
    }

    /// Who is asked to become a member and has not answered yet.
    async fn invitations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<Invitation>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<InvitationId>()?;
        let found = request
            .store
            .invitation_list(&request.cx, page, self.0.id)
            .await?;
        Ok(Some(connection(page, found)))
    }

    /// By which grants the provider's people acted and act for it.
    async fn support_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<SupportGrant>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<SupportGrantId>()?;
        let found = request
            .store
            .support_grant_list(&request.cx, page, self.0.id)
            .await?;
        Ok(Some(connection(page, found)))
    }

    /// Its deployments, deleted ones too.
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Deployment>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<DeploymentId>()?;
        let filter = DeploymentFilter {
            tenant_id: Some(self.0.id),
            ..Default::default()
        };
        let found = request
            .store
            .deployment_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }

    /// Its operations.
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Operation>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<OperationId>()?;
        let filter = OperationFilter {
            tenant_id: Some(self.0.id),
            ..Default::default()
        };
        let found = request
            .store
            .operation_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }

    /// Who did what for it, and who was refused. For its owners and admins.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; without it all.")] filter: Option<AuditFilterInput>,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Option<Connection<AuditEntry>>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<AuditEntryId>()?;
        let filter = filter.map(AuditFilter::from).unwrap_or_default();
        let found = request
            .store
            .audit_entry_list(&request.cx, page, self.0.id, &filter)
            .await?;
        Ok(Some(connection(page, found)))
    }

    /// When it was made.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// A new tenant and its first owner.
#[derive(InputObject)]
pub(crate) struct TenantCreateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// 1 to 100 characters.
    name: String,
    /// The storefront's own number for it, unique in the storefront; 1 to 200 characters.
    external_id: Option<String>,
    /// The owner's name, 1 to 100 characters.
    owner_name: String,
    /// The owner's address.
    owner_email: EmailAddress,
}

/// What `tenantCreate` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct TenantCreatePayload {
    /// The tenant.
    tenant: Option<Tenant>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Questions about tenants.
#[derive(Default)]
pub(crate) struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The tenants that the caller may see.
    async fn tenants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only the one with this number of the storefront.")] external_id: Option<
            String,
        >,
        #[graphql(desc = "How many from the beginning: 1 to 100, 20 unless said.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end: 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Tenant>> {
        let request = request(ctx);
        let page = PageArguments {
            first,
            after,
            last,
            before,
        }
        .request::<TenantId>()?;
        let found = request
            .store
            .tenant_list(&request.cx, page, external_id.as_deref())
            .await?;
        Ok(connection(page, found))
    }
}

/// Changes of tenants.
#[derive(Default)]
pub(crate) struct TenantMutation;

#[Object]
impl TenantMutation {
    /// Makes a tenant with its first owner. For storefronts and the provider.
    async fn tenant_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new tenant.")] input: TenantCreateInput,
    ) -> Result<TenantCreatePayload> {
        let (tenant, user_errors) = settle(create(request(ctx), input).await)?;
        Ok(TenantCreatePayload {
            tenant: tenant.map(Tenant),
            user_errors,
        })
    }
}

async fn create(request: &Request, input: TenantCreateInput) -> model::Result<model::Tenant> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let create = model::TenantCreate {
        name: input.name,
        external_id: input.external_id,
        owner_name: input.owner_name,
        owner_email: parsed("ownerEmail", &input.owner_email.0)?,
    };
    request.store.tenant_create(&cx, create).await
}
