//! What must hold of every decision, tried on many fleets.

use berth_model::{MachineId, MachineState, NetworkId, Shortage, SiteId, StoragePoolId, Verdict};
use berth_placement::{
    FleetSnapshot, MachineSnapshot, NetworkNeed, NetworkSnapshot, PoolSnapshot, Request, place,
};
use proptest::prelude::*;
use uuid::Uuid;

const GIB: i64 = 1 << 30;

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128 + 1)
}

fn state() -> impl Strategy<Value = MachineState> {
    prop_oneof![
        6 => Just(MachineState::Active),
        1 => Just(MachineState::Draining),
        1 => Just(MachineState::Maintenance),
        1 => Just(MachineState::Enrolling),
    ]
}

prop_compose! {
    fn machine()(
        site in 0..2usize,
        state in state(),
        is_reachable in prop::bool::weighted(0.9),
        memory in (0..64i64, -4..64i64),
        vcpus in (0..64i64, -4..64i64),
        pools in prop::collection::vec((0..500i64, 0..500i64), 0..3),
        networks in prop::collection::vec(prop::bool::weighted(0.8), 0..3),
        has_image in any::<bool>(),
    ) -> MachineSnapshot {
        let pool = |(index, (limit, used)): (usize, (i64, i64))| PoolSnapshot {
            id: StoragePoolId(id(index)), limit_bytes: limit * GIB, used_bytes: used * GIB,
        };
        let network = |(index, has_free)| NetworkSnapshot { id: NetworkId(id(index)), has_free };
        MachineSnapshot {
            id: MachineId(Uuid::nil()),
            name: String::new(),
            site_id: SiteId(id(site)),
            state,
            is_reachable,
            memory_limit_bytes: memory.0 * GIB,
            memory_used_bytes: (memory.0 - memory.1).max(0) * GIB,
            vcpu_limit: vcpus.0,
            vcpus_used: (vcpus.0 - vcpus.1).max(0),
            pools: pools.into_iter().enumerate().map(pool).collect(),
            networks: networks.into_iter().enumerate().map(network).collect(),
            has_image,
        }
    }
}

fn fleet() -> impl Strategy<Value = FleetSnapshot> {
    prop::collection::vec(machine(), 0..12).prop_map(|mut machines| {
        for (index, machine) in machines.iter_mut().enumerate() {
            machine.id = MachineId(id(index));
            machine.name = format!("m{index}");
            for (number, pool) in machine.pools.iter_mut().enumerate() {
                pool.id = StoragePoolId(id(index * 10 + number));
            }
        }
        FleetSnapshot { machines }
    })
}

prop_compose! {
    fn request()(
        memory in -1..40i64,
        vcpus in -1..40i64,
        disk in -1..300i64,
        needs_network in any::<bool>(),
        pinned in prop::option::weighted(0.3, 0..4usize),
    ) -> Request {
        Request {
            site_id: SiteId(id(0)),
            memory_bytes: memory * GIB,
            vcpus,
            disk_bytes: disk * GIB,
            network: if needs_network { NetworkNeed::Any } else { NetworkNeed::Held },
            pinned: pinned.map(|index| (MachineId(id(index)), StoragePoolId(id(index * 10)))),
        }
    }
}

/// Written down once more, in other words than the filter's.
fn fits_plainly(request: &Request, machine: &MachineSnapshot) -> bool {
    let allowed = machine.state == MachineState::Active
        || (machine.state == MachineState::Draining && request.pinned.is_some());
    let here = request
        .pinned
        .is_none_or(|(pinned, _)| pinned == machine.id);
    let memory = request.memory_bytes <= 0
        || machine.memory_used_bytes + request.memory_bytes <= machine.memory_limit_bytes;
    let vcpus = request.vcpus <= 0 || machine.vcpus_used + request.vcpus <= machine.vcpu_limit;
    let disk = machine.pools.iter().any(|pool| {
        request.pinned.is_none_or(|(_, pinned)| pinned == pool.id)
            && (request.disk_bytes <= 0 || pool.used_bytes + request.disk_bytes <= pool.limit_bytes)
    });
    let network = request.network == NetworkNeed::Held
        || machine.networks.iter().any(|network| network.has_free);
    let site = machine.site_id == request.site_id;
    allowed && here && memory && vcpus && disk && network && site && machine.is_reachable
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_fits_is_chosen_and_nothing_else(request in request(), fleet in fleet()) {
        let decision = place(&request, &fleet);
        prop_assert_eq!(decision.explanation.candidates.len(), fleet.machines.len());
        for candidate in &decision.explanation.candidates {
            let machine = fleet.machines.iter().find(|m| m.id == candidate.machine_id).unwrap();
            let fits = matches!(candidate.verdict, Verdict::Fits { .. });
            prop_assert_eq!(fits, fits_plainly(&request, machine), "{:?}", candidate);
        }
        let any = fleet.machines.iter().any(|machine| fits_plainly(&request, machine));
        prop_assert_eq!(decision.chosen.is_some(), any);
        if let Some(chosen) = decision.chosen {
            let machine = fleet.machines.iter().find(|m| m.id == chosen.machine_id).unwrap();
            prop_assert!(fits_plainly(&request, machine));
            prop_assert!(machine.pools.iter().any(|pool| pool.id == chosen.storage_pool_id));
            prop_assert_eq!(chosen.network_id.is_some(), request.network == NetworkNeed::Any);
        }
    }

    #[test]
    fn the_order_of_the_snapshot_is_irrelevant(
        request in request(),
        (fleet, mixed) in fleet().prop_flat_map(|fleet| {
            let machines = Just(fleet.machines.clone()).prop_shuffle();
            (Just(fleet), machines.prop_map(|machines| FleetSnapshot { machines }))
        }),
    ) {
        let mut mixed = mixed;
        for machine in &mut mixed.machines {
            machine.pools.reverse();
            machine.networks.reverse();
        }
        prop_assert_eq!(place(&request, &fleet), place(&request, &mixed));
    }

    #[test]
    fn a_shortage_is_exactly_what_is_missing(request in request(), fleet in fleet()) {
        for candidate in place(&request, &fleet).explanation.candidates {
            let Verdict::Short { shortages } = candidate.verdict else { continue };
            prop_assert!(!shortages.is_empty());
            let machine = fleet.machines.iter().find(|m| m.id == candidate.machine_id).unwrap();
            if machine.pools.is_empty() {
                continue;
            }
            prop_assert!(fits_plainly(&request, &with(machine, &shortages)));
            for short in 0..shortages.len() {
                let mut less = shortages.clone();
                take_one(&mut less[short]);
                let larger = with(machine, &less);
                prop_assert!(!fits_plainly(&request, &larger), "one less is too little");
            }
        }
    }
}

