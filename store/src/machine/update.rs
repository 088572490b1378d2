//! Changing what the provider wants of a machine.

use berth_model::{
    Error, ErrorCode, Machine, MachineId, MachineState, MachineUpdate, Result, TenantId, policy,
    policy::Action,
};
use diesel::{prelude::*, result::DatabaseErrorKind, result::Error as DieselError};
use diesel_async::RunQueryDsl;

use super::MachineRow;
use crate::{
    Cx, Store, check,
    error::{internal, not_found},
    idempotency::Begun,
    schema::machines,
    tx::Tx,
};

#[derive(AsChangeset)]
#[diesel(table_name = machines)]
struct Changes {
    state: Option<&'static str>,
    vcpu_overcommit_percent: Option<i32>,
    memory_reserve_bytes: Option<i64>,
}

impl Store {
    /// Changes what the provider wants of a machine.
    pub async fn machine_update(&self, cx: &Cx, input: MachineUpdate) -> Result<Machine> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        input
            .vcpu_overcommit_percent
            .map_or(Ok(()), overcommit_check)?;
        input.memory_reserve_bytes.map_or(Ok(()), reserve_check)?;
        if input.state == Some(MachineState::Enrolling) {
            return Err(Error::invalid(
                "state",
                "A machine is ENROLLING only until it was looked at.",
            ));
        }
        let mut tx = self.begin(cx).await?;
        let made = self.machine_update_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn machine_update_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &MachineUpdate,
    ) -> Result<Machine> {
        const NAME: &str = "machineUpdate";
        let id = input.machine_id;
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay(id) = begun {
            let id: MachineId = id;
            return MachineRow::read(tx, id).await;
        }
        let machine = MachineRow::lock(tx, id)
            .await
            .map_err(|error| error.at("machineId"))?;
        if input.state == Some(MachineState::Active) && machine.memory_bytes == 0 {
            return Err(Error::new(
                ErrorCode::WrongState,
                "The machine was not looked at yet. Wait for its enrolment to end.",
            )
            .at("state"));
        }
        let changes = Changes {
            state: input.state.map(MachineState::as_str),
            vcpu_overcommit_percent: input.vcpu_overcommit_percent,
            memory_reserve_bytes: input.memory_reserve_bytes,
        };
        diesel::update(machines::table.find(id.0))
            .set((changes, machines::version.eq(machines::version + 1)))
            .execute(&mut **tx)
            .await
            .map_err(oversold)?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &id, id)
            .await?;
        MachineRow::read(tx, id).await
    }
}

impl MachineRow {
    async fn lock(tx: &mut Tx, id: MachineId) -> Result<Machine> {
        let row: Result<Self, _> = machines::table
            .find(id.0)
            .select(Self::as_select())
            .for_no_key_update()
            .first(&mut **tx)
            .await;
        row.map_err(not_found("machine"))?.try_into()
    }
}

/// The checks in the schema are the last word on what may be sold.
fn oversold(cause: DieselError) -> Error {
    let constraint = match &cause {
        DieselError::DatabaseError(DatabaseErrorKind::CheckViolation, info) => {
            info.constraint_name()
        }
        _ => None,
    };
    let (field, message) = match constraint {
        Some("machines_memory") => (
            "memoryReserveBytes",
            "More memory is sold on the machine than this would leave. Keep less for the host.",
        ),
        Some("machines_vcpus") => (
            "vcpuOvercommitPercent",
            "More virtual CPUs are sold on the machine than this would allow. Allow more.",
        ),
        _ => return internal(cause),
    };
    Error::invalid(field, message).because(cause)
}

pub(super) fn overcommit_check(percent: i32) -> Result<()> {
    check::range("vcpuOvercommitPercent", percent, 100, 3200, " percent")
}

pub(super) fn reserve_check(bytes: i64) -> Result<()> {
    check::range("memoryReserveBytes", bytes, 0, check::BYTES_MOST, " bytes")
}
