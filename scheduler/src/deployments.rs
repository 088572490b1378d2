//! The executor of every kind of deployment operation: which steps a kind has, and who does them.

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{Error, OperationKind, Result};
use berth_operations::{Executor, Step, StepEnd, StepError, Work};

use crate::{Fleet, gave_up, steps, task::Task};

/// Makes a virtual machine what its deployments want.
#[derive(Debug)]
pub struct DeploymentExecutor {
    fleet: Arc<Fleet>,
}

const CONVERGE: &[Step] = &[
    Step {
        name: "place",
        title: "Find room",
    },
    Step {
        name: "image",
        title: "Bring the image",
    },
    Step {
        name: "volumes",
        title: "Prepare the disks",
    },
    Step {
        name: "seed",
        title: "Write the configuration",
    },
    Step {
        name: "define",
        title: "Set up the virtual machine",
    },
    Step {
        name: "start",
        title: "Power on",
    },
    Step {
        name: "probe",
        title: "Wait until the application answers",
    },
    Step {
        name: "finish",
        title: "Finish",
    },
];
const STOP: &[Step] = &[
    Step {
        name: "stop",
        title: "Shut down",
    },
    Step {
        name: "finish",
        title: "Finish",
    },
];
const RESTART: &[Step] = &[
    Step {
        name: "stop",
        title: "Shut down",
    },
    Step {
        name: "start",
        title: "Power on",
    },
    Step {
        name: "probe",
        title: "Wait until the application answers",
    },
    Step {
        name: "finish",
        title: "Finish",
    },
];
const DELETE: &[Step] = &[
    Step {
        name: "stop",
        title: "Shut down",
    },
    Step {
        name: "remove",
        title: "Remove the virtual machine",
    },
    Step {
        name: "release",
        title: "Give the room back",
    },
    Step {
        name: "finish",
        title: "Finish",
    },
];
const PURGE: &[Step] = &[
    Step {
        name: "remove",
        title: "Remove the data",
    },
    Step {
        name: "release",
        title: "Give the room back",
    },
    Step {
        name: "finish",
        title: "Finish",
    },
];
const UNDO: &[Step] = &[
    Step {
        name: "stop",
        title: "Power off",
    },
    Step {
        name: "remove",
        title: "Remove what was made",
    },
    Step {
        name: "release",
        title: "Give the room back",
    },
    Step {
        name: "undone",
        title: "Finish",
    },
];

impl DeploymentExecutor {
    /// For this fleet.
    #[must_use]
    pub fn new(fleet: Arc<Fleet>) -> Self {
        Self { fleet }
    }
}

#[async_trait]
impl Executor for DeploymentExecutor {
    fn kinds(&self) -> &'static [OperationKind] {
        use OperationKind as K;
        &[
            K::DeploymentCreate,
            K::DeploymentStart,
            K::DeploymentStop,
            K::DeploymentRestart,
            K::DeploymentResize,
            K::DeploymentDelete,
            K::DeploymentRestore,
            K::DeploymentPurge,
            K::DeploymentRepair,
            K::DeploymentRebuild,
        ]
    }

    fn steps(&self, kind: OperationKind) -> &'static [Step] {
        use OperationKind as K;
        match kind {
            K::DeploymentStop => STOP,
            K::DeploymentRestart => RESTART,
            K::DeploymentDelete => DELETE,
            K::DeploymentPurge => PURGE,
            K::DeploymentCreate
            | K::DeploymentStart
            | K::DeploymentResize
            | K::DeploymentRestore
            | K::DeploymentRepair
            | K::DeploymentRebuild => CONVERGE,
            K::DeploymentMove | K::MachineEnroll | K::FleetRebalance => &[],
        }
    }

    fn undo_steps(&self, kind: OperationKind) -> &'static [Step] {
        if kind.can_be_undone() { UNDO } else { &[] }
    }

    async fn run(&self, work: &Work, step: &Step) -> Result<StepEnd, StepError> {
        let is_undo = self.undo_steps(work.operation.kind).contains(step);
        let mut task = Task::load(&self.fleet, work, is_undo).await?;
        steps::run(&mut task, step.name).await
    }

    async fn gave_up(&self, work: &Work, error: &Error) -> Result<()> {
        gave_up::deployment(&self.fleet, work, error).await
    }
}
