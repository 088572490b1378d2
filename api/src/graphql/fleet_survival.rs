//! What would happen if a machine or a rack failed.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use berth_model::{FailureDomain, MachineId, SiteId, VirtualMachineId};
use berth_placement::SurvivalOf;

use super::{
    input::{count, id},
    machine::Machine,
    noun::find_many,
    states::State,
    virtual_machine::VirtualMachine,
};
use crate::{context::request, fleet};

/// What would happen if some machines failed at once.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct FleetSurvival {
    #[graphql(skip)]
    machines: Vec<MachineId>,
    #[graphql(skip)]
    lost: Vec<VirtualMachineId>,
    /// How many virtual machines would have to be restarted.
    restarts: i32,
    /// How many of those have a place that is kept for them.
    kept: i32,
    /// How many more would find one.
    found: i32,
}

#[ComplexObject]
impl FleetSurvival {
    /// The machines that fail.
    async fn machines(&self, ctx: &Context<'_>) -> Result<Vec<Option<Machine>>> {
        find_many(ctx, &self.machines).await
    }

    /// The virtual machines that would have no place.
    async fn lost(&self, ctx: &Context<'_>) -> Result<Vec<Option<VirtualMachine>>> {
        find_many(ctx, &self.lost).await
    }
}

impl From<SurvivalOf> for FleetSurvival {
    fn from(of: SurvivalOf) -> Self {
        Self {
            machines: of.machines,
            lost: of.lost,
            restarts: count(of.restarts),
            kept: count(of.kept),
            found: count(of.found),
        }
    }
}

/// Questions about failures.
#[derive(Default)]
pub(crate) struct FleetSurvivalQuery;

#[Object]
impl FleetSurvivalQuery {
    /// What would happen in a site if each machine, or each rack, failed: room alone; what runs
    /// comes back as far as its data can be reached. For the provider.
    async fn fleet_survival(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which site.")] site_id: ID,
        #[graphql(desc = "What fails.")] domain: State<FailureDomain>,
    ) -> Result<Option<Vec<FleetSurvival>>> {
        let request = request(ctx);
        let site: SiteId = id("siteId", &site_id)?;
        let answered = fleet::ask(request, site, None, move |platform| {
            platform.survival(domain.0)
        });
        let found = answered.await?.into_iter().map(FleetSurvival::from);
        Ok(Some(found.collect()))
    }
}
