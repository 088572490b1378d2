//! Moves of virtual machines between machines, as a rebalance carries them out.

use serde::Serialize;

use crate::{
    ErrorCode, Hindrance, MachineId, OperationId, OperationState, SiteId, VirtualMachineId,
    states::states,
};

states! {
    /// Where a move is.
    pub enum FleetMoveState {
        /// Its wave has not begun.
        Planned = "PLANNED",
        /// It is going on, or waits for a worker.
        Running = "RUNNING",
        /// It runs where it was wanted.
        Done = "DONE",
        /// It was given up: its operation says why.
        Failed = "FAILED",
        /// It was not begun, or given up for something that its owner asked for.
        Skipped = "SKIPPED",
    }
}

states! {
    /// Why a move was not begun, or not brought to its end.
    pub enum MoveSkip {
        /// It isn't where the plan saw it.
        Elsewhere = "ELSEWHERE",
        /// An earlier move of it has not left the machine that it came from.
        Unfinished = "UNFINISHED",
        /// The rebalance was cancelled, or its operation was.
        Cancelled = "CANCELLED",
        /// Its owner asked for something else, which took its place.
        Superseded = "SUPERSEDED",
    }
}

/// What a rebalance does with one virtual machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetMove {
    /// The rebalance.
    pub plan_operation_id: OperationId,
    /// From 0. Moves of one wave run at the same time; the next one begins when they have all ended.
    pub wave: i32,
    /// Which.
    pub virtual_machine_id: VirtualMachineId,
    /// Where it was when the plan was made.
    pub from_machine_id: MachineId,
    /// Where it goes.
    pub to_machine_id: MachineId,
    /// Where it is.
    pub state: FleetMoveState,
    /// What carries it out; none before its wave.
    pub operation_id: Option<OperationId>,
    /// Why it was left out, if it was.
    pub skipped: Option<MoveSkip>,
    /// The rule that it failed for, if one was against it when it was to begin.
    pub hindrance: Option<Hindrance>,
}

impl FleetMoveState {
    /// From why it was left out, and the state of its operation.
    #[must_use]
    pub const fn of(skipped: Option<MoveSkip>, operation: Option<OperationState>) -> Self {
        match (skipped, operation) {
            (Some(_), _) | (None, Some(OperationState::Cancelled)) => Self::Skipped,
            (None, None) => Self::Planned,
            (None, Some(OperationState::Pending | OperationState::Running)) => Self::Running,
            (None, Some(OperationState::Succeeded)) => Self::Done,
            (None, Some(OperationState::Failed)) => Self::Failed,
        }
    }

    /// Whether it has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Skipped)
    }
}

impl MoveSkip {
    /// Why a move was left out whose operation ended in this state with this code, if it was.
    #[must_use]
    pub fn of(operation: OperationState, code: Option<ErrorCode>) -> Option<Self> {
        match (operation, code) {
            (OperationState::Cancelled, Some(ErrorCode::Superseded)) => Some(Self::Superseded),
            (OperationState::Cancelled, _) => Some(Self::Cancelled),
            _ => None,
        }
    }
}

/// A move that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FleetMoveAsked {
    /// Which.
    pub virtual_machine_id: VirtualMachineId,
    /// Where it is.
    pub from_machine_id: MachineId,
    /// Where it goes.
    pub to_machine_id: MachineId,
}

/// Moves that shall be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FleetRebalanceApply {
    /// In which site.
    pub site_id: SiteId,
    /// In waves, one after another.
    pub waves: Vec<Vec<FleetMoveAsked>>,
}

/// What a virtual machine that is being moved holds on a second machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transit {
    /// Which.
    pub machine_id: MachineId,
    /// False: it goes there. True: it came from there, or never got there.
    pub has_left: bool,
}
