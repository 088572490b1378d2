//! Operations: long-running work with steps, progress and events.

use async_graphql::{Context, ID, InputObject, Object, Result, Union};
use berth_model::{
    Error, ErrorCode, OperationId, OperationKind, OperationState, TenantId, Timestamp, message,
    message::kept_text,
};
use berth_store::OperationFilter;

use super::{
    deployment::Deployment,
    fleet_move::{FleetMove, FleetMoveCounts},
    input::{id_opt, int},
    loaders::{ConsoleTailOf, MovesOf, NewestEventOf, StepsOf},
    machine::Machine,
    noun::{find, find_opt, global, noun},
    operation_event::{OperationEvent, OperationStep},
    page::{Connection, PAGE_DEFAULT, PAGE_MAX, PageArguments, connection},
    placement::Placement,
    site::Site,
    states::State,
    tenant::Tenant,
};
use crate::context::request;

noun!(Operation, OperationId);

/// What an operation works on.
#[derive(Union)]
pub(crate) enum OperationTarget {
    /// A deployment.
    Deployment(Deployment),
    /// A machine.
    Machine(Machine),
    /// A site.
    Site(Site),
}

/// One long-running piece of work. Follow it with the subscription `operationUpdated`.
#[Object]
impl Operation {
    /// Its global id.
    pub async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Whose; none for the provider's own.
    async fn tenant(&self, ctx: &Context<'_>) -> Result<Option<Tenant>> {
        match self.0.tenant_id {
            TenantId::PLATFORM => Ok(None),
            tenant => find(ctx, tenant).await,
        }
    }

    /// What it makes true.
    async fn kind(&self) -> State<OperationKind> {
        State(self.0.kind)
    }

    /// Where it is.
    async fn state(&self) -> State<OperationState> {
        State(self.0.state)
    }

    /// What it works on.
    async fn target(&self, ctx: &Context<'_>) -> Result<Option<OperationTarget>> {
        if let Some(id) = self.0.deployment_id {
            return Ok(find::<Deployment>(ctx, id)
                .await?
                .map(OperationTarget::Deployment));
        }
        if let Some(id) = self.0.site_id {
            return Ok(find::<Site>(ctx, id).await?.map(OperationTarget::Site));
        }
        let machine = find_opt::<Machine>(ctx, self.0.machine_id).await?;
        Ok(machine.map(OperationTarget::Machine))
    }

    /// The moves that a rebalance carries out, by wave; none of other operations.
    async fn moves(&self, ctx: &Context<'_>) -> Result<Vec<FleetMove>> {
        if self.0.kind != OperationKind::FleetRebalance {
            return Ok(Vec::new());
        }
        let found = request(ctx).loaders.load_one(MovesOf(self.0.id)).await?;
        Ok(found.into_iter().flatten().map(FleetMove::from).collect())
    }

    /// How many moves of a rebalance are in each state; nothing of other operations.
    async fn move_counts(&self, ctx: &Context<'_>) -> Result<Option<FleetMoveCounts>> {
        if self.0.kind != OperationKind::FleetRebalance {
            return Ok(None);
        }
        let found = request(ctx).loaders.load_one(MovesOf(self.0.id)).await?;
        Ok(Some(FleetMoveCounts::of(&found.unwrap_or_default())))
    }

    /// Its steps, as far as they are known.
    async fn steps(&self, ctx: &Context<'_>) -> Result<Vec<OperationStep>> {
        let found = request(ctx).loaders.load_one(StepsOf(self.0.id)).await?;
        Ok(found
            .unwrap_or_default()
            .into_iter()
            .map(OperationStep)
            .collect())
    }

