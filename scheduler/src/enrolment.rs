//! The executor of enrolments: looks at a machine, and writes what it has.

use std::sync::Arc;

use async_trait::async_trait;
use berth_model::{Error, OperationKind, Result, bytes_text};
use berth_operations::{Executor, Step, StepEnd, StepError, Work};

use crate::{Fleet, observe::observe};

/// Enrols machines.
#[derive(Debug)]
pub struct MachineExecutor {
    fleet: Arc<Fleet>,
}

impl MachineExecutor {
    /// For this fleet.
    #[must_use]
    pub fn new(fleet: Arc<Fleet>) -> Self {
        Self { fleet }
    }
}

#[async_trait]
impl Executor for MachineExecutor {
    fn kinds(&self) -> &'static [OperationKind] {
        &[OperationKind::MachineEnroll]
    }

    fn steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[
            Step {
                name: "look",
                title: "Look at the machine",
            },
            Step {
                name: "record",
                title: "Write down what it has",
            },
        ]
    }

    fn undo_steps(&self, _kind: OperationKind) -> &'static [Step] {
        &[]
    }

    async fn run(&self, work: &Work, step: &Step) -> Result<StepEnd, StepError> {
        let store = &self.fleet.store;
        let found = store.machine_work(&work.claim).await?;
        let machine = self.fleet.machines.get(&found.machine)?;
        let seen = observe(machine.as_ref(), &found.pool.name).await?;
        if step.name == "look" {
            return Ok(StepEnd::Done(format!(
                "{} of memory, {} CPUs, {} of disk, {} guests",
                bytes_text(seen.observation.memory_bytes),
                seen.observation.cpus,
                bytes_text(seen.observation.pool_capacity_bytes),
                seen.guests.len(),
            )));
        }
        store
            .machine_record(Some(&work.claim), found.machine.id, &seen.observation)
            .await?;
        Ok(StepEnd::Done("It takes virtual machines now".to_owned()))
    }

    async fn gave_up(&self, _work: &Work, _error: &Error) -> Result<()> {
        // It stays ENROLLING, and its operation tells why.
        Ok(())
    }
}
