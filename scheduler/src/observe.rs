//! A look at a machine: what it has, and what on it isn't Berth's.

use berth_hypervisor::{GuestFacts, GuestPower, Hypervisor};
use berth_model::{Error, MachineObservation, Result};

use crate::names;

/// What was found.
pub(crate) struct Seen {
    pub(crate) observation: MachineObservation,
    pub(crate) guests: Vec<GuestFacts>,
}

pub(crate) async fn observe(machine: &dyn Hypervisor, pool: &str) -> Result<Seen> {
    let facts = machine.machine_facts().await?;
    let pool_facts = machine.pool_facts(pool).await?;
    let volumes = machine.volume_list(pool).await?;
    let guests = machine.guest_list().await?;
    let foreign = || {
        guests
            .iter()
            .filter(|guest| !guest.is_berths && guest.power == GuestPower::On)
    };
    // Images are Berth's, and yet no reservation counts them: they are used space like any other.
    let reserved: u64 = volumes
        .iter()
        .filter(|volume| names::is_reserved(&volume.name))
        .map(|volume| volume.allocated_bytes)
        .sum();
    let observation = MachineObservation {
        host_uuid: facts.host_uuid,
        memory_bytes: signed(facts.memory_bytes)?,
        cpus: i32::try_from(facts.cpus).map_err(Error::internal)?,
        cpu_model: facts.cpu_model,
        memory_foreign_bytes: signed(foreign().map(|guest| guest.memory_bytes).sum())?,
        vcpus_foreign: i32::try_from(foreign().map(|guest| guest.vcpus).sum::<u32>())
            .map_err(Error::internal)?,
        pool_capacity_bytes: signed(pool_facts.capacity_bytes)?,
        pool_foreign_bytes: signed(pool_facts.allocated_bytes.saturating_sub(reserved))?,
    };
    Ok(Seen {
        observation,
        guests,
    })
}

fn signed(number: u64) -> Result<i64> {
    i64::try_from(number).map_err(Error::internal)
}
