//! Deployments: tenants' instances of applications.

use async_graphql::{Context, ID, InputObject, Object, Result};
use berth_model::{DeploymentId, DeploymentState, DesiredState, OperationId, Timestamp};
use berth_store::{DeploymentFilter, OperationFilter};

use super::{
    application_version::{ApplicationVersion, DeploymentOption, OptionValue},
    input::id_opt,
    loaders::DataVolumeOf,
    noun::{find, get, global, noun},
    operation::Operation,
    page::{Connection, PageArguments, connection},
    plan::Plan,
    scalars::{DomainName, EmailAddress},
    states::State,
    tenant::Tenant,
    virtual_machine::VirtualMachine,
    volume::Volume,
};
use crate::context::request;

noun!(Deployment, DeploymentId);

/// A tenant's instance of an application version.
#[Object]
impl Deployment {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Whose.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Tenant> {
        get(ctx, self.0.tenant_id).await
    }

    /// Of which release.
    async fn application_version(&self, ctx: &Context<'_>) -> Result<ApplicationVersion> {
        get(ctx, self.0.application_version_id).await
    }

    /// How large.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Plan> {
        get(ctx, self.0.plan_id).await
    }

    /// On what it runs.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<Option<VirtualMachine>> {
        find(ctx, self.0.virtual_machine_id).await
    }

    /// Everything of it that must not be lost.
    async fn data_volume(&self, ctx: &Context<'_>) -> Result<Option<Volume>> {
        Ok(request(ctx)
            .loaders
            .load_one(DataVolumeOf(self.0.id))
            .await?
            .map(Volume))
    }

    /// For people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The name it is known by to the world. Can't change: federation depends on it.
    async fn domain_name(&self) -> DomainName {
        DomainName::of(&self.0.domain_name)
    }

    /// The storefront's own number for it.
    async fn external_id(&self) -> Option<&str> {
        self.0.external_id.as_deref()
    }

    /// Its options with defaults, in the order of their names.
    async fn options(&self) -> Vec<DeploymentOption> {
        let shown = |(name, value): (&String, &berth_model::OptionValue)| DeploymentOption {
            name: name.clone(),
            value: OptionValue::of(value),
        };
        self.0.options.iter().map(shown).collect()
    }

    /// The first administrator's user name.
    async fn administrator_username(&self) -> &str {
        &self.0.administrator_username
    }

    /// Where the application's own mail to its administrator goes.
    async fn administrator_email(&self) -> EmailAddress {
        EmailAddress::of(&self.0.administrator_email)
    }

    /// What the operator wants.
    async fn desired_state(&self) -> State<DesiredState> {
        State(self.0.desired_state)
    }

    /// What was last found.
    async fn state(&self) -> State<DeploymentState> {
        State(self.0.state)
    }

    /// When it was healthy for the first time. From then on it goes by a delete alone.
    async fn healthy_at(&self) -> Option<Timestamp> {
        self.0.healthy_at
    }

    /// Until when a deleted one can be restored.
    async fn retain_until(&self) -> Option<Timestamp> {
        self.0.retain_until
    }

    /// What was done with it.
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
            deployment_id: Some(self.0.id),
            ..Default::default()
        };
        let found = request
            .store
            .operation_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }

    /// When it was ordered.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When desired or found state last changed.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}

/// Which deployments.
#[derive(InputObject)]
pub(crate) struct DeploymentFilterInput {
    /// Only of this tenant.
    tenant_id: Option<ID>,
    /// Only in one of these states.
    states: Option<Vec<State<DeploymentState>>>,
    /// Only with this number of the storefront's own.
    external_id: Option<String>,
}

/// Questions about deployments.
#[derive(Default)]
pub(crate) struct DeploymentQuery;

#[Object]
impl DeploymentQuery {
    /// The deployments that the caller may see.
    async fn deployments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; without it all.")] filter: Option<DeploymentFilterInput>,
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
        let given = filter.as_ref();
        let states = given
            .and_then(|filter| filter.states.as_deref())
            .unwrap_or_default();
        let filter = DeploymentFilter {
            tenant_id: id_opt(
                "tenantId",
                given.and_then(|filter| filter.tenant_id.as_ref()),
            )?,
            states: states.iter().map(|state| state.0).collect(),
            external_id: given.and_then(|filter| filter.external_id.clone()),
        };
        let found = request
            .store
            .deployment_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }
}
