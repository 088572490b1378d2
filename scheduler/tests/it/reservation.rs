//! The claim on capacity under races, on the store alone.

use std::sync::Arc;

use berth_model::{MachineObservation, OperationKind};
use berth_store::{Claim, ClaimOutcome, ClaimRequest, ReleaseMode, ReservationRequest, VmWork};
use chrono::TimeDelta;
use uuid::Uuid;

use crate::world::{GIB, Size, World};

const KINDS: &[OperationKind] = &[OperationKind::DeploymentCreate];

/// The next operation, with its virtual machine.
pub async fn claim(world: &World) -> (Claim, VmWork) {
    let request = ClaimRequest {
        worker: "racer",
        lease: TimeDelta::minutes(5),
        kinds: KINDS,
        per_tenant_limit: 1000,
    };
    let (_, claim) = world
        .store
        .operation_claim(&request)
        .await
        .unwrap()
        .unwrap();
    let work = world.store.vm_work(&claim).await.unwrap();
    (claim, work)
}

pub async fn pool(world: &World) -> berth_model::StoragePoolId {
    let ids = [world.machines[0].id];
    let pools = world
        .store
        .storage_pool_by_machine_ids(&world.platform, &ids)
        .await
        .unwrap();
    pools[&ids[0]][0].id
}

pub fn request(
    world: &World,
    work: &VmWork,
    pool: berth_model::StoragePoolId,
) -> ReservationRequest {
    ReservationRequest {
        virtual_machine_id: work.vm.id,
        machine_id: world.machines[0].id,
        storage_pool_id: pool,
        alternatives: Vec::new(),
        network_id: Some(world.network.id),
        memory_bytes: GIB,
        vcpus: 1,
        disk_bytes: 2 * GIB,
        relied: None,
        explanation: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_claims_never_exceed_and_counters_are_sums() {
    let mut world = World::sized(Size {
        machines: 1,
        memory_gib: 10,
        ..Size::default()
    })
    .await;
    world.workers_stop().await;
    for number in 0..40 {
        world
            .order(&world.catalogue.small, &format!("r{number}"))
            .await;
    }
    let mut claims = Vec::new();
    for _ in 0..40 {
        claims.push(claim(&world).await);
    }
    let pool = pool(&world).await;
    let world = Arc::new(world);
    let mut racers = tokio::task::JoinSet::new();
    for (index, (claim, work)) in claims.into_iter().enumerate() {
        let world = world.clone();
        racers.spawn(async move {
            let request = request(&world, &work, pool);
            let mut outcomes = 0;
            // Claims, repeats, releases and claims again, as the index has it.
            for round in 0..3 {
                let outcome = world
                    .store
                    .reservation_claim(&claim, &request)
                    .await
                    .unwrap();
                let again = world
                    .store
                    .reservation_claim(&claim, &request)
                    .await
                    .unwrap();
                assert!(outcome != ClaimOutcome::Held || again == ClaimOutcome::Held);
                outcomes = usize::from(again == ClaimOutcome::Held);
                let machine = world.machine(world.machines[0].id).await;
                assert!(machine.memory_used_bytes <= 10 * GIB);
                if round < 2 && (index + round) % 2 == 0 {
                    let mode = ReleaseMode::All {
                        quarantine: TimeDelta::zero(),
                    };
                    world
                        .store
                        .reservation_release(&claim, work.vm.id, mode)
                        .await
                        .unwrap();
                }
            }
            outcomes
        });
    }
    let held: usize = racers.join_all().await.into_iter().sum();
    assert_eq!(held, 10);
    let mismatches = world.store.counters_check(&world.platform).await.unwrap();
    assert!(mismatches.is_empty(), "{mismatches:?}");
    assert_eq!(
        world.machine(world.machines[0].id).await.memory_used_bytes,
        10 * GIB
    );
    let addresses = world.addresses().await;
    let held = addresses
        .iter()
        .filter(|address| address.virtual_machine_id.is_some());
    assert_eq!(held.count(), 20, "an IPv4 and an IPv6 address each");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_claim_changes_nothing() {
    let mut world = World::sized(Size {
        machines: 1,
        ..Size::default()
    })
    .await;
    world.workers_stop().await;
    world.order(&world.catalogue.small, "one").await;
    let (mut claim, work) = claim(&world).await;
    claim.claim_number -= 1;
    let pool = pool(&world).await;
    let error = world
        .store
        .reservation_claim(&claim, &request(&world, &work, pool))
        .await;
    assert_eq!(error.unwrap_err().code(), berth_model::ErrorCode::ClaimLost);
    assert_eq!(
        world.store.vm_work(&claim).await.unwrap_err().code(),
        berth_model::ErrorCode::ClaimLost
    );
    assert_eq!(
        world.machine(world.machines[0].id).await.memory_used_bytes,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_lost_memory_has_no_room_and_no_broken_counter() {
    let world = World::sized(Size {
        machines: 1,
        memory_gib: 4,
        ..Size::default()
    })
    .await;
    world.running(&world.catalogue.large, "large").await;
    let seen = |host_uuid: Uuid, memory: i64| MachineObservation {
        host_uuid,
        memory_bytes: memory,
        cpus: 64,
        cpu_model: None,
        memory_foreign_bytes: 0,
        vcpus_foreign: 0,
        pool_capacity_bytes: 4096 * GIB,
        pool_foreign_bytes: 0,
    };
    let id = world.machines[0].id;
    let host = world
        .simulated(&world.machines[0])
        .state()
        .unwrap()
        .host_uuid;
    world
        .store
        .machine_record(None, id, &seen(host, 2 * GIB))
        .await
        .unwrap();
    let machine = world.machine(id).await;
    assert_eq!(machine.memory_limit_bytes(), 2 * GIB);
    assert_eq!(machine.memory_used_bytes, 3 * GIB);
    let other = world
        .store
        .machine_record(None, id, &seen(Uuid::from_u128(1), 4 * GIB))
        .await;
    assert_eq!(
        other.unwrap_err().code(),
        berth_model::ErrorCode::MachineRefused
    );
}
