//! What listeners are told, and when.

use std::time::Duration;

use berth_model::OperationKind as Kind;
use berth_store::{Hints, Wake};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::time::timeout;

use crate::fixture::{Queue, owner};

/// Hints until this one, which must come.
async fn heard(hints: &mut Hints, awaited: Wake) -> Vec<Wake> {
    let mut before = Vec::new();
    let waiting = async {
        loop {
            let wake = hints.next().await;
            before.push(wake);
            if wake == awaited {
                return;
            }
        }
    };
    timeout(Duration::from_secs(20), waiting)
        .await
        .expect("the hint comes");
    before
}

#[tokio::test]
async fn listeners_hear_of_events_new_work_and_signals() {
    let queue = Queue::new().await;
    let feed = queue.store.operation_feed();
    let mut hints = feed.subscribe();
    heard(&mut hints, Wake::Listening).await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    assert_eq!(
        heard(&mut hints, Wake::Queue).await[0],
        Wake::Operation(operation.id)
    );
    let (_, _) = queue.claim("a").await.unwrap();
    heard(&mut hints, Wake::Operation(operation.id)).await;
    queue
        .store
        .operation_cancel(&owner(queue.tenant), operation.id)
        .await
        .unwrap();
    heard(&mut hints, Wake::Signal(operation.id)).await;
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again() {
    let queue = Queue::new().await;
    let feed = queue.store.operation_feed();
    let mut hints = feed.subscribe();
    heard(&mut hints, Wake::Listening).await;
    let mut other = AsyncPgConnection::establish(&queue.database.owner_url)
        .await
        .unwrap();
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
        WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    other.batch_execute(kill).await.unwrap();
    heard(&mut hints, Wake::Listening).await;
    queue.ordered(Kind::DeploymentCreate).await;
    heard(&mut hints, Wake::Queue).await;
}
