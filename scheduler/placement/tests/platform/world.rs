//! Facts by hand, and the claim as the store makes it.

use berth_model::{
    FleetFacts, FleetMachine, FleetNetwork, FleetReservation, GuestType, Machine, MachineId,
    MachineState, NetworkId, PlacementPolicy, RackId, Reservation, ReservationId, SiteId,
    StoragePool, StoragePoolId, TenantId, VirtualMachineId,
};
use berth_placement::{Decision, NetworkNeed, Request, Room};
use uuid::Uuid;

pub const GIB: i64 = 1 << 30;

pub fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

/// In the first site, in a rack of its own, active, with a network and 1,000 GiB of disk.
pub fn machine(index: usize, memory_gib: i64, cpus: i32) -> FleetMachine {
    let machine = Machine {
        id: MachineId(id(index)),
        rack_id: RackId(id(index)),
        name: format!("m{index}"),
        uri: format!("sim:m{index}"),
        state: MachineState::Active,
        guest_type: GuestType::Qemu,
        vcpu_overcommit_percent: 100,
        memory_reserve_bytes: 0,
        memory_bytes: memory_gib * GIB,
        cpus,
        memory_foreign_bytes: 0,
        vcpus_foreign: 0,
        memory_used_bytes: 0,
        vcpus_used: 0,
        cpu_model: None,
        observed_at: Some(chrono::DateTime::UNIX_EPOCH),
        unreachable_since: None,
        created_at: chrono::DateTime::UNIX_EPOCH,
    };
    let pool = StoragePool {
        id: StoragePoolId(id(index)),
        machine_id: machine.id,
        name: "default".to_owned(),
        capacity_bytes: 1_000 * GIB,
        foreign_bytes: 0,
        used_bytes: 0,
    };
    let network = FleetNetwork {
        id: NetworkId(id(0)),
        has_free: true,
    };
    FleetMachine {
        machine,
        version: 1,
        site_id: SiteId(id(0)),
        pool: Some(pool),
        networks: vec![network],
        has_image: false,
    }
}

/// As the store reads them: reservations only where the policy looks at them.
pub fn facts(policy: PlacementPolicy, machines: Vec<FleetMachine>) -> FleetFacts {
    FleetFacts {
        policy,
        site_id: SiteId(id(0)),
        machines,
        reservations: policy.looks_at_reservations().then(Vec::new),
    }
}

pub fn request(tenant: usize, memory_gib: i64, vcpus: i64) -> Request {
    Request {
        tenant_id: TenantId(id(tenant)),
        site_id: SiteId(id(0)),
        room: Room {
            memory_bytes: memory_gib * GIB,
            vcpus,
            disk_bytes: GIB,
        },
        network: NetworkNeed::Any,
        held: None,
    }
}

/// Takes what was decided, as the claim in the store does: counters, versions, the reservation and
/// where it and others would be restarted.
pub fn claim(
    facts: &mut FleetFacts,
    request: &Request,
    decision: &Decision,
) -> Option<Reservation> {
    let chosen = decision.chosen.clone()?;
    for (machine, version) in chosen.relied.iter().flatten() {
        let known = known(facts, *machine);
        assert_eq!(
            known.version, *version,
            "what is relied on is what was seen"
        );
        known.version += 1;
    }
    let before = request.held.as_ref().map(Room::from).unwrap_or_default();
    let known = known(facts, chosen.machine_id);
    known.machine.memory_used_bytes += request.room.memory_bytes - before.memory_bytes;
    known.machine.vcpus_used += i32::try_from(request.room.vcpus - before.vcpus).unwrap();
    if let Some(pool) = &mut known.pool {
        pool.used_bytes += request.room.disk_bytes - before.disk_bytes;
        assert!(pool.used_bytes <= pool.capacity_bytes - pool.foreign_bytes);
    }
    assert!(known.machine.memory_used_bytes <= known.machine.memory_limit_bytes());
    assert!(known.machine.vcpus_used <= known.machine.vcpu_limit());
    let Some(reservations) = &mut facts.reservations else {
        return None;
    };
    for change in &chosen.changes {
        let of = |held: &&mut FleetReservation| held.reservation.id == change.reservation_id;
        let held = reservations.iter_mut().find(of).unwrap();
        assert_eq!(held.restarts, change.before);
        held.restarts = change.after;
    }
    let number = reservations.len();
    let reservation = Reservation {
        id: request
            .held
            .as_ref()
            .map_or(ReservationId(id(number)), |held| held.id),
        tenant_id: request.tenant_id,
        virtual_machine_id: request
            .held
            .as_ref()
            .map_or(VirtualMachineId(id(number)), |held| held.virtual_machine_id),
        machine_id: chosen.machine_id,
        storage_pool_id: chosen.storage_pool_id,
        memory_bytes: request.room.memory_bytes,
        vcpus: i32::try_from(request.room.vcpus).unwrap(),
        disk_bytes: request.room.disk_bytes,
    };
    let held = FleetReservation {
        reservation: reservation.clone(),
        networks: vec![NetworkId(id(0))],
        restarts: chosen.restarts,
        transit: None,
    };
    match reservations
        .iter_mut()
        .find(|one| one.reservation.id == reservation.id)
    {
        Some(one) => *one = held,
        None => reservations.push(held),
    }
    Some(reservation)
}

pub fn known(facts: &mut FleetFacts, machine: MachineId) -> &mut FleetMachine {
    let known = facts
        .machines
        .iter_mut()
        .find(|one| one.machine.id == machine);
    known.unwrap()
}
