//! What happens when several write at once.

use std::collections::HashSet;

use berth_model::{OperationKind as Kind, OperationState as State};
use berth_store::Outcome;
use chrono::TimeDelta;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures::future::join_all;

use crate::fixture::{Queue, owner, worker};

#[tokio::test(flavor = "multi_thread")]
async fn of_many_claims_at_once_no_two_get_the_same_and_the_limit_holds() {
    let queue = Queue::new().await;
    for _ in 0..20 {
        queue.ordered(Kind::DeploymentCreate).await;
    }
    let names: Vec<String> = (0..16).map(|number| format!("worker {number}")).collect();
    let claims = join_all(names.iter().map(|name| queue.claim_limited(name, 5))).await;
    let claimed: Vec<_> = claims
        .into_iter()
        .flatten()
        .map(|(operation, _)| operation.id)
        .collect();
    assert_eq!(claimed.len(), 5, "the limit of the tenant");
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 5);
}

/// An operation that is older but was committed later can be overtaken in the moment of its claim.
/// Then the unique index has the last word, and the claim takes another operation.
#[tokio::test(flavor = "multi_thread")]
async fn a_race_for_a_lock_key_is_lost_without_an_error() {
    let queue = Queue::new().await;
    let (deployment, older) = queue.ordered(Kind::DeploymentCreate).await;
    queue.later(TimeDelta::microseconds(1));
    let newer = queue.enqueue(deployment, Kind::DeploymentStop).await;
    let (_, elsewhere) = queue.ordered(Kind::DeploymentCreate).await;

    let mut other = AsyncPgConnection::establish(&queue.database.owner_url)
        .await
        .unwrap();
    other
        .batch_execute(&format!(
            "BEGIN; UPDATE operations SET state = 'RUNNING', claim_number = 1, lease_until = \
             '2100-01-01', claimed_by = 'other', started_at = now() WHERE id = '{}'",
            newer.id.0
        ))
        .await
        .unwrap();
    let mut observer = AsyncPgConnection::establish(&queue.database.owner_url)
        .await
        .unwrap();
    let claim = queue.claim("a");
    let commit = async {
        waits_for_a_lock(&mut observer).await;
        other.batch_execute("COMMIT").await.unwrap();
    };
    let (claimed, ()) = tokio::join!(claim, commit);
    assert_eq!(claimed.unwrap().0.id, elsewhere.id);
    let left = queue
        .store
        .operation_get(&worker(), older.id)
        .await
        .unwrap();
    assert_eq!(
        (left.state, left.last_event),
        (State::Pending, older.last_event)
    );
}

/// Returns when a statement in the database waits for another transaction's end.
async fn waits_for_a_lock(observer: &mut AsyncPgConnection) {
    let looked = "DO $$ BEGIN \
        FOR look IN 1..2000 LOOP \
            IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() \
                AND wait_event_type = 'Lock' AND wait_event = 'transactionid') \
            THEN RETURN; END IF; \
            PERFORM pg_sleep(0.005), pg_stat_clear_snapshot(); \
        END LOOP; RAISE 'nobody waits'; END $$";
    observer.batch_execute(looked).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_many_writers_have_no_gaps() {
    let queue = Queue::new().await;
    let (deployment, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue
        .store
        .operation_steps_plan(&claim, &[("one", "One")], 0)
        .await
        .unwrap();
    queue.store.operation_step_started(&claim, 0).await.unwrap();
    let progress = async {
        for percent in 0..40 {
            queue
                .store
                .operation_step_progress(&claim, 0, percent, "on")
                .await
                .unwrap();
        }
    };
    let cx = owner(queue.tenant);
    let cancel = async {
        queue
            .store
            .operation_cancel(&cx, operation.id)
            .await
            .map(|_| ())
    };
    let supersede = async { queue.work.supersede(&cx, deployment).await };
    let ((), cancelled, superseded) = tokio::join!(progress, cancel, supersede);
    superseded.unwrap();
    queue
        .store
        .operation_finish(&claim, &Outcome::Superseded)
        .await
        .unwrap();

    assert!(queue.work.events_are_whole(operation.id).await.unwrap());
    let events = queue
        .store
        .operation_events(&worker(), operation.id, 0, 200)
        .await
        .unwrap();
    // Whether the cancel came before the later operation is open.
    assert_eq!(events.len(), 3 + 40 + usize::from(cancelled.is_ok()) + 2);
    assert!(
        events.is_sorted_by_key(|event| event.percent),
        "the percent never goes back"
    );
}
