//! Plans of moves: how a machine would be emptied, how a site would be made even.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use berth_model::{MachineId, SiteId, VirtualMachineId};
use berth_placement::{Limits, Move, Moves, Rebalance};

use super::{
    hindrance::PlacementHindrance,
    input::{count, id, number},
    machine::Machine,
    noun::find,
    scalars::BigInt,
    virtual_machine::VirtualMachine,
};
use crate::{context::request, fleet};

/// The longest plan.
const MOVES_MOST: i32 = 500;

/// Moves in waves. Those of one wave can run at the same time and end in any order; every state in
/// between keeps capacity, caps and the room for restarts.
#[derive(SimpleObject)]
pub(crate) struct MovePlan {
    /// One after another.
    waves: Vec<MoveWave>,
    /// What can't be moved.
    left: Vec<MoveLeft>,
    /// How many virtual machines would have no place to be restarted when all is done.
    unprotected: i32,
    /// Before: how uneven the load is, or how many virtual machines there are to move.
    before: BigInt,
    /// The same when all is done.
    after: BigInt,
    /// No plan can reach less than this.
    bound: BigInt,
}

/// Moves that can run at the same time.
#[derive(SimpleObject)]
pub(crate) struct MoveWave {
    /// In any order.
    moves: Vec<MoveStep>,
}

/// One virtual machine goes to another machine.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MoveStep {
    #[graphql(skip)]
    of: Move,
    /// By how much the load is more even afterwards; negative for a detour.
    gain: BigInt,
    /// Whether it goes there only to make room, and on from there.
    is_detour: bool,
}

#[ComplexObject]
impl MoveStep {
    /// Which.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<Option<VirtualMachine>> {
        find(ctx, self.of.virtual_machine_id).await
    }

    /// Where it is.
    async fn from(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.of.from).await
    }

    /// Where it goes.
    async fn to(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.of.to).await
    }
}

/// A virtual machine that can't be moved.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct MoveLeft {
    #[graphql(skip)]
    vm: VirtualMachineId,
    /// What is in the way, if a single rule is.
    by: Option<PlacementHindrance>,
}

#[ComplexObject]
impl MoveLeft {
    /// Which.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<Option<VirtualMachine>> {
        find(ctx, self.vm).await
    }
}

impl From<Moves> for MovePlan {
    fn from(of: Moves) -> Self {
        let step = |of: &Move| MoveStep {
            gain: BigInt(of.gain),
            is_detour: of.is_detour,
            of: *of,
        };
        let wave = |wave: &Vec<Move>| MoveWave {
            moves: wave.iter().map(step).collect(),
        };
        Self {
            waves: of.waves.iter().map(wave).collect(),
            left: of
                .left
                .iter()
                .map(|(vm, by)| MoveLeft {
                    vm: *vm,
                    by: by.as_ref().map(PlacementHindrance::of),
                })
                .collect(),
            unprotected: count(of.unprotected),
            before: BigInt(of.before),
            after: BigInt(of.after),
            bound: BigInt(of.bound),
        }
    }
}

/// Questions about moves.
#[derive(Default)]
pub(crate) struct MovePlanQuery;

#[Object]
impl MovePlanQuery {
    /// How a machine would be emptied. Nothing is moved. For the provider.
    async fn machine_drain_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which machine.")] machine_id: ID,
        #[graphql(
            desc = "How many moves at once from or to one machine: 1 to 64.",
            default = 4
        )]
        at_once: i32,
    ) -> Result<Option<MovePlan>> {
        let request = request(ctx);
        let machine: MachineId = id("machineId", &machine_id)?;
        let limits = limits(at_once, None)?;
        let (store, cx) = (&request.store, &request.cx);
        let known = store.machine_get(cx, machine).await;
        let rack = known.map_err(|error| error.at("machineId"))?.rack_id;
        let site = store.rack_get(cx, rack).await?.site_id;
        let drained = fleet::ask(request, site, None, move |platform| {
            platform.drain(machine, limits)
        });
        Ok(drained.await?.map(MovePlan::from))
    }

    /// How the load of a site would be made even with few moves. Nothing is moved. For the provider.
    async fn fleet_rebalance_plan(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which site.")] site_id: ID,
        #[graphql(desc = "How many moves in all: 1 to 500.", default = 50)] most_moves: i32,
        #[graphql(
            desc = "How many moves at once from or to one machine: 1 to 64.",
            default = 4
        )]
        at_once: i32,
    ) -> Result<Option<MovePlan>> {
        let request = request(ctx);
        let site: SiteId = id("siteId", &site_id)?;
        let wanted = Rebalance {
            limits: limits(at_once, Some(most_moves))?,
            ..Rebalance::default()
        };
        let moves = fleet::ask(request, site, None, move |platform| {
            platform.rebalance(&wanted)
        });
        Ok(Some(moves.await?.into()))
    }
}

fn limits(at_once: i32, moves: Option<i32>) -> berth_model::Result<Limits> {
    let within = |field: &str, value: i32, most: i32| -> berth_model::Result<usize> {
        let inside = Some(value).filter(|value| (1..=most).contains(value));
        let limits = format!("from 1 to {most}");
        number(field, inside.unwrap_or(-1), &limits)
    };
    let mut limits = Limits {
        at_once: within("atOnce", at_once, 64)?,
        ..Limits::default()
    };
    if let Some(moves) = moves {
        limits.moves = within("mostMoves", moves, MOVES_MOST)?;
    }
    Ok(limits)
}