/// The machine with as much more as is missing.
fn with(machine: &MachineSnapshot, shortages: &[Shortage]) -> MachineSnapshot {
    let mut larger = machine.clone();
    for shortage in shortages {
        match shortage {
            Shortage::Memory { missing } => larger.memory_limit_bytes += missing,
            Shortage::Vcpus { missing } => larger.vcpu_limit += missing,
            Shortage::Disk { missing } => {
                larger
                    .pools
                    .iter_mut()
                    .for_each(|pool| pool.limit_bytes += missing);
            }
        }
    }
    larger
}

fn take_one(shortage: &mut Shortage) {
    match shortage {
        Shortage::Memory { missing } | Shortage::Vcpus { missing } | Shortage::Disk { missing } => {
            *missing -= 1;
        }
    }
}

fn plain(index: usize, memory_used: i64, vcpus_used: i64) -> MachineSnapshot {
    MachineSnapshot {
        id: MachineId(id(index)),
        name: format!("m{index}"),
        site_id: SiteId(id(0)),
        state: MachineState::Active,
        is_reachable: true,
        memory_limit_bytes: 16 * GIB,
        memory_used_bytes: memory_used * GIB,
        vcpu_limit: 16,
        vcpus_used,
        pools: vec![PoolSnapshot {
            id: StoragePoolId(id(index)),
            limit_bytes: GIB,
            used_bytes: 0,
        }],
        networks: vec![NetworkSnapshot {
            id: NetworkId(id(0)),
            has_free: true,
        }],
        has_image: true,
    }
}

fn small() -> Request {
    Request {
        site_id: SiteId(id(0)),
        memory_bytes: GIB,
        vcpus: 1,
        disk_bytes: 1,
        network: NetworkNeed::Any,
        pinned: None,
    }
}

fn chosen(machines: Vec<MachineSnapshot>) -> Option<MachineId> {
    place(&small(), &FleetSnapshot { machines })
        .chosen
        .map(|chosen| chosen.machine_id)
}

#[test]
fn the_fuller_machine_is_filled_first() {
    assert_eq!(
        chosen(vec![plain(0, 2, 2), plain(1, 8, 8)]),
        Some(MachineId(id(1)))
    );
}

#[test]
fn a_balanced_machine_is_better_than_a_lopsided_one() {
    // The same sum is free on both; on the second almost no memory with many CPUs.
    assert_eq!(
        chosen(vec![plain(0, 8, 8), plain(1, 14, 2)]),
        Some(MachineId(id(0)))
    );
}

#[test]
fn the_image_decides_between_equals_and_the_id_after_it() {
    let mut without = plain(0, 4, 4);
    without.has_image = false;
    assert_eq!(
        chosen(vec![without, plain(1, 4, 4)]),
        Some(MachineId(id(1)))
    );
    assert_eq!(
        chosen(vec![plain(1, 4, 4), plain(0, 4, 4)]),
        Some(MachineId(id(0)))
    );
}

#[test]
fn a_refusal_reads_well() {
    let mut draining = plain(2, 0, 0);
    draining.state = MachineState::Draining;
    let fleet = FleetSnapshot {
        machines: vec![draining, plain(1, 16, 16)],
    };
    let text = place(&small(), &fleet).explanation.text();
    assert_eq!(
        text,
        "m1: 1 GiB of memory short, 1 vCPUs short; m2: draining"
    );
}
