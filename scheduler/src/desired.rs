//! What a virtual machine shall be: a pure function of what its deployments want.

use berth_model::{DeploymentId, DeploymentState, DesiredState, VolumeState};
use berth_store::{DeploymentWork, VmWork};

const MIB: i64 = 1 << 20;

/// What a virtual machine shall be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Desired {
    /// The deployments that shall run, in the order of their ids. The guest is on if there are
    /// some.
    pub running: Vec<DeploymentId>,
    /// Those and the stopped ones: they count for its size, and their data volumes are attached.
    /// The guest is there if there are some.
    pub alive: Vec<DeploymentId>,
    /// In bytes, whole MiB.
    pub memory_bytes: i64,
    /// Virtual CPUs.
    pub vcpus: i32,
    /// What all of its volumes may grow to, in bytes, with the data of deleted deployments.
    pub disk_bytes: i64,
}

impl Desired {
    /// Whether the guest is on.
    #[must_use]
    pub fn is_on(&self) -> bool {
        !self.running.is_empty()
    }

    /// Whether there is a guest.
    #[must_use]
    pub fn is_there(&self) -> bool {
        !self.alive.is_empty()
    }
}

/// What the virtual machine shall be for an operation on the deployment `own`. `without_own` when
/// the deployment's creation is undone.
#[must_use]
pub fn desired(work: &VmWork, own: DeploymentId, without_own: bool) -> Desired {
    let mut desired = Desired {
        running: Vec::new(),
        alive: Vec::new(),
        memory_bytes: 0,
        vcpus: 0,
        disk_bytes: 0,
    };
    for item in &work.deployments {
        let id = item.deployment.id;
        if is_alive(item, own, without_own) {
            desired.alive.push(id);
            desired.memory_bytes += (item.plan.memory_bytes + MIB - 1) / MIB * MIB;
            desired.vcpus += item.plan.vcpus;
            desired.disk_bytes += data_bytes(item);
            if item.deployment.desired_state == DesiredState::Running {
                desired.running.push(id);
            }
        } else if item.data.state == VolumeState::Present {
            desired.disk_bytes += item.data.size_bytes;
        }
    }
    if desired.is_there() {
        desired.disk_bytes += work.system.size_bytes;
    }
    desired
}

/// What a deployment's data volume shall be, in bytes. It never shrinks.
#[must_use]
pub fn data_bytes(item: &DeploymentWork) -> i64 {
    item.data.size_bytes.max(item.plan.data_bytes)
}

/// A deployment whose own creation waits, or for which there was no room, has no part in its
/// neighbours' operations.
fn is_alive(item: &DeploymentWork, own: DeploymentId, without_own: bool) -> bool {
    let is_own = item.deployment.id == own;
    let is_wanted = matches!(
        item.deployment.desired_state,
        DesiredState::Running | DesiredState::Stopped
    );
    let is_outside = matches!(
        item.deployment.state,
        DeploymentState::Ordered | DeploymentState::Refused
    );
    is_wanted && if is_own { !without_own } else { !is_outside }
}
