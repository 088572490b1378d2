//! `machineEnroll` and `machineUpdate`.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use berth_model as model;
use berth_model::{GuestType, MachineState};

use super::{
    input::{bytes, id},
    machine::Machine,
    operation::Operation,
    payload::{UserError, about, settle},
    scalars::Bytes,
    states::State,
};
use crate::context::{Request, request};

/// A new machine.
#[derive(InputObject)]
pub(crate) struct MachineEnrollInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Its host name, unique.
    name: String,
    /// libvirt's connection URI, or `sim:NAME` for a simulated machine: `qemu+ssh` (with `keyfile`
    /// and `no_tty` if need be), `qemu+tls` (with `pkipath`) or `qemu+tcp` with a host, or
    /// `qemu:///system` for the worker's own machine. No password.
    uri: String,
    /// In which rack.
    rack_id: ID,
    /// How guests run on it.
    guest_type: State<GuestType>,
    /// The libvirt storage pool to use.
    storage_pool: String,
    /// The networks it is on: one at least, of its site.
    network_ids: Vec<ID>,
    /// Virtual CPUs that may be sold for a hundred of its CPUs: 100 to 3200.
    #[graphql(default = 400)]
    vcpu_overcommit_percent: i32,
    /// Memory kept for the host itself.
    memory_reserve_bytes: Bytes,
}

/// What `machineEnroll` made, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct MachineEnrollPayload {
    /// The machine, not yet looked at.
    machine: Option<Machine>,
    /// What looks at it.
    operation: Option<Operation>,
    /// Why nothing was made.
    user_errors: Vec<UserError>,
}

/// Changes of a machine; what isn't given stays.
#[derive(InputObject)]
pub(crate) struct MachineUpdateInput {
    /// The caller's own name for this request: repeated with it, the request has one effect.
    idempotency_key: String,
    /// Which machine.
    machine_id: ID,
    /// What is wanted of it. `ENROLLING` can't be asked for, `ACTIVE` only after it was looked at.
    state: Option<State<MachineState>>,
    /// Virtual CPUs that may be sold for a hundred of its CPUs: 100 to 3200, not below what is
    /// sold.
    vcpu_overcommit_percent: Option<i32>,
    /// Memory kept for the host itself, so that no less is left than is sold.
    memory_reserve_bytes: Option<Bytes>,
}

/// What `machineUpdate` changed, or why it didn't.
#[derive(SimpleObject)]
pub(crate) struct MachineUpdatePayload {
    /// The machine.
    machine: Option<Machine>,
    /// Why nothing was changed.
    user_errors: Vec<UserError>,
}

/// Changes of machines.
#[derive(Default)]
pub(crate) struct MachineMutation;

#[Object]
impl MachineMutation {
    /// Makes a machine known and has a worker look at it. For the provider.
    async fn machine_enroll(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new machine.")] input: MachineEnrollInput,
    ) -> Result<MachineEnrollPayload> {
        let (made, user_errors) = settle(enroll(request(ctx), input).await)?;
        let (machine, operation) = made.unzip();
        Ok(MachineEnrollPayload {
            machine: machine.map(Machine),
            operation: operation.map(Operation),
            user_errors,
        })
    }

    /// Changes what is wanted of a machine. For the provider.
    async fn machine_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The changes.")] input: MachineUpdateInput,
    ) -> Result<MachineUpdatePayload> {
        let (machine, user_errors) = settle(update(request(ctx), input).await)?;
        Ok(MachineUpdatePayload {
            machine: machine.map(Machine),
            user_errors,
        })
    }
}

async fn enroll(
    request: &Request,
    input: MachineEnrollInput,
) -> model::Result<(model::Machine, model::Operation)> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let networks = input
        .network_ids
        .iter()
        .map(|network| id("networkIds", network));
    let enroll = model::MachineEnroll {
        name: input.name,
        uri: input.uri,
        rack_id: id("rackId", &input.rack_id)?,
        guest_type: input.guest_type.0,
        storage_pool: input.storage_pool,
        network_ids: networks.collect::<model::Result<_>>()?,
        vcpu_overcommit_percent: input.vcpu_overcommit_percent,
        memory_reserve_bytes: bytes("memoryReserveBytes", input.memory_reserve_bytes)?,
    };
    request.store.machine_enroll(&cx, enroll).await
}

async fn update(request: &Request, input: MachineUpdateInput) -> model::Result<model::Machine> {
    let cx = request.cx_with_key(&input.idempotency_key)?;
    let reserve = input
        .memory_reserve_bytes
        .map(|size| bytes("memoryReserveBytes", size))
        .transpose()?;
    let update = model::MachineUpdate {
        machine_id: id("machineId", &input.machine_id)?,
        state: input.state.map(|state| state.0),
        vcpu_overcommit_percent: input.vcpu_overcommit_percent,
        memory_reserve_bytes: reserve,
    };
    request
        .store
        .machine_update(&cx, update)
        .await
        .map_err(about("machineId"))
}
