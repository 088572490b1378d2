//! Plans of moves: how a machine would be emptied, how a site would be made even.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use berth_model::{MachineId, SiteId, VirtualMachineId};
use berth_placement::{Limits, Move, Moves, Rebalance};

use super::{
    hindrance::PlacementHindrance,
    input::{bytes, count, id, number},
    machine::Machine,
    noun::{find, global},
    scalars::{BigInt, Bytes},
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
    /// Of a rebalance how uneven the load is before it, in millionths: the standard deviation of the
    /// machines' shares of memory in use, plus that of vCPUs; 0 is even. Of a drain how many virtual machines
    /// there are to move.
    before: BigInt,
    /// The same when all is done.
    after: BigInt,
    /// No plan can reach less than this, in the same unit. Nothing where no such bound is known: a fleet seldom
    /// gets quite even with whole virtual machines, and how even it can get isn't known; nor is whether
    /// another plan would find a place for what this one leaves.
    bound: Option<BigInt>,
    /// What would be moved of memory, in all: the sum over the steps.
    memory_bytes: Bytes,
    /// What would be moved of disk, in all, at most.
    disk_bytes: Bytes,
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
    /// By how much the load is more even afterwards, in the unit of `before`, if the steps are made in
    /// their order. Negative for a detour, and for a step that makes it less even and pays with one that comes
    /// after it. 0 in a drain.
    gain: BigInt,
    /// What it holds of memory: that much is copied if it runs, and what it writes meanwhile again.
    memory_bytes: Bytes,
    /// What it holds of disk. What was never written isn't copied.
    disk_bytes: Bytes,
    /// Whether it goes there only to make room, and on from there.
    is_detour: bool,
}

#[ComplexObject]
impl MoveStep {
    /// Its global id, for `fleetRebalanceApply`.
    async fn virtual_machine_id(&self) -> ID {
        global(self.of.virtual_machine_id)
    }

    /// Which. Needs the scope `tenant:read` too.
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
    /// Its global id.
    async fn virtual_machine_id(&self) -> ID {
        global(self.vm)
    }

    /// Which. Needs the scope `tenant:read` too.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<Option<VirtualMachine>> {
        find(ctx, self.vm).await
    }
}

impl From<Moves> for MovePlan {
    fn from(of: Moves) -> Self {
        let step = |of: &Move| MoveStep {
            gain: BigInt(of.gain),
            memory_bytes: Bytes(of.memory_bytes),
            disk_bytes: Bytes(of.disk_bytes),
            is_detour: of.is_detour,
            of: *of,
        };
        let sum = |bytes: fn(&Move) -> i64| of.waves.iter().flatten().map(bytes).sum();
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
            bound: of.bound.map(BigInt),
            memory_bytes: Bytes(sum(|step| step.memory_bytes)),
            disk_bytes: Bytes(sum(|step| step.disk_bytes)),
        }
    }
}

/// Questions about moves.
#[derive(Default)]
pub(crate) struct MovePlanQuery;

#[Object]
impl MovePlanQuery {
    /// How a machine would be emptied. Nothing is moved. Nothing can leave a machine that can't be reached, or
    /// failed: all of it is `left` then, with `UNREACHABLE`. For the provider.
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
        #[graphql(desc = "How much memory the moved virtual machines may hold in all.")]
        most_memory_bytes: Option<Bytes>,
    ) -> Result<Option<MovePlan>> {
        let request = request(ctx);
        let site: SiteId = id("siteId", &site_id)?;
        let mut limits = limits(at_once, Some(most_moves))?;
        if let Some(most) = most_memory_bytes {
            limits.memory = bytes("mostMemoryBytes", most)?;
        }
        let wanted = Rebalance {
            limits,
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
