//! Enrolling a machine.

use berth_model::{
    Error, Machine, MachineEnroll, MachineId, MachineState, NetworkId, Operation, OperationId,
    OperationKind, Result, StoragePoolId, TenantId, message, policy, policy::Action,
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{MachineRow, uri::uri_check};
use crate::{
    Cx, Store, check,
    error::{already_exists, internal},
    idempotency::Begun,
    queue::{NewOperation, OperationRow, Subject},
    rack::RackRow,
    reads::uuids,
    schema::{machine_networks, machines, networks, storage_pools},
    tx::Tx,
};

/// The most networks of a machine.
const NETWORKS_MOST: usize = 16;

impl Store {
    /// Enrols a machine: it is looked at by a worker, and is then `ACTIVE`.
    pub async fn machine_enroll(
        &self,
        cx: &Cx,
        input: MachineEnroll,
    ) -> Result<(Machine, Operation)> {
        policy::check(&cx.actor, Action::FleetWrite)?;
        enroll_check(&input)?;
        let mut tx = self.begin(cx).await?;
        let made = self.machine_enroll_in(&mut tx, cx, &input).await;
        tx.end(made).await
    }

    async fn machine_enroll_in(
        &self,
        tx: &mut Tx,
        cx: &Cx,
        input: &MachineEnroll,
    ) -> Result<(Machine, Operation)> {
        const NAME: &str = "machineEnroll";
        let begun = self
            .idempotency_begin(tx, cx, TenantId::PLATFORM, NAME, input)
            .await?;
        if let Begun::Replay((machine_id, operation_id)) = begun {
            let (machine_id, operation_id): (MachineId, OperationId) = (machine_id, operation_id);
            let operation = OperationRow::read(tx, operation_id).await?;
            return Ok((MachineRow::read(tx, machine_id).await?, operation));
        }
        let rack = RackRow::read(tx, input.rack_id)
            .await
            .map_err(|error| error.at("rackId"))?;
        networks_check(tx, rack.site_id.0, &input.network_ids).await?;
        let id = self.machine_insert(tx, input).await?;
        let new = NewOperation {
            tenant_id: TenantId::PLATFORM,
            kind: OperationKind::MachineEnroll,
            subject: Subject::Machine(id),
            lock_key: id.0,
        };
        let operation = self.operation_enqueue(tx, cx, new).await?;
        self.mutation_end(tx, cx, TenantId::PLATFORM, NAME, &(id, operation.id), id)
            .await?;
        Ok((MachineRow::read(tx, id).await?, operation))
    }

    async fn machine_insert(&self, tx: &mut Tx, input: &MachineEnroll) -> Result<MachineId> {
        let id: MachineId = self.ids.next();
        let now = self.clock.now();
        diesel::insert_into(machines::table)
            .values((
                machines::id.eq(id.0),
                machines::rack_id.eq(input.rack_id.0),
                machines::name.eq(&input.name),
                machines::uri.eq(&input.uri),
                machines::state.eq(MachineState::Enrolling.as_str()),
                machines::guest_type.eq(input.guest_type.as_str()),
                machines::vcpu_overcommit_percent.eq(input.vcpu_overcommit_percent),
                machines::memory_reserve_bytes.eq(input.memory_reserve_bytes),
                machines::created_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(already_exists(&[
                (
                    "machines_name_key",
                    "name",
                    "There is a machine of this name already.",
                ),
                (
                    "machines_uri_key",
                    "uri",
                    "The machine of this URI is enrolled already.",
                ),
            ]))?;
        let on: Vec<_> = (input.network_ids.iter())
            .map(|network| {
                (
                    machine_networks::machine_id.eq(id.0),
                    machine_networks::network_id.eq(network.0),
                )
            })
            .collect();
        diesel::insert_into(machine_networks::table)
            .values(on)
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        diesel::insert_into(storage_pools::table)
            .values((
                storage_pools::id.eq(self.ids.next::<StoragePoolId>().0),
                storage_pools::machine_id.eq(id.0),
                storage_pools::name.eq(&input.storage_pool),
                storage_pools::created_at.eq(now),
            ))
            .execute(&mut **tx)
            .await
            .map_err(internal)?;
        Ok(id)
    }
}

fn enroll_check(input: &MachineEnroll) -> Result<()> {
    let mut bytes = input.name.bytes();
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let named = (1..=63).contains(&input.name.len())
        && bytes.next().is_some_and(plain)
        && bytes.all(|byte| plain(byte) || byte == b'.' || byte == b'-');
    if !named {
        return Err(Error::invalid(
            "name",
            "Give the host name: 1 to 63 of a-z, 0-9, dot and hyphen, such as m1.example.org.",
        ));
    }
    uri_check(&input.uri)?;
    check::text("storagePool", &input.storage_pool, 100)?;
    super::update::overcommit_check(input.vcpu_overcommit_percent)?;
    super::update::reserve_check(input.memory_reserve_bytes)?;
    let mut networks = input.network_ids.clone();
    networks.sort_unstable();
    networks.dedup();
    if networks.len() != input.network_ids.len() || !(1..=NETWORKS_MOST).contains(&networks.len()) {
        return Err(Error::invalid(
            "networkIds",
            message!(
                "Name each network that the machine is on once: 1 to {most}.",
                most = NETWORKS_MOST
            ),
        ));
    }
    Ok(())
}

async fn networks_check(tx: &mut Tx, site_id: Uuid, ids: &[NetworkId]) -> Result<()> {
    let sites: Vec<Uuid> = networks::table
        .filter(networks::id.eq_any(uuids(ids)))
        .select(networks::site_id)
        .load(&mut **tx)
        .await
        .map_err(internal)?;
    if sites.len() < ids.len() {
        return Err(Error::not_found("network").at("networkIds"));
    }
    if sites.iter().any(|site| *site != site_id) {
        return Err(Error::invalid(
            "networkIds",
            "Give networks of the site that the rack is in.",
        ));
    }
    Ok(())
}
