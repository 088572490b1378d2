//! A policy that looks at more than one machine: a claim carries the versions of all that its
//! decision relied on.

use std::collections::BTreeMap;

use berth_model::{
    DeploymentState, FailureDomain, FleetFacts, MachineId, OperationState, PlacementPolicy,
};
use berth_placement::{Decision, NetworkNeed, Platform, Request, Room};
use berth_store::{
    Claim, ClaimOutcome, IdempotencyKey, ReleaseMode, Relied, ReservationRequest, VmWork,
};

use crate::{
    reservation::claim,
    world::{GIB, Size, World},
};

pub const SURVIVE: PlacementPolicy = PlacementPolicy {
    survive: Some(FailureDomain::Machine),
    failures: 1,
    tenant_cap: None,
    is_spread: false,
};

pub async fn policy_set(world: &World, wanted: PlacementPolicy) {
    let key = IdempotencyKey::parse("policy").unwrap();
    let cx = world.platform.clone().with_key(key);
    let set = world.store.placement_policy_set(&cx, wanted).await.unwrap();
    assert_eq!(set, wanted);
}

pub async fn facts(world: &World) -> FleetFacts {
    let site = world.site.id;
    world
        .store
        .fleet_facts(&world.platform, site, None)
        .await
        .unwrap()
}

/// Each machine fails, by sums.
pub fn check_failures(facts: &FleetFacts) {
    let limits: BTreeMap<MachineId, i64> = facts
        .machines
        .iter()
        .map(|known| (known.machine.id, known.machine.memory_limit_bytes()))
        .collect();
    for failed in limits.keys() {
        let mut memory: BTreeMap<MachineId, i64> = BTreeMap::new();
        for held in facts.reservations.as_ref().unwrap() {
            let of = &held.reservation;
            let place = match of.machine_id == *failed && of.memory_bytes > 0 {
                true => held.restarts[0].expect("a place to be restarted"),
                false => of.machine_id,
            };
            *memory.entry(place).or_default() += of.memory_bytes;
        }
        for (machine, memory) in memory {
            assert!(memory <= limits[&machine]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_restarted_is_not_sold_whoever_decides_at_the_same_time() {
    let size = Size {
        machines: 3,
        memory_gib: 6,
        workers: 3,
        concurrency: 4,
    };
    let world = World::sized(size).await;
    policy_set(&world, SURVIVE).await;
    let mut orders = Vec::new();
    for number in 0..16 {
        let name = format!("d{number}");
        orders.push(world.order(&world.catalogue.small, &name).await);
    }
    for (_, operation) in &orders {
        let ended = world.end(operation.id).await;
        assert!(
            ended.state != OperationState::Failed
                || ended.error_code.as_deref() == Some("NO_CAPACITY"),
            "{ended:#?}"
        );
    }
    let ids: Vec<_> = orders.iter().map(|(deployment, _)| deployment.id).collect();
    let states = world.states(&ids).await;
    assert_eq!(
        states[&DeploymentState::Running],
        12,
        "all but what one machine holds"
    );
    check_failures(&facts(&world).await);
    world.counts().await;
}

fn decide(facts: FleetFacts, work: &VmWork) -> Decision {
    let request = Request {
        tenant_id: work.vm.tenant_id,
        site_id: work.vm.site_id,
        room: Room {
            memory_bytes: GIB,
            vcpus: 1,
            disk_bytes: 2 * GIB,
        },
        network: NetworkNeed::Any,
        held: None,
    };
    Platform::new(facts).decide(&request)
}

async fn take(world: &World, claim: &Claim, work: &VmWork, decision: Decision) -> ClaimOutcome {
    let chosen = decision.chosen.unwrap();
    let relied = Relied {
        machines: chosen.relied.unwrap(),
        restarts: chosen.restarts,
        changes: chosen.changes,
    };
    let request = ReservationRequest {
        virtual_machine_id: work.vm.id,
        machine_id: chosen.machine_id,
        storage_pool_id: chosen.storage_pool_id,
        alternatives: Vec::new(),
        network_id: chosen.network_id,
        memory_bytes: GIB,
        vcpus: 1,
        disk_bytes: 2 * GIB,
        relied: Some(relied),
        explanation: None,
    };
    let outcome = world.store.reservation_claim(claim, &request).await;
    outcome.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_what_has_changed_since_is_lost_and_made_again() {
    let mut world = World::sized(Size {
        machines: 3,
        ..Size::default()
    })
    .await;
    world.workers_stop().await;
    policy_set(&world, SURVIVE).await;
    for name in ["one", "other"] {
        world.order(&world.catalogue.small, name).await;
    }
    let (one, one_work) = claim(&world).await;
    let (other, other_work) = claim(&world).await;
    let seen = facts(&world).await;
    let decision = decide(seen.clone(), &one_work);
    let held = take(&world, &one, &one_work, decision).await;
    assert_eq!(held, ClaimOutcome::Held);

    let stale = decide(seen, &other_work);
    let lost = take(&world, &other, &other_work, stale).await;
    assert!(matches!(lost, ClaimOutcome::Lost(_)), "{lost:?}");
    let now = facts(&world).await;
    assert_eq!(
        now.reservations.as_ref().unwrap().len(),
        1,
        "nothing changed"
    );

    let fresh = decide(now, &other_work);
    let held = take(&world, &other, &other_work, fresh).await;
    assert_eq!(held, ClaimOutcome::Held);
    check_failures(&facts(&world).await);

    let mode = ReleaseMode::KeepData {
        disk_bytes: 2 * GIB,
    };
    let (store, vm) = (&world.store, one_work.vm.id);
    store.reservation_release(&one, vm, mode).await.unwrap();
    let after = facts(&world).await;
    let mut released = after.reservations.iter().flatten();
    let released = released.find(|held| held.reservation.virtual_machine_id == vm);
    assert_eq!(
        released.unwrap().restarts,
        [None, None],
        "it holds no memory"
    );
    let mismatches = store.counters_check(&world.platform).await.unwrap();
    assert!(mismatches.is_empty(), "{mismatches:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_only_the_cap_refuses_says_that_waiting_does_not_help() {
    let world = World::new().await;
    let cap = PlacementPolicy {
        survive: None,
        tenant_cap: Some(1),
        ..SURVIVE
    };
    policy_set(&world, cap).await;
    for name in ["one", "two"] {
        world.running(&world.catalogue.small, name).await;
    }
    let (_, third) = world.order(&world.catalogue.small, "three").await;
    let refused = world.fails(third.id).await;
    assert_eq!(refused.error_code.as_deref(), Some("NO_CAPACITY"));
    let message = refused.error_message.unwrap();
    assert!(message.starts_with("There are as many"), "{message}");
}
