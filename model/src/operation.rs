//! Operations: long-running work with steps, progress and events.

use crate::{DeploymentId, MachineId, OperationId, SiteId, TenantId, Timestamp, states::states};

states! {
    /// What an operation makes true.
    pub enum OperationKind {
        /// A new deployment runs.
        DeploymentCreate = "DEPLOYMENT_CREATE",
        /// It runs again.
        DeploymentStart = "DEPLOYMENT_START",
        /// It stands still.
        DeploymentStop = "DEPLOYMENT_STOP",
        /// It was off and runs.
        DeploymentRestart = "DEPLOYMENT_RESTART",
        /// It has its plan's size.
        DeploymentResize = "DEPLOYMENT_RESIZE",
        /// It is gone but for its data.
        DeploymentDelete = "DEPLOYMENT_DELETE",
        /// It is back with its data.
        DeploymentRestore = "DEPLOYMENT_RESTORE",
        /// Its data is gone too: the retention time is over.
        DeploymentPurge = "DEPLOYMENT_PURGE",
        /// It is as wanted again, after a difference was found or a retry was asked for.
        DeploymentRepair = "DEPLOYMENT_REPAIR",
        /// It has a new system disk, and its data.
        DeploymentRebuild = "DEPLOYMENT_REBUILD",
        /// It runs on another machine, and never stood still.
        DeploymentMove = "DEPLOYMENT_MOVE",
        /// A machine is known with its capacity.
        MachineEnroll = "MACHINE_ENROLL",
        /// Virtual machines of a site are where a plan wanted them.
        FleetRebalance = "FLEET_REBALANCE",
    }
}

states! {
    /// Where an operation is.
    pub enum OperationState {
        /// Waits for a worker, or for its next try.
        Pending = "PENDING",
        /// A worker has it.
        Running = "RUNNING",
        /// Done.
        Succeeded = "SUCCEEDED",
        /// Given up, with a code and a message.
        Failed = "FAILED",
        /// Cancelled or superseded.
        Cancelled = "CANCELLED",
    }
}

states! {
    /// Where a step is.
    pub enum StepState {
        /// Not begun.
        Pending = "PENDING",
        /// Begun.
        Running = "RUNNING",
        /// Done.
        Done = "DONE",
        /// Failed.
        Failed = "FAILED",
        /// Needless: the operation ended before it.
        Skipped = "SKIPPED",
    }
}

states! {
    /// What an event tells.
    pub enum OperationEventKind {
        /// Accepted.
        Enqueued = "ENQUEUED",
        /// A worker took it.
        Claimed = "CLAIMED",
        /// A step began.
        StepStarted = "STEP_STARTED",
        /// A step goes on.
        StepProgress = "STEP_PROGRESS",
        /// A step ended well.
        StepDone = "STEP_DONE",
        /// A step failed.
        StepFailed = "STEP_FAILED",
        /// It is tried again later.
        Retry = "RETRY",
        /// A worker that stops gave it back.
        HandedBack = "HANDED_BACK",
        /// A cancel was asked for.
        CancelRequested = "CANCEL_REQUESTED",
        /// A later operation made it needless.
        Superseded = "SUPERSEDED",
        /// It ended well.
        Succeeded = "SUCCEEDED",
        /// It was given up.
        Failed = "FAILED",
        /// It was cancelled, and what it had made is undone.
        Cancelled = "CANCELLED",
    }
}

impl OperationKind {
    /// Whether `operationCancel` undoes it while it runs. Only what made something new can be undone
    /// without touching anything an operator owns.
    #[must_use]
    pub const fn can_be_undone(self) -> bool {
        matches!(self, Self::DeploymentCreate)
    }

    /// Whether `operationCancel` stops it while it runs: what it did stays, and what has not begun is
    /// left out.
    #[must_use]
    pub const fn can_be_stopped(self) -> bool {
        matches!(self, Self::FleetRebalance)
    }
}

impl OperationState {
    /// Whether it has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

/// One long-running piece of work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Whose; the platform's own work is the platform tenant's.
    pub tenant_id: TenantId,
    /// What it makes true.
    pub kind: OperationKind,
    /// Where it is.
    pub state: OperationState,
    /// What it works on, if a deployment.
    pub deployment_id: Option<DeploymentId>,
    /// What it works on, if a machine.
    pub machine_id: Option<MachineId>,
    /// What it works on, if a site.
    pub site_id: Option<SiteId>,
    /// How often a worker has taken it.
    pub attempts: i32,
    /// Grows with every claim.
    pub claim_number: i64,
    /// Not tried before.
    pub run_after: Timestamp,
    /// A cancel was asked for.
    pub cancel_requested_at: Option<Timestamp>,
    /// A later operation made it needless.
    pub superseded_at: Option<Timestamp>,
    /// Number of its newest event.
    pub last_event: i64,
    /// Why it failed: an [`crate::ErrorCode`]'s name.
    pub error_code: Option<String>,
    /// Why it failed, for people.
    pub error_message: Option<String>,
    /// The request that asked for it, for logs.
    pub request_id: Option<String>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first claimed.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// A step of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationStep {
    /// From 0.
    pub ordinal: i32,
    /// Stable, lower case.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where it is.
    pub state: StepState,
    /// How often it began.
    pub attempts: i32,
    /// What it last said.
    pub message: Option<String>,
    /// When it first began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// What happened to an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationEvent {
    /// Of which operation.
    pub operation_id: OperationId,
    /// From 1, without gaps.
    pub number: i64,
    /// What it tells.
    pub kind: OperationEventKind,
    /// The step it is about.
    pub step: Option<String>,
    /// Of the whole operation, 0 to 100.
    pub percent: i32,
    /// For people.
    pub message: String,
    /// When.
    pub at: Timestamp,
}
