//! One look at what an operation works on, and what several steps share.

use std::{future::Future, sync::Arc};

use berth_hypervisor::{GuestFacts, Hypervisor};
use berth_model::{
    DeploymentId, Error, ErrorCode, Machine, MachineId, OperationKind, Result, StoragePool,
};
use berth_operations::{StepEnd, StepError, Work};
use berth_store::{DeploymentWork, VmWork};

use crate::{
    Fleet,
    desired::{Desired, desired},
};

/// How a step of this crate ends.
pub(crate) type StepResult = Result<StepEnd, StepError>;

/// An operation with its virtual machine as it is in the database now.
pub(crate) struct Task<'a> {
    pub(crate) fleet: &'a Fleet,
    pub(crate) work: &'a Work,
    pub(crate) vm: VmWork,
    pub(crate) desired: Desired,
    /// The deployment that the operation is about.
    pub(crate) own: DeploymentId,
    pub(crate) is_undo: bool,
}

/// A machine and the pool on it.
pub(crate) struct Host {
    pub(crate) id: MachineId,
    pub(crate) uri: String,
    pub(crate) machine: Arc<dyn Hypervisor>,
    pub(crate) pool: String,
}

impl<'a> Task<'a> {
    pub(crate) async fn load(fleet: &'a Fleet, work: &'a Work, is_undo: bool) -> Result<Self> {
        let own = work.operation.deployment_id.ok_or_else(|| {
            Error::internal(format!("{} is about no deployment", work.operation.id))
        })?;
        let vm = fleet.store.vm_work(&work.claim).await?;
        let desired = desired(&vm, own, is_undo);
        Ok(Self {
            fleet,
            work,
            vm,
            desired,
            own,
            is_undo,
        })
    }

    /// Looks at the database again, after a step inside a step wrote to it.
    pub(crate) async fn reload(&mut self) -> Result<()> {
        self.vm = self.fleet.store.vm_work(&self.work.claim).await?;
        self.desired = desired(&self.vm, self.own, self.is_undo);
        Ok(())
    }

    pub(crate) fn kind(&self) -> OperationKind {
        self.work.operation.kind
    }

    pub(crate) fn own(&self) -> Result<&DeploymentWork> {
        self.deployment(self.own)
    }

    pub(crate) fn deployment(&self, id: DeploymentId) -> Result<&DeploymentWork> {
        let found = self
            .vm
            .deployments
            .iter()
            .find(|item| item.deployment.id == id);
        found.ok_or_else(|| Error::internal(format!("{id} is not on {}", self.vm.vm.id)))
    }

    /// The machine that it is placed on; `None` if it is on none.
    pub(crate) fn host_opt(&self) -> Result<Option<Host>> {
        let Some((machine, pool)) = &self.vm.place else {
            return Ok(None);
        };
        self.open(machine, pool).map(Some)
    }

    pub(crate) fn open(&self, machine: &Machine, pool: &StoragePool) -> Result<Host> {
        Ok(Host {
            id: machine.id,
            uri: machine.uri.clone(),
            machine: self.fleet.machines.get(machine)?,
            pool: pool.name.clone(),
        })
    }

    pub(crate) fn host(&self) -> Result<Host> {
        self.host_opt()?
            .ok_or_else(|| Error::internal(format!("{} is on no machine", self.vm.vm.id)))
    }

    /// The guest, if it is there. A guest with its UUID that Berth didn't make is never touched.
    pub(crate) async fn guest(&self, host: &Host) -> Result<Option<GuestFacts>> {
        let facts = host.machine.guest_get(self.vm.vm.id.0).await?;
        match facts {
            Some(facts) if !facts.is_berths => Err(Error::new(
                ErrorCode::MachineRefused,
                "A virtual machine of somebody else is in the way. Tell support.",
            )
            .because(format!(
                "the guest {} with the UUID of {} isn't Berth's",
                facts.name, self.vm.vm.id
            ))),
            facts => Ok(facts),
        }
    }

    /// Runs a call that destroys something: the claim is checked right before it, and it ends
    /// before the lease does, so that no other worker can have begun meanwhile.
    pub(crate) async fn destroy<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.fleet.store.claim_check(&self.work.claim).await?;
        tokio::time::timeout(self.fleet.config.destroy_limit, call)
            .await
            .unwrap_or_else(|_| {
                Err(Error::new(
                    ErrorCode::MachineUnavailable,
                    "A machine did not answer in time.",
                ))
            })
    }

    pub(crate) fn again(&self, percent: u8, message: &str) -> StepEnd {
        StepEnd::Again {
            after: self.fleet.config.poll,
            percent,
            message: message.to_owned(),
        }
    }
}

pub(crate) fn done(message: impl Into<String>) -> StepResult {
    Ok(StepEnd::Done(message.into()))
}

/// Sizes are never negative in the database; the hypervisor's are unsigned.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
