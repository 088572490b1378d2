//! Who claims what, and when.

use berth_model::{Error, ErrorCode, Explanation, OperationKind as Kind, OperationState as State};
use berth_store::{ClaimRequest, Outcome, QueueDepth};
use chrono::TimeDelta;

use crate::fixture::{LEASE, Queue, owner, worker};

#[tokio::test]
async fn an_operation_is_claimed_once_and_in_turn() {
    let queue = Queue::new().await;
    let (_, first) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, second) = queue.ordered(Kind::DeploymentCreate).await;
    let (claimed, claim) = queue.claim("a").await.unwrap();
    assert_eq!(claimed.id, first.id);
    assert_eq!(
        (claimed.state, claimed.attempts, claimed.claim_number),
        (State::Running, 1, 1)
    );
    assert_eq!(claimed.started_at, Some(first.created_at));
    assert_eq!(claim.worker, "a");
    assert_eq!(queue.claim("b").await.unwrap().0.id, second.id);
    assert!(queue.claim("c").await.is_none());
}

#[tokio::test]
async fn only_kinds_that_a_worker_knows_are_claimed() {
    let queue = Queue::new().await;
    queue.ordered(Kind::DeploymentCreate).await;
    let (_, stop) = queue.ordered(Kind::DeploymentStop).await;
    let kinds = &[Kind::DeploymentStop];
    let request = ClaimRequest {
        worker: "a",
        lease: LEASE,
        kinds,
        per_tenant_limit: 9,
    };
    let (claimed, _) = queue
        .store
        .operation_claim(&request)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(claimed.id, stop.id);
    assert!(
        queue
            .store
            .operation_claim(&request)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn operations_of_a_lock_key_go_one_at_a_time_in_order() {
    let queue = Queue::new().await;
    let (deployment, create) = queue.ordered(Kind::DeploymentCreate).await;
    queue.later(TimeDelta::microseconds(1));
    let stop = queue.enqueue(deployment, Kind::DeploymentStop).await;
    let (claimed, claim) = queue.claim("a").await.unwrap();
    assert_eq!(claimed.id, create.id);
    assert!(queue.claim("b").await.is_none(), "the first still runs");

    let error = Error::new(
        ErrorCode::MachineUnavailable,
        "The machine does not answer.",
    );
    let at = queue.database.clock.as_ref();
    let run_after = berth_model::Clock::now(at) + TimeDelta::seconds(5);
    queue
        .store
        .operation_retry(&claim, run_after, &error)
        .await
        .unwrap();
    assert!(
        queue.claim("b").await.is_none(),
        "the first waits for its next try"
    );

    queue.later(TimeDelta::seconds(5));
    let (again, claim) = queue.claim("b").await.unwrap();
    assert_eq!(
        (again.id, again.attempts, again.claim_number),
        (create.id, 2, 2)
    );
    queue
        .store
        .operation_finish(&claim, &Outcome::Succeeded)
        .await
        .unwrap();
    assert_eq!(queue.claim("b").await.unwrap().0.id, stop.id);
}

#[tokio::test]
async fn a_tenants_operations_run_only_so_many_at_a_time() {
    let queue = Queue::new().await;
    for _ in 0..4 {
        queue.ordered(Kind::DeploymentCreate).await;
    }
    let other = queue.work.tenant().await.unwrap();
    let others = queue.work.deployment(other).await.unwrap();
    queue.enqueue(others, Kind::DeploymentCreate).await;

    let mut claims = Vec::new();
    while let Some((_, claim)) = queue.claim_limited("a", 2).await {
        claims.push(claim);
    }
    let mut tenants: Vec<_> = claims.iter().map(|claim| claim.tenant_id).collect();
    tenants.sort_unstable();
    let mut expected = vec![queue.tenant, queue.tenant, other];
    expected.sort_unstable();
    assert_eq!(tenants, expected);

    let ended = claims
        .iter()
        .find(|claim| claim.tenant_id == queue.tenant)
        .unwrap();
    queue
        .store
        .operation_finish(ended, &Outcome::Succeeded)
        .await
        .unwrap();
    assert_eq!(
        queue.claim_limited("a", 2).await.unwrap().0.tenant_id,
        queue.tenant
    );
    assert!(queue.claim_limited("a", 2).await.is_none());
}

#[tokio::test]
async fn a_thousand_orders_of_one_do_not_delay_anothers_first() {
    let queue = Queue::new().await;
    let deployment = queue.work.deployment(queue.tenant).await.unwrap();
    let many = vec![deployment; 1000];
    let orders = owner(queue.tenant);
    queue
        .work
        .enqueue_many(&orders, &many, Kind::DeploymentRepair)
        .await
        .unwrap();
    let (_, running) = queue.claim("a").await.unwrap();
    let others = queue.work.tenant().await.unwrap();
    let others = queue.work.deployment(others).await.unwrap();
    let first = queue.enqueue(others, Kind::DeploymentCreate).await;

    queue
        .store
        .operation_finish(&running, &Outcome::Succeeded)
        .await
        .unwrap();
    let mut position = 1;
    loop {
        let (operation, claim) = queue.claim("a").await.unwrap();
        position += 1;
        if operation.id == first.id {
            break;
        }
        queue
            .store
            .operation_finish(&claim, &Outcome::Succeeded)
            .await
            .unwrap();
    }
    assert!(position <= 3, "{position}");
}

#[tokio::test]
async fn what_was_cancelled_before_it_began_pushes_nobody_back() {
    let queue = Queue::new().await;
    let hoarder = queue.work.deployment(queue.tenant).await.unwrap();
    let many = vec![hoarder; 50];
    let orders = owner(queue.tenant);
    queue
        .work
        .enqueue_many(&orders, &many, Kind::DeploymentRepair)
        .await
        .unwrap();
    queue.work.supersede(&orders, hoarder).await.unwrap();
    let (_, own) = queue.ordered(Kind::DeploymentCreate).await;
    let other = queue.work.tenant().await.unwrap();
    let other = queue.work.deployment(other).await.unwrap();
    queue.enqueue(other, Kind::DeploymentCreate).await;
    queue.enqueue(other, Kind::DeploymentStop).await;
    let (first, _) = queue.claim("a").await.unwrap();
    let (second, _) = queue.claim("a").await.unwrap();
    assert!([first.id, second.id].contains(&own.id));
}

#[tokio::test]
async fn a_lease_that_is_over_is_taken_and_the_first_worker_writes_no_more() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, first) = queue.claim("a").await.unwrap();
    let store = &queue.store;
    store
        .operation_steps_plan(&first, &[("one", "One")], 0)
        .await
        .unwrap();
    queue.later(TimeDelta::seconds(20));
    store.operation_heartbeat(&first, LEASE).await.unwrap();
    queue.later(TimeDelta::seconds(20));
    assert!(
        queue.claim("b").await.is_none(),
        "the heartbeat lengthened the lease"
    );
    queue.later(TimeDelta::seconds(10));
    let (again, second) = queue.claim("b").await.unwrap();
    assert_eq!((again.id, again.attempts), (operation.id, 2));
    assert_eq!(second.claim_number, first.claim_number + 1);

    let before = store.operation_get(&worker(), operation.id).await.unwrap();
    let error = Error::new(ErrorCode::Internal, "x");
    let explanation = Explanation {
        chosen: None,
        candidates: Vec::new(),
        others: Vec::new(),
    };
    let at = operation.created_at;
    let writes = [
        store.operation_heartbeat(&first, LEASE).await.err(),
        store
            .operation_steps_plan(&first, &[("two", "Two")], 0)
            .await
            .err(),
        store.operation_step_started(&first, 0).await.err(),
        store
            .operation_step_progress(&first, 0, 50, "x")
            .await
            .err(),
        store.operation_step_done(&first, 0, "x").await.err(),
        store.operation_step_failed(&first, 0, &error).await.err(),
        store.operation_retry(&first, at, &error).await.err(),
        store.operation_hand_back(&first).await.err(),
        store.operation_console(&first, "x").await.err(),
        store.operation_explain(&first, &explanation).await.err(),
        store
            .operation_finish(&first, &Outcome::Succeeded)
            .await
            .err(),
    ];
    for (index, error) in writes.into_iter().enumerate() {
        assert_eq!(
            error.map(|error| error.code()),
            Some(ErrorCode::ClaimLost),
            "write {index}"
        );
    }
    assert_eq!(
        store.operation_get(&worker(), operation.id).await.unwrap(),
        before
    );
    store
        .operation_finish(&second, &Outcome::Succeeded)
        .await
        .unwrap();
    let late = store
        .operation_finish(&second, &Outcome::Cancelled)
        .await
        .unwrap_err();
    assert_eq!(late.code(), ErrorCode::ClaimLost, "an end is written once");
}

#[tokio::test]
async fn handing_back_is_no_try_and_another_goes_on_at_once() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue.store.operation_hand_back(&claim).await.unwrap();
    let (again, _) = queue.claim("b").await.unwrap();
    assert_eq!(
        (again.id, again.attempts, again.claim_number),
        (operation.id, 1, 2)
    );
}

#[tokio::test]
async fn the_depth_counts_what_is_unfinished_and_the_age_of_what_is_due() {
    let queue = Queue::new().await;
    let empty = QueueDepth {
        pending: 0,
        running: 0,
        oldest: None,
    };
    assert_eq!(queue.store.queue_depth().await.unwrap(), empty);
    for _ in 0..3 {
        queue.ordered(Kind::DeploymentCreate).await;
    }
    let (_, claim) = queue.claim("a").await.unwrap();
    queue
        .store
        .operation_finish(&claim, &Outcome::Succeeded)
        .await
        .unwrap();
    queue.claim("a").await.unwrap();
    queue.later(TimeDelta::seconds(7));
    let depth = queue.store.queue_depth().await.unwrap();
    let oldest = Some(TimeDelta::seconds(7));
    assert_eq!(
        depth,
        QueueDepth {
            pending: 1,
            running: 1,
            oldest
        }
    );
}