    /// What happened, in order.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with a greater number.", default = 0)] after: i32,
        #[graphql(desc = "How many: 1 to 100, 20 unless said.")] first: Option<i32>,
    ) -> Result<Vec<OperationEvent>> {
        let request = request(ctx);
        let limit = first.map_or(PAGE_DEFAULT, i64::from);
        if !(1..=PAGE_MAX).contains(&limit) {
            let message = message!("Ask for 1 to {most} at once.", most = PAGE_MAX);
            return Err(Error::invalid("first", message).into());
        }
        let found = request
            .store
            .operation_events(&request.cx, self.0.id, after.into(), limit)
            .await?;
        Ok(found.into_iter().map(OperationEvent).collect())
    }

    /// The newest event: what it is doing now.
    async fn newest_event(&self, ctx: &Context<'_>) -> Result<Option<OperationEvent>> {
        let found = request(ctx)
            .loaders
            .load_one(NewestEventOf(self.0.id))
            .await?;
        Ok(found.map(OperationEvent))
    }

    /// How far it is, 0 to 100.
    async fn percent(&self, ctx: &Context<'_>) -> Result<i32> {
        let found = request(ctx)
            .loaders
            .load_one(NewestEventOf(self.0.id))
            .await?;
        Ok(found.map_or(0, |event| event.percent))
    }

    /// Which machine was chosen and why others were not, if one had to be chosen. For the provider, and
    /// for storefronts, which are told how many machines got which verdict, but not of which they are.
    async fn placement(&self, ctx: &Context<'_>) -> Result<Option<Placement>> {
        let request = request(ctx);
        let found = request
            .store
            .operation_explanation(&request.cx, self.0.id)
            .await?;
        Ok(found.map(Placement))
    }

    /// How often a worker has taken it.
    async fn attempts(&self) -> i32 {
        self.0.attempts
    }

    /// When it is tried next, while it waits.
    async fn run_after(&self) -> Option<Timestamp> {
        (self.0.state == OperationState::Pending).then_some(self.0.run_after)
    }

    /// When a cancel was asked for.
    async fn cancel_requested_at(&self) -> Option<Timestamp> {
        self.0.cancel_requested_at
    }

    /// When a later operation made it needless.
    async fn superseded_at(&self) -> Option<Timestamp> {
        self.0.superseded_at
    }

    /// Number of its newest event.
    async fn last_event(&self) -> i32 {
        int(self.0.last_event)
    }

    /// Why it failed, for programs.
    async fn error_code(&self) -> Option<State<ErrorCode>> {
        let code = self.0.error_code.as_deref()?;
        code.parse().ok().map(State)
    }

    /// Why it failed, for people.
    async fn error_message(&self, ctx: &Context<'_>) -> Option<&str> {
        let kept = self.0.error_message.as_deref()?;
        Some(kept_text(kept, request(ctx).language()))
    }

    /// The end of the guest's console, when that says why. Not for the provider's support and billing:
    /// it can show what somebody has in an application.
    async fn console_tail(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let tail = ConsoleTailOf(self.0.id);
        Ok(request(ctx).loaders.load_one(tail).await?)
    }

    /// When it was accepted.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When a worker first took it.
    async fn started_at(&self) -> Option<Timestamp> {
        self.0.started_at
    }

    /// When it ended.
    async fn finished_at(&self) -> Option<Timestamp> {
        self.0.finished_at
    }
}

/// Which operations.
#[derive(InputObject)]
pub(crate) struct OperationFilterInput {
    /// Only of this tenant.
    tenant_id: Option<ID>,
    /// Only of this deployment.
    deployment_id: Option<ID>,
    /// Only of this machine.
    machine_id: Option<ID>,
    /// Only of this site.
    site_id: Option<ID>,
    /// Only in one of these states.
    states: Option<Vec<State<OperationState>>>,
}

impl OperationFilterInput {
    fn read(self) -> berth_model::Result<OperationFilter> {
        Ok(OperationFilter {
            tenant_id: id_opt("tenantId", self.tenant_id.as_ref())?,
            deployment_id: id_opt("deploymentId", self.deployment_id.as_ref())?,
            machine_id: id_opt("machineId", self.machine_id.as_ref())?,
            site_id: id_opt("siteId", self.site_id.as_ref())?,
            states: self
                .states
                .into_iter()
                .flatten()
                .map(|state| state.0)
                .collect(),
        })
    }
}

/// Questions about operations.
#[derive(Default)]
pub(crate) struct OperationQuery;

#[Object]
impl OperationQuery {
    /// The operations that the caller may see.
    async fn operations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; without it all.")] filter: Option<OperationFilterInput>,
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
        let filter = filter
            .map(OperationFilterInput::read)
            .transpose()?
            .unwrap_or_default();
        let found = request
            .store
            .operation_list(&request.cx, page, &filter)
            .await?;
        Ok(connection(page, found))
    }
}
