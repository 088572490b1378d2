//! How long capacity lasts, and what to buy.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use berth_model::{FleetDemand, MachineId, SiteId};
use berth_placement::{Outlook, OutlookAsked, OutlookLimit, OutlookMore, PlanRoom, Room};

use super::{
    fleet_growth::FleetGrowth,
    hindrance::PlacementHindrance,
    input::{count, id, int},
    machine::Machine,
    noun::find,
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
    /// How many more, if plans are ordered as those that run now, until there is no room or no address for
    /// one of them.
    mix: i32,
    /// What ends the mix.
    mix_limit: ForecastLimit,
    /// For how many more virtual machines there are free addresses: each takes one of each family of a
    /// network.
    addresses_free: i32,
    /// What would be free on machines when none takes any plan, and couldn't be sold, by what is in the way.
    /// As if there were addresses enough, unless there are none.
    stranded: Vec<StrandedRoom>,
    /// When capacity ends. Nothing where there is room and not yet two weeks of which to tell a growth.
    growth: Option<FleetGrowth>,
    /// What one more machine would bring, once for each kind of machine that is there already, the best
    /// first.
    advice: Vec<MachineAdvice>,
}

/// What ends a forecast.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum ForecastLimit {
    /// Room on machines.
    Room,
    /// Free addresses: one more machine helps only with more of them.
    Addresses,
    /// Nothing yet: it isn't counted any further.
    NotCounted,
}

impl From<OutlookLimit> for ForecastLimit {
    fn from(limit: OutlookLimit) -> Self {
        match limit {
            OutlookLimit::Room => Self::Room,
            OutlookLimit::Addresses => Self::Addresses,
            OutlookLimit::Most => Self::NotCounted,
        }
    }
}

/// How many more of a plan fit.
#[derive(SimpleObject)]
pub(crate) struct PlanForecast {
    /// The plan.
    plan: Plan,
    /// How many deployments of it there are in the site.
    sold: i32,
    /// How many more fit, each on a virtual machine of its own with the largest system disk and its own
    /// addresses.
    more: i32,
    /// What ends it.
    limit: ForecastLimit,
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

/// What one more machine would bring.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MachineAdvice {
    #[graphql(skip)]
    like: MachineId,
    /// How many more of the mix would fit. Where room is kept for its failure, a machine that is
    /// larger than the others brings less than it holds; without free addresses it brings nothing.
    gained: i32,
    /// What ends the mix with it.
    limit: ForecastLimit,
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
        let asked = OutlookAsked {
            addresses: usize::try_from(demand.addresses_free).unwrap_or(0),
            most: MOST,
        };
        let answered = fleet::ask(request, site, None, move |platform| {
            platform.outlook(&plans, asked)
        });
        Ok(Some(FleetForecast::of(demand, answered.await?)))
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
    fn of(demand: FleetDemand, outlook: Outlook) -> Self {
        let growth = FleetGrowth::of(&demand.history, outlook.mix.more);
        let plan = |((plan, sold), (_, found)): ((berth_model::Plan, i64), &(_, OutlookMore))| {
            PlanForecast {
                plan: Plan(plan),
                sold: int(sold),
                more: count(found.more),
                limit: found.limit.into(),
            }
        };
        let stranded = |of: &berth_placement::StrandedRoom| StrandedRoom {
            by: PlacementHindrance::of(&of.by),
            machines: count(of.machines),
            memory_bytes: Bytes(of.room.memory_bytes),
            vcpus: BigInt(of.room.vcpus),
            disk_bytes: Bytes(of.room.disk_bytes),
        };
        Self {
            plans: demand
                .plans
                .into_iter()
                .zip(&outlook.plans)
                .map(plan)
                .collect(),
            mix: count(outlook.mix.more),
            mix_limit: outlook.mix.limit.into(),
            addresses_free: int(demand.addresses_free),
            stranded: outlook.stranded.iter().map(stranded).collect(),
            growth,
            advice: outlook
                .advice
                .iter()
                .map(|advice| MachineAdvice {
                    like: advice.like,
                    gained: count(advice.gained),
                    limit: advice.limit.into(),
                })
                .collect(),
        }
    }
}
