//! Cancelling, and being superseded.

use berth_model::{
    Actor, Caller, ErrorCode, OperationEventKind as Event, OperationId, OperationKind as Kind,
    OperationState as State, Role,
};
use berth_store::{Cx, IdempotencyKey, Outcome};
use chrono::TimeDelta;

use crate::fixture::{LEASE, Queue, owner, worker};

async fn events(queue: &Queue, id: OperationId) -> Vec<Event> {
    let events = queue
        .store
        .operation_events(&worker(), id, 0, 100)
        .await
        .unwrap();
    events.iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn a_creation_is_asked_to_stop_and_a_success_comes_too_late() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    let asked = queue
        .store
        .operation_cancel(&owner(queue.tenant), operation.id)
        .await
        .unwrap();
    assert_eq!(asked.state, State::Running);
    assert!(asked.cancel_requested_at.is_some());
    let signals = queue
        .store
        .operation_heartbeat(&claim, LEASE)
        .await
        .unwrap();
    assert!(signals.cancel_requested && !signals.superseded);
    let late = queue
        .store
        .operation_finish(&claim, &Outcome::Succeeded)
        .await
        .unwrap_err();
    assert_eq!(late.code(), ErrorCode::Cancelled);
    queue
        .store
        .operation_finish(&claim, &Outcome::Cancelled)
        .await
        .unwrap();
    let kinds = events(&queue, operation.id).await;
    assert_eq!(
        kinds,
        [
            Event::Enqueued,
            Event::Claimed,
            Event::CancelRequested,
            Event::Cancelled
        ]
    );
    let after = queue
        .store
        .operation_cancel(&owner(queue.tenant), operation.id)
        .await;
    assert_eq!(after.unwrap_err().code(), ErrorCode::WrongState);
}

#[tokio::test]
async fn a_failure_comes_too_late_for_a_cancel_unless_it_is_the_undos() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue
        .store
        .operation_cancel(&owner(queue.tenant), operation.id)
        .await
        .unwrap();
    let (code, message) = (ErrorCode::Unhealthy, "It is ill.".to_owned());
    let failed = Outcome::Failed {
        code,
        message: message.clone(),
    };
    let late = queue.store.operation_finish(&claim, &failed).await;
    assert_eq!(late.unwrap_err().code(), ErrorCode::Cancelled);
    let found = queue.store.operation_get(&worker(), operation.id).await;
    assert_eq!(found.unwrap().state, State::Running, "nothing is written");
    let not_undone = Outcome::NotUndone { code, message };
    queue
        .store
        .operation_finish(&claim, &not_undone)
        .await
        .unwrap();
    let found = queue.store.operation_get(&worker(), operation.id).await;
    assert_eq!(found.unwrap().state, State::Failed);
}

#[tokio::test]
async fn a_creation_that_waits_for_its_next_try_is_claimed_at_once_to_be_undone() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    let error = berth_model::Error::new(ErrorCode::MachineUnavailable, "It does not answer.");
    let run_after = operation.run_after + TimeDelta::minutes(5);
    queue
        .store
        .operation_retry(&claim, run_after, &error)
        .await
        .unwrap();
    assert!(queue.claim("a").await.is_none());
    queue
        .store
        .operation_cancel(&owner(queue.tenant), operation.id)
        .await
        .unwrap();
    let (again, claim) = queue.claim("a").await.unwrap();
    assert!(again.cancel_requested_at.is_some());
    queue
        .store
        .operation_retry(&claim, run_after, &error)
        .await
        .unwrap();
    assert!(
        queue.claim("a").await.is_none(),
        "an undo waits for its next try, too"
    );
}

#[tokio::test]
async fn a_repair_is_cancelled_only_before_it_begins() {
    let queue = Queue::new().await;
    let (deployment, repair) = queue.ordered(Kind::DeploymentRepair).await;
    let cx = owner(queue.tenant);
    let ended = queue.store.operation_cancel(&cx, repair.id).await.unwrap();
    assert_eq!(ended.state, State::Cancelled);
    assert_eq!(ended.error_code.as_deref(), Some("CANCELLED"));
    assert_eq!(
        events(&queue, repair.id).await,
        [Event::Enqueued, Event::Cancelled]
    );
    let second = queue.enqueue(deployment, Kind::DeploymentRepair).await;
    queue.claim("a").await.unwrap();
    let refused = queue
        .store
        .operation_cancel(&cx, second.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::WrongState);
}

#[tokio::test]
async fn a_cancel_that_is_repeated_with_its_key_answers_the_same() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentRepair).await;
    let client_id = Some(queue.database.ids.next());
    let caller = Caller::Tenant(queue.tenant, Role::Support);
    let key = IdempotencyKey::parse("once").unwrap();
    let cx = Cx::new(Actor {
        client_id,
        ..Actor::new(caller)
    })
    .with_key(key);
    let first = queue
        .store
        .operation_cancel(&cx, operation.id)
        .await
        .unwrap();
    let again = queue
        .store
        .operation_cancel(&cx, operation.id)
        .await
        .unwrap();
    assert_eq!(first, again);
    let viewer = Caller::Tenant(queue.tenant, Role::Viewer);
    let viewer = Cx::new(Actor::new(viewer));
    let refused = queue
        .store
        .operation_cancel(&viewer, operation.id)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}

#[tokio::test]
async fn a_later_operation_ends_what_waits_and_signals_what_runs() {
    let queue = Queue::new().await;
    let (deployment, create) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue.later(TimeDelta::microseconds(1));
    let stop = queue.enqueue(deployment, Kind::DeploymentStop).await;
    queue
        .work
        .supersede(&owner(queue.tenant), deployment)
        .await
        .unwrap();
    queue
        .work
        .supersede(&owner(queue.tenant), deployment)
        .await
        .unwrap();

    let waited = queue.store.operation_get(&worker(), stop.id).await.unwrap();
    assert_eq!(
        (waited.state, waited.error_code.as_deref()),
        (State::Cancelled, Some("SUPERSEDED"))
    );
    let kinds = events(&queue, stop.id).await;
    assert_eq!(
        kinds,
        [Event::Enqueued, Event::Superseded, Event::Cancelled]
    );

    let kinds = events(&queue, create.id).await;
    assert_eq!(kinds, [Event::Enqueued, Event::Claimed, Event::Superseded]);
    let signals = queue
        .store
        .operation_heartbeat(&claim, LEASE)
        .await
        .unwrap();
    assert!(signals.superseded && !signals.cancel_requested);
    let refused = queue
        .store
        .operation_cancel(&owner(queue.tenant), create.id)
        .await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::WrongState);
    queue
        .store
        .operation_finish(&claim, &Outcome::Superseded)
        .await
        .unwrap();
    let ended = queue
        .store
        .operation_get(&worker(), create.id)
        .await
        .unwrap();
    assert_eq!(
        (ended.state, ended.error_code.as_deref()),
        (State::Cancelled, Some("SUPERSEDED"))
    );
}
