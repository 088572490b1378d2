//! Events and steps: what they tell, to whom, and in which order.

use std::fmt::Write;

use berth_model::{
    Candidate, Error, ErrorCode, Explanation, OperationId, OperationKind as Kind, PageRequest,
    Verdict, VerdictCount, VerdictKind,
};
use berth_store::{OperationFilter, Outcome, Store};

use crate::fixture::{Queue, owner, worker};

const STEPS: &[(&str, &str)] = &[
    ("place", "Choose a machine"),
    ("start", "Start it"),
    ("probe", "Wait until it answers"),
];

async fn told(store: &Store, id: OperationId) -> String {
    let mut text = String::new();
    for event in store.operation_events(&worker(), id, 0, 100).await.unwrap() {
        let step = event.step.unwrap_or_default();
        let (number, kind) = (event.number, event.kind.as_str());
        writeln!(
            text,
            "{number:2} {kind:16} {step:6} {:3}% {}",
            event.percent, event.message
        )
        .unwrap();
    }
    let steps = store.operation_steps(&worker(), &[id]).await.unwrap();
    for step in steps.get(&id).into_iter().flatten() {
        let (name, state, message) = (&step.name, step.state.as_str(), &step.message);
        writeln!(
            text,
            "{} {name:6} {state:8} {} {message:?}",
            step.ordinal, step.attempts
        )
        .unwrap();
    }
    text
}

#[tokio::test]
async fn a_second_try_is_told_with_a_percent_that_never_goes_back() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let store = &queue.store;
    let (_, claim) = queue.claim("a").await.unwrap();
    store.operation_steps_plan(&claim, STEPS, 0).await.unwrap();
    store.operation_step_started(&claim, 0).await.unwrap();
    store
        .operation_step_done(&claim, 0, "It fits on a machine.")
        .await
        .unwrap();
    store.operation_step_started(&claim, 1).await.unwrap();
    store
        .operation_step_progress(&claim, 1, 50, "Half way.\n")
        .await
        .unwrap();
    let error = Error::internal("secret cause");
    store
        .operation_step_failed(&claim, 1, &error)
        .await
        .unwrap();
    store
        .operation_retry(&claim, operation.run_after, &error)
        .await
        .unwrap();
    let (_, claim) = queue.claim("b").await.unwrap();
    store.operation_steps_plan(&claim, STEPS, 0).await.unwrap();
    store.operation_step_started(&claim, 0).await.unwrap();
    store
        .operation_step_done(&claim, 0, "It is there.")
        .await
        .unwrap();
    store.operation_step_started(&claim, 1).await.unwrap();
    store
        .operation_step_done(&claim, 1, "It is on.")
        .await
        .unwrap();
    let failed = Outcome::Failed {
        code: ErrorCode::Unhealthy,
        message: "It is ill.".to_owned(),
    };
    store.operation_console(&claim, "login: \0").await.unwrap();
    store.operation_finish(&claim, &failed).await.unwrap();
    insta::assert_snapshot!(told(store, operation.id).await);

    let ended = store
        .operation_get(&owner(queue.tenant), operation.id)
        .await
        .unwrap();
    assert_eq!(ended.error_code.as_deref(), Some("UNHEALTHY"));
    assert_eq!(ended.error_message.as_deref(), Some("It is ill."));
    let owner = owner(queue.tenant);
    let ids = [operation.id];
    let console = store.operation_console_by_ids(&owner, &ids).await;
    assert_eq!(console.unwrap()[&operation.id], "login: ");
    assert!(ended.finished_at.is_some());
}

#[tokio::test]
async fn undoing_skips_what_did_not_run_and_counts_on() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let store = &queue.store;
    let (_, claim) = queue.claim("a").await.unwrap();
    store.operation_steps_plan(&claim, STEPS, 0).await.unwrap();
    store.operation_step_started(&claim, 0).await.unwrap();
    store
        .operation_step_done(&claim, 0, "It fits.")
        .await
        .unwrap();
    store.operation_step_started(&claim, 1).await.unwrap();
    let undo = [STEPS, &[("remove", "Remove what was made")]].concat();
    store
        .operation_steps_plan(&claim, &undo, STEPS.len())
        .await
        .unwrap();
    store.operation_step_started(&claim, 3).await.unwrap();
    store
        .operation_step_done(&claim, 3, "Nothing is left.")
        .await
        .unwrap();
    store
        .operation_finish(&claim, &Outcome::Cancelled)
        .await
        .unwrap();
    insta::assert_snapshot!(told(store, operation.id).await);
}

