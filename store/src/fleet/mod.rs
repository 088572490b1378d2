//! What a worker reads and writes about virtual machines, reservations, addresses and machines.
//!
//! Whatever writes for an operation takes its [`Claim`](crate::Claim) and checks it in the same
//! transaction, so that a worker that lost its lease changes nothing. Locks are taken in the order
//! virtual machine, operation, machines that a decision relied on, reservations, machine, pool. Free
//! addresses are taken between, without waiting for any.

mod address;
mod checks;
mod counters;
mod housekeeping;
mod limits;
mod machine_work;
mod moves;
mod observation;
mod place;
mod release;
mod relied;
mod reservation;
mod settle;
mod snapshot;
mod state;
mod transit;
mod work;

use berth_model::{Result, Scope, TenantId, VirtualMachineId};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use checks::{GuestExpected, GuestWanted, MachineToCheck};
pub use counters::CounterMismatch;
pub use housekeeping::Purged;
pub use machine_work::MachineWork;
pub use moves::MovesProgress;
pub use release::ReleaseMode;
pub use relied::Relied;
pub use reservation::{ClaimOutcome, ReservationRequest};
pub use settle::Settling;
pub use transit::{Arrived, TransitRequest, TransitWork};
pub use work::{DeploymentWork, VmWork};

use crate::{Claim, Cx, Store, error::internal, schema::virtual_machines, tx::Tx};

impl Store {
    /// A transaction of a worker that holds no claim.
    pub(crate) async fn begin_worker(&self, name: &str) -> Result<Tx> {
        self.begin_scope(Scope::Worker, &Cx::worker(name)).await
    }

    /// A transaction of a claim that still holds; the operation's row stays locked until its end.
    pub(crate) async fn begin_claimed(&self, claim: &Claim) -> Result<Tx> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        match self.claim_hold(&mut tx, claim).await {
            Ok(()) => Ok(tx),
            Err(lost) => tx.end(Err(lost)).await,
        }
    }
}

/// Locks a virtual machine: the first lock of whatever changes it. Whose it is.
async fn vm_lock(tx: &mut Tx, vm: VirtualMachineId) -> Result<TenantId> {
    let tenant: Uuid = virtual_machines::table
        .find(vm.0)
        .select(virtual_machines::tenant_id)
        .for_update()
        .first(&mut **tx)
        .await
        .map_err(internal)?;
    Ok(tenant.into())
}

/// Commits what is held; of a claim that was lost nothing is kept.
async fn claim_end(tx: Tx, taken: Result<ClaimOutcome>) -> Result<ClaimOutcome> {
    match taken {
        Ok(lost @ ClaimOutcome::Lost(_)) => {
            tx.rollback().await;
            Ok(lost)
        }
        taken => tx.end(taken).await,
    }
}
