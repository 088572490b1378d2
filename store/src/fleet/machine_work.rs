//! The machine that an enrolment looks at.

use berth_model::{Error, ErrorCode, Machine, Result, StoragePool};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::{
    Claim, Store,
    error::internal,
    machine::MachineRow,
    schema::{machines, operations, storage_pools},
    storage_pool::StoragePoolRow,
};

/// A machine that an operation works on.
#[derive(Clone, Debug)]
pub struct MachineWork {
    /// It.
    pub machine: Machine,
    /// Its storage pool.
    pub pool: StoragePool,
}

impl Store {
    /// The machine that the claimed operation works on.
    pub async fn machine_work(&self, claim: &Claim) -> Result<MachineWork> {
        let mut tx = self.begin_worker(&claim.worker).await?;
        let found: Result<Option<(MachineRow, StoragePoolRow)>> = machines::table
            .inner_join(operations::table.on(operations::machine_id.eq(machines::id.nullable())))
            .inner_join(storage_pools::table.on(storage_pools::machine_id.eq(machines::id)))
            .filter(operations::id.eq(claim.operation_id.0))
            .filter(operations::claim_number.eq(claim.claim_number))
            .filter(operations::state.eq("RUNNING"))
            .order(storage_pools::id)
            .select((MachineRow::as_select(), StoragePoolRow::as_select()))
            .first(&mut *tx)
            .await
            .optional()
            .map_err(internal);
        let (machine, pool) = tx.end(found).await?.ok_or_else(|| {
            Error::new(
                ErrorCode::ClaimLost,
                "Another worker has taken this operation over.",
            )
        })?;
        Ok(MachineWork {
            machine: machine.try_into()?,
            pool: pool.into(),
        })
    }
}
