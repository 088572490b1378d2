//! How long capacity lasts, and what to buy.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use berth_model::{FleetDemand, MachineId, PlanId, SiteId};
use berth_placement::{Growth, Outlook, PlanRoom, Room, growth};

use super::{
    hindrance::PlacementHindrance,
    input::{count, id, int},
    machine::Machine,
    noun::{find, get},
    plan::Plan,
    scalars::{BigInt, Bytes},
};
use crate::{context::request, fleet};

/// Nothing is counted beyond this.
const MOST: usize = 10_000;

/// What still fits into a site.
#[derive(SimpleObject)]
pub(crate) struct FleetForecast {
    /// How many more of each plan, if nothing else is ordered. Not counted beyond 10000.
    plans: Vec<PlanForecast>,
    /// How many more, if plans are ordered as those that run now, until one of them fits nowhere.
    mix: i32,
    /// For how many more virtual machines there are free addresses.
    addresses_free: i32,
    /// What would be free then and couldn't be sold, by what is in the way.
    stranded: Vec<StrandedRoom>,
    /// When capacity ends, if there is any growth to tell it from.
    growth: Option<FleetGrowth>,
    /// What one more machine like one that is there already would bring, the best first.
    advice: Vec<MachineAdvice>,
}

/// How many more of a plan fit.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct PlanForecast {
    #[graphql(skip)]
    plan_id: PlanId,
    /// How many deployments of it there are in the site.
    sold: i32,
    /// How many more fit, each on a virtual machine of its own with the largest system disk.
    more: i32,
}

#[ComplexObject]
impl PlanForecast {
    /// The plan.
    async fn plan(&self, ctx: &Context<'_>) -> Result<Plan> {
        get(ctx, self.plan_id).await
    }
}

/// Free room that can't be sold.
#[derive(SimpleObject)]
pub(crate) struct StrandedRoom {
    /// What is in the way of the plan that comes nearest.
    by: PlacementHindrance,
    /// On how many machines.
    machines: i32,
    /// Memory that is free on them.
    memory_bytes: Bytes,
    /// Virtual CPUs that are free on them.
    vcpus: BigInt,
    /// Disk that is free on them.
    disk_bytes: Bytes,
}

/// When capacity ends at the growth of the last weeks.
#[derive(SimpleObject)]
pub(crate) struct FleetGrowth {
    /// Deployments in the site at the end of each of the last weeks, the oldest first.
    history: Vec<i32>,
    /// Thousandths of a deployment more in each week, in the middle.
    per_week_thousandths: BigInt,
    /// In how many weeks it ends at the quickest quarter of the growth; nothing: never.
    earliest_weeks: Option<i32>,
    /// At the growth in the middle.
    expected_weeks: Option<i32>,
    /// At the slowest quarter.
    latest_weeks: Option<i32>,
}

/// What one more machine would bring.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MachineAdvice {
    #[graphql(skip)]
    like: MachineId,
    /// How many more of the mix would fit. Where room is kept for its failure, a machine that is
    /// larger than the others brings less than it holds.
    gained: i32,
}

#[ComplexObject]
impl MachineAdvice {
    /// A machine that is like it.
    async fn machine(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.like).await
    }
}

/// Questions about capacity.
#[derive(Default)]
pub(crate) struct FleetForecastQuery;

#[Object]
impl FleetForecastQuery {
    /// What still fits into a site, what is stranded, when capacity ends and what to buy. For the
    /// provider.
    async fn fleet_forecast(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which site.")] site_id: ID,
    ) -> Result<Option<FleetForecast>> {
        let request = request(ctx);
        let site: SiteId = id("siteId", &site_id)?;
        let demand = request.store.fleet_demand(&request.cx, site).await?;
        let plans = plans(&demand);
        let answered = fleet::ask(request, site, None, move |platform| {
            platform.outlook(&plans, MOST)
        });
        Ok(Some(FleetForecast::of(&demand, answered.await?)))
    }
}

/// Each with a system disk of its own, in the proportions in which they are sold now; of a catalogue
/// of which nothing was sold, as many of each.
fn plans(demand: &FleetDemand) -> Vec<PlanRoom> {
    let is_new = demand.plans.iter().all(|(_, sold)| *sold == 0);
    let plan = |(plan, sold): &(berth_model::Plan, i64)| PlanRoom {
        plan_id: plan.id,
        room: Room {
            memory_bytes: plan.memory_bytes,
            vcpus: i64::from(plan.vcpus),
            disk_bytes: plan.data_bytes + demand.system_bytes,
        },
        weight: match is_new {
            true => 1,
            false => u32::try_from(*sold).unwrap_or(u32::MAX),
        },
    };
    demand.plans.iter().map(plan).collect()
}

impl FleetForecast {
    fn of(demand: &FleetDemand, outlook: Outlook) -> Self {
        let plan = |((plan_id, more), (_, sold)): (&(PlanId, usize), &(_, i64))| PlanForecast {
            plan_id: *plan_id,
            sold: int(*sold),
            more: count(*more),
        };
        let stranded = |of: &berth_placement::StrandedRoom| StrandedRoom {
            by: PlacementHindrance::of(&of.by),
            machines: count(of.machines),
            memory_bytes: Bytes(of.room.memory_bytes),
            vcpus: BigInt(of.room.vcpus),
            disk_bytes: Bytes(of.room.disk_bytes),
        };
        let mix = i64::try_from(outlook.mix).unwrap_or(i64::MAX);
        let found = growth(&demand.history, mix.min(demand.addresses_free));
        Self {
            plans: outlook.plans.iter().zip(&demand.plans).map(plan).collect(),
            mix: count(outlook.mix),
            addresses_free: int(demand.addresses_free),
            stranded: outlook.stranded.iter().map(stranded).collect(),
            growth: found.map(|found| FleetGrowth::of(demand, found)),
            advice: outlook
                .advice
                .iter()
                .map(|advice| MachineAdvice {
                    like: advice.like,
                    gained: count(advice.gained),
                })
                .collect(),
        }
    }
}

impl FleetGrowth {
    fn of(demand: &FleetDemand, found: Growth) -> Self {
        Self {
            history: demand.history.iter().map(|count| int(*count)).collect(),
            per_week_thousandths: BigInt(found.rate),
            earliest_weeks: found.earliest.map(int),
            expected_weeks: found.expected.map(int),
            latest_weeks: found.latest.map(int),
        }
    }
}
