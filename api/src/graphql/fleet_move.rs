//! Moves that a rebalance carries out, and asking for them.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{FleetMoveState, MoveSkip};

use super::{
    hindrance::PlacementHindrance,
    input::id,
    machine::Machine,
    noun::{find, find_opt, global},
    operation::Operation,
    payload::{UserError, settle},
    states::State,
    virtual_machine::VirtualMachine,
};
use crate::context::{Request, request};

/// What a rebalance does with one virtual machine.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct FleetMove {
    #[graphql(skip)]
    of: model::FleetMove,
    /// From 0. Moves of one wave run at the same time; the next one begins when they have all ended.
    wave: i32,
    /// Where it is.
    state: State<FleetMoveState>,
    /// Why it was not begun, or not brought to its end; of every move that is `SKIPPED`.
    skipped: Option<State<MoveSkip>>,
    /// Why it failed, if a rule was against it when it was to begin. Whatever else it failed for, its
    /// `operation` says.
    hindrance: Option<PlacementHindrance>,
}

#[ComplexObject]
impl FleetMove {
    /// Its global id.
    async fn virtual_machine_id(&self) -> ID {
        global(self.of.virtual_machine_id)
    }

    /// Which. Needs the scope `tenant:read` too.
    async fn virtual_machine(&self, ctx: &Context<'_>) -> Result<Option<VirtualMachine>> {
        find(ctx, self.of.virtual_machine_id).await
    }

    /// Where it was when the plan was made.
    async fn from(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.of.from_machine_id).await
    }

    /// Where it goes.
    async fn to(&self, ctx: &Context<'_>) -> Result<Option<Machine>> {
        find(ctx, self.of.to_machine_id).await
    }

    /// What carries it out, with its progress and why it failed; none before its wave.
    async fn operation(&self, ctx: &Context<'_>) -> Result<Option<Operation>> {
        find_opt(ctx, self.of.operation_id).await
    }
}

impl From<model::FleetMove> for FleetMove {
    fn from(of: model::FleetMove) -> Self {
        Self {
            wave: of.wave,
            state: State(of.state),
            skipped: of.skipped.map(State),
            hindrance: of.hindrance.as_ref().map(PlacementHindrance::of),
            of,
        }
    }
}

/// How many moves of a rebalance are in each state.
#[derive(Default, SimpleObject)]
pub(crate) struct FleetMoveCounts {
    /// Their wave has not begun.
    planned: i32,
    /// They are going on.
    running: i32,
    /// They arrived.
    done: i32,
    /// They were given up. With any of these the rebalance itself ends as `FAILED`.
    failed: i32,
    /// They were left out. That is no failure: what isn't where the plan saw it has gone elsewhere.
    skipped: i32,
}

impl FleetMoveCounts {
    pub(crate) fn of(moves: &[model::FleetMove]) -> Self {
        let mut counts = Self::default();
        for one in moves {
            *match one.state {
                FleetMoveState::Planned => &mut counts.planned,
                FleetMoveState::Running => &mut counts.running,
                FleetMoveState::Done => &mut counts.done,
                FleetMoveState::Failed => &mut counts.failed,
                FleetMoveState::Skipped => &mut counts.skipped,
            } += 1;
        }
        counts
    }
}

/// A move of one virtual machine.
#[derive(InputObject)]
pub(crate) struct FleetMoveInput {
    /// Which.
    virtual_machine_id: ID,
    /// Where it is: if it is elsewhere by then, it is left there.
    from_machine_id: ID,
    /// Where it goes: a machine of the site.
    to_machine_id: ID,
}

/// Moves that run at the same time.
#[derive(InputObject)]
pub(crate) struct FleetMoveWaveInput {
    /// One at least, each of another virtual machine.
    moves: Vec<FleetMoveInput>,
}

/// A plan to carry out: that of `fleetRebalancePlan` or `machineDrainPlan`, or a part of it.
#[derive(InputObject)]
pub(crate) struct FleetRebalanceApplyInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// In which site.
    site_id: ID,
    /// One after another; 1 to 500 moves in all.
    waves: Vec<FleetMoveWaveInput>,
}

/// What `fleetRebalanceApply` began, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct FleetRebalanceApplyPayload {
    /// What carries the plan out, with its `moves`.
    operation: Option<Operation>,
    /// Why nothing was begun.
    user_errors: Vec<UserError>,
}

/// Changes of where virtual machines are.
#[derive(Default)]
pub(crate) struct FleetMoveMutation;

#[Object]
impl FleetMoveMutation {
    /// Carries a plan of moves out, wave by wave. What runs goes on running; what stands still is
    /// copied. Each move is checked once more when it begins: capacity, caps and the room for
    /// restarts. What is no longer as the plan saw it is left out, and the rest goes on. If a move failed,
    /// the operation ends as `FAILED` with `MOVES_FAILED` when all have ended. Cancelling the operation begins no
    /// more, and ends when the moves that run have ended. One plan of a site is carried out at a time: a second
    /// one is `PENDING` until the one before it has ended, and can be cancelled at once. For the provider.
    async fn fleet_rebalance_apply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The plan.")] input: FleetRebalanceApplyInput,
    ) -> Result<FleetRebalanceApplyPayload> {
        let (operation, user_errors) = settle(apply(request(ctx), input).await)?;
        Ok(FleetRebalanceApplyPayload {
            operation: operation.map(Operation),
            user_errors,
        })
    }
}

async fn apply(
    request: &Request,
    input: FleetRebalanceApplyInput,
) -> model::Result<model::Operation> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let mut waves = Vec::with_capacity(input.waves.len());
    for (number, wave) in input.waves.iter().enumerate() {
        let moves = wave.moves.iter().enumerate();
        let moves =
            moves.map(|(of_wave, one)| asked(&format!("waves.{number}.moves.{of_wave}"), one));
        waves.push(moves.collect::<model::Result<_>>()?);
    }
    let apply = model::FleetRebalanceApply {
        site_id: id("siteId", &input.site_id)?,
        waves,
    };
    request.store.fleet_rebalance_apply(&cx, apply).await
}

fn asked(at: &str, one: &FleetMoveInput) -> model::Result<model::FleetMoveAsked> {
    let field = |name: &str| format!("{at}.{name}");
    Ok(model::FleetMoveAsked {
        virtual_machine_id: id(&field("virtualMachineId"), &one.virtual_machine_id)?,
        from_machine_id: id(&field("fromMachineId"), &one.from_machine_id)?,
        to_machine_id: id(&field("toMachineId"), &one.to_machine_id)?,
    })
}
