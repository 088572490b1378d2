//! What the provider wants of every placement.

use async_graphql::{ComplexObject, Context, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::FailureDomain;

use super::{
    payload::{UserError, settle},
    site::Site,
    states::State,
};
use crate::context::request;

/// What the provider wants of every decision about where a virtual machine goes.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct PlacementPolicy {
    /// After the failure of which there shall be a place for every virtual machine: room is kept for
    /// that, and what would leave too little is refused. Nothing: no room is kept.
    survive: Option<State<FailureDomain>>,
    /// How many of them at once: 1 or 2.
    failures: i32,
    /// The most virtual machines that one tenant can have on one machine.
    tenant_cap: Option<i32>,
    /// Whether the load is spread over all machines, or fills those that are used already.
    is_spread: bool,
}

#[ComplexObject]
impl PlacementPolicy {
    /// Sites in which it lets nothing new be placed, whatever is free there: what fails is restarted in
    /// another rack, or on another machine, and of those that take anything there are no more than shall be
    /// able to fail at once. Look here after `placementPolicySet`.
    async fn sites_too_small(&self, ctx: &Context<'_>) -> Result<Vec<Site>> {
        let request = request(ctx);
        let found = request.store.placement_sites_too_small(&request.cx).await?;
        Ok(found.into_iter().map(Site).collect())
    }
}

impl From<model::PlacementPolicy> for PlacementPolicy {
    fn from(of: model::PlacementPolicy) -> Self {
        Self {
            survive: of.survive.map(State),
            failures: of.failures,
            tenant_cap: of.tenant_cap,
            is_spread: of.is_spread,
        }
    }
}

/// The whole policy: what isn't given is as in a new installation.
#[derive(InputObject)]
pub(crate) struct PlacementPolicySetInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// After the failure of which there shall be a place for every virtual machine; nothing keeps no
    /// room.
    survive: Option<State<FailureDomain>>,
    /// How many of them at once: 1 or 2.
    #[graphql(default = 1)]
    failures: i32,
    /// The most virtual machines that one tenant can have on one machine: 1 to 10000; nothing is no
    /// limit.
    tenant_cap: Option<i32>,
    /// Whether the load is spread over all machines.
    #[graphql(default = false)]
    is_spread: bool,
}

/// What `placementPolicySet` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct PlacementPolicySetPayload {
    /// The policy.
    placement_policy: Option<PlacementPolicy>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// Questions about the policy.
#[derive(Default)]
pub(crate) struct PlacementPolicyQuery;

#[Object]
impl PlacementPolicyQuery {
    /// What is wanted of every placement. For the provider.
    async fn placement_policy(&self, ctx: &Context<'_>) -> Result<Option<PlacementPolicy>> {
        let request = request(ctx);
        let found = request.store.placement_policy(&request.cx).await?;
        Ok(Some(found.into()))
    }
}

/// Changes of the policy.
#[derive(Default)]
pub(crate) struct PlacementPolicyMutation;

#[Object]
impl PlacementPolicyMutation {
    /// Sets what is wanted of every placement from now on; what runs stays where it is. For the
    /// provider.
    async fn placement_policy_set(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The policy.")] input: PlacementPolicySetInput,
    ) -> Result<PlacementPolicySetPayload> {
        let request = request(ctx);
        let set = async {
            let cx = request.cx_with_key(&input.idempotency_key)?;
            let wanted = model::PlacementPolicy {
                survive: input.survive.map(|domain| domain.0),
                failures: input.failures,
                tenant_cap: input.tenant_cap,
                is_spread: input.is_spread,
            };
            request.store.placement_policy_set(&cx, wanted).await
        };
        let (policy, user_errors) = settle(set.await)?;
        Ok(PlacementPolicySetPayload {
            placement_policy: policy.map(PlacementPolicy::from),
            user_errors,
        })
    }
}
