//! The claim that is one statement: all of it or nothing.

use berth_model::{Explanation, MachineId};
use berth_store::{Claim, ClaimOutcome, ReleaseMode, ReservationRequest, VmWork};

use crate::{
    reservation::{claim, pool, request},
    world::{GIB, Size, World},
};

/// So many machines of 10 GiB and an order that asks for room on the first, with its explanation.
async fn ordered(machines: usize) -> (World, Claim, VmWork, ReservationRequest) {
    let mut world = World::sized(Size {
        machines,
        memory_gib: 10,
        ..Size::default()
    })
    .await;
    world.workers_stop().await;
    world.order(&world.catalogue.small, "one").await;
    let (claim, work) = claim(&world).await;
    let pool = pool(&world).await;
    let explanation = Explanation {
        chosen: Some(world.machines[0].id),
        candidates: Vec::new(),
        others: Vec::new(),
    };
    let request = ReservationRequest {
        explanation: Some(explanation),
        ..request(&world, &work, pool)
    };
    (world, claim, work, request)
}

/// Whatever a claim writes.
async fn written(world: &World, work: &VmWork) -> Vec<i64> {
    let vm = work.vm.id.0;
    let mut found = Vec::new();
    for query in [
        "SELECT count(*) AS number FROM reservations".to_owned(),
        "SELECT count(*) AS number FROM placements".to_owned(),
        "SELECT sum(memory_used_bytes + vcpus_used + version)::bigint AS number FROM machines"
            .to_owned(),
        "SELECT sum(used_bytes)::bigint AS number FROM storage_pools".to_owned(),
        "SELECT count(*) AS number FROM addresses WHERE virtual_machine_id IS NOT NULL".to_owned(),
        format!(
            "SELECT count(*) AS number FROM virtual_machines
             WHERE id = '{vm}' AND (machine_id, storage_pool_id) IS NOT NULL"
        ),
    ] {
        found.push(world.database.number(&query).await);
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_short_is_told_and_nothing_is_left_half_done() {
    let (world, claim, work, wanted) = ordered(1).await;
    let before = written(&world, &work).await;
    let cases = [
        (
            "memory or vCPUs",
            ReservationRequest {
                memory_bytes: 11 * GIB,
                ..wanted.clone()
            },
        ),
        (
            "memory or vCPUs",
            ReservationRequest {
                vcpus: 10_000,
                ..wanted.clone()
            },
        ),
        (
            "memory or vCPUs",
            ReservationRequest {
                machine_id: MachineId(uuid::Uuid::from_u128(1)),
                ..wanted.clone()
            },
        ),
        // The machine's counter grew before.
        (
            "disk",
            ReservationRequest {
                disk_bytes: 1 << 60,
                ..wanted.clone()
            },
        ),
    ];
    for (what, wanted) in cases {
        let outcome = world.store.reservation_claim(&claim, &wanted).await;
        assert_eq!(outcome.unwrap(), ClaimOutcome::Lost(what));
        assert_eq!(written(&world, &work).await, before, "{what}");
    }
    let taken = "UPDATE addresses SET free_after = '2099-01-01' WHERE family = 6";
    world.database.sql(taken).await;
    let outcome = world.store.reservation_claim(&claim, &wanted).await;
    assert_eq!(outcome.unwrap(), ClaimOutcome::Lost("addresses"));
    assert_eq!(written(&world, &work).await, before);

    let free = "UPDATE addresses SET free_after = NULL";
    world.database.sql(free).await;
    let outcome = world.store.reservation_claim(&claim, &wanted).await;
    assert_eq!(outcome.unwrap(), ClaimOutcome::Held);
    let held = written(&world, &work).await;
    assert_eq!((held[0], held[1], held[4], held[5]), (1, 1, 2, 1));
    let outcome = world.store.reservation_claim(&claim, &wanted).await;
    assert_eq!(outcome.unwrap(), ClaimOutcome::Held);
    assert_eq!(written(&world, &work).await, held, "repeated");
}

/// Takes so much of the machine, and commits when somebody waits for its row.
fn taken(gib: i64) -> String {
    format!(
        "DO $$ BEGIN
             UPDATE machines SET memory_used_bytes = {};
             PERFORM pg_advisory_xact_lock(7);
             WHILE NOT EXISTS (SELECT FROM pg_locks
                               WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))
             LOOP END LOOP;
         END $$",
        gib * GIB
    )
}

const IS_TAKEN: &str = "
    SELECT count(*) AS number FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE l.locktype = 'advisory' AND l.objid = 7 AND d.datname = current_database()";

/// The row is looked at again when its lock is had, not as it was when the statement began.
#[tokio::test(flavor = "multi_thread")]
async fn what_waited_for_a_counter_sees_what_is_left_of_it() {
    let (world, claim, work, wanted) = ordered(1).await;
    let before = written(&world, &work).await;
    let wanted = ReservationRequest {
        memory_bytes: 6 * GIB,
        ..wanted
    };
    let lost = ClaimOutcome::Lost("memory or vCPUs");
    for (gib, outcome) in [(5, lost), (4, ClaimOutcome::Held)] {
        let taken = taken(gib);
        let claimed = async {
            while world.database.number(IS_TAKEN).await == 0 {}
            world.store.reservation_claim(&claim, &wanted).await
        };
        let (claimed, ()) = tokio::join!(claimed, world.database.sql(&taken));
        assert_eq!(claimed.unwrap(), outcome);
        if outcome == lost {
            let free = "UPDATE machines SET memory_used_bytes = 0";
            world.database.sql(free).await;
            assert_eq!(written(&world, &work).await, before);
        }
    }
    let used = world.machine(world.machines[0].id).await.memory_used_bytes;
    assert_eq!(used, 10 * GIB);
}

/// As other claims do, until something is reserved.
fn claiming(machine: MachineId) -> String {
    format!(
        "DO $$ BEGIN
             UPDATE machines SET version = version + 1 WHERE id = '{}';
             PERFORM pg_advisory_xact_lock(7);
             WHILE NOT EXISTS (SELECT FROM reservations) LOOP END LOOP;
         END $$",
        machine.0
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn while_others_claim_on_a_machine_the_next_is_taken() {
    let (world, claim, work, wanted) = ordered(2).await;
    let [first, second] = [world.machines[0].id, world.machines[1].id];
    let pools = world
        .store
        .storage_pool_by_machine_ids(&world.platform, &[second])
        .await
        .unwrap();
    let wanted = ReservationRequest {
        alternatives: vec![(second, pools[&second][0].id)],
        ..wanted
    };
    let others = claiming(first);
    let claimed = async {
        while world.database.number(IS_TAKEN).await == 0 {}
        world.store.reservation_claim(&claim, &wanted).await
    };
    let (claimed, ()) = tokio::join!(claimed, world.database.sql(&others));
    assert_eq!(claimed.unwrap(), ClaimOutcome::Held);
    is_on(&world, &claim, &work, second).await;

    let mode = ReleaseMode::All {
        quarantine: chrono::TimeDelta::zero(),
    };
    let released = world
        .store
        .reservation_release(&claim, work.vm.id, mode)
        .await;
    released.unwrap();
    let again = world.store.reservation_claim(&claim, &wanted).await;
    assert_eq!(again.unwrap(), ClaimOutcome::Held);
    is_on(&world, &claim, &work, first).await;
}

/// The virtual machine, its reservation, the counters and the explanation agree.
async fn is_on(world: &World, claim: &Claim, work: &VmWork, machine: MachineId) {
    let (store, cx) = (&world.store, &world.platform);
    let vm = store.virtual_machine_get(cx, work.vm.id).await.unwrap();
    assert_eq!(vm.machine_id, Some(machine));
    let held = store
        .reservation_by_virtual_machine_ids(cx, &[work.vm.id])
        .await
        .unwrap();
    let held = &held[&work.vm.id];
    assert_eq!(held.machine_id, machine);
    assert_eq!(Some(held.storage_pool_id), vm.storage_pool_id);
    assert_eq!(store.counters_check(cx).await.unwrap(), []);
    let explanation = store.operation_explanation(cx, claim.operation_id).await;
    assert_eq!(explanation.unwrap().unwrap().chosen, Some(machine));
}