#[tokio::test]
async fn events_are_read_on_from_a_number() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue
        .store
        .operation_finish(&claim, &Outcome::Succeeded)
        .await
        .unwrap();
    let cx = owner(queue.tenant);
    let numbers = async |after, limit| {
        let events = queue
            .store
            .operation_events(&cx, operation.id, after, limit)
            .await
            .unwrap();
        events.iter().map(|event| event.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0, 2).await, [1, 2]);
    assert_eq!(numbers(2, 2).await, [3]);
    assert_eq!(numbers(3, 2).await, [0_i64; 0]);
    let newest = queue
        .store
        .operation_event_newest(&cx, &[operation.id])
        .await
        .unwrap();
    assert_eq!(
        (newest[&operation.id].number, newest[&operation.id].percent),
        (3, 100)
    );
    let limit = queue
        .store
        .operation_events(&cx, operation.id, 0, 201)
        .await
        .unwrap_err();
    assert_eq!(limit.code(), ErrorCode::InvalidInput);
}

#[tokio::test]
async fn what_another_tenant_ordered_does_not_exist() {
    let queue = Queue::new().await;
    let (deployment, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    queue
        .store
        .operation_steps_plan(&claim, STEPS, 0)
        .await
        .unwrap();
    let (store, id) = (&queue.store, operation.id);
    let stranger = owner(queue.work.tenant().await.unwrap());
    let codes = [
        store.operation_get(&stranger, id).await.err(),
        store.operation_events(&stranger, id, 0, 10).await.err(),
        store.operation_cancel(&stranger, id).await.err(),
    ];
    for error in codes {
        assert_eq!(error.map(|error| error.code()), Some(ErrorCode::NotFound));
    }
    assert!(
        store
            .operation_by_ids(&stranger, &[id])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .operation_steps(&stranger, &[id])
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .operation_event_newest(&stranger, &[id])
            .await
            .unwrap()
            .is_empty()
    );
    let filter = OperationFilter {
        deployment_id: Some(deployment.id),
        ..Default::default()
    };
    let page = PageRequest::first(10);
    assert!(
        store
            .operation_list(&stranger, page, &filter)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    let own = store
        .operation_list(&owner(queue.tenant), page, &filter)
        .await
        .unwrap();
    assert_eq!(
        own.items.iter().map(|found| found.id).collect::<Vec<_>>(),
        [id]
    );
}

#[tokio::test]
async fn an_explanation_is_the_providers_and_the_latest_counts() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    let mut platform = worker();
    platform.actor = berth_model::Actor::platform();
    let read = async |cx| queue.store.operation_explanation(cx, operation.id).await;
    assert_eq!(read(&platform).await.unwrap(), None);
    let first = Explanation {
        chosen: None,
        candidates: Vec::new(),
        others: Vec::new(),
    };
    queue.store.operation_explain(&claim, &first).await.unwrap();
    let second = Explanation {
        chosen: Some(queue.database.ids.next()),
        ..first
    };
    queue
        .store
        .operation_explain(&claim, &second)
        .await
        .unwrap();
    assert_eq!(read(&platform).await.unwrap(), Some(second));
    let refused = read(&owner(queue.tenant)).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Forbidden);
}

#[tokio::test]
async fn who_may_not_see_machines_is_told_only_how_many_of_them_there_were() {
    let queue = Queue::new().await;
    let (_, operation) = queue.ordered(Kind::DeploymentCreate).await;
    let (_, claim) = queue.claim("a").await.unwrap();
    let candidate = |machine: &str, verdict| Candidate {
        machine_id: queue.database.ids.next(),
        machine: machine.to_owned(),
        verdict,
    };
    let told = Explanation {
        chosen: Some(queue.database.ids.next()),
        candidates: vec![
            candidate("m1", Verdict::Fits { score: 77 }),
            candidate("m2", Verdict::Unreachable),
        ],
        others: vec![VerdictCount {
            verdict: VerdictKind::OtherSite,
            machines: 3,
        }],
    };
    queue.store.operation_explain(&claim, &told).await.unwrap();
    let mut platform = worker();
    platform.actor = berth_model::Actor::platform();
    platform.actor.scopes = "tenant:read".parse().unwrap();
    let read = queue.store.operation_explanation(&platform, operation.id);
    let count = |verdict| VerdictCount {
        verdict,
        machines: 1,
    };
    let counted = Explanation {
        chosen: None,
        candidates: Vec::new(),
        others: vec![count(VerdictKind::Fits), count(VerdictKind::Unreachable)],
    };
    assert_eq!(read.await.unwrap(), Some(counted));
}
