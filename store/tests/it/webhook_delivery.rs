//! Deliveries: claims, what follows from an attempt, and telling again.

use berth_model::{
    ErrorCode, WebhookDelivery, WebhookDeliveryState as State, WebhookDisabledReason,
    WebhookEndpoint, WebhookEndpointUpdate,
};
use berth_store::{WebhookClaim, WebhookLane, WebhookOutcome, WebhookRecorded, WebhookWork};
use chrono::TimeDelta;

use crate::world::World;

async fn claim(
    world: &World,
    lane: WebhookLane,
    limit: i64,
    per_endpoint: i64,
) -> Vec<WebhookWork> {
    let request = WebhookClaim {
        lane,
        limit,
        per_endpoint,
        lease: TimeDelta::seconds(60),
    };
    world.store().webhook_claim(&request).await.unwrap()
}

/// One that is due, in whichever lane.
async fn claim_one(world: &World) -> Option<WebhookWork> {
    for lane in [WebhookLane::Healthy, WebhookLane::Failing] {
        if let Some(work) = claim(world, lane, 1, 1).await.pop() {
            return Some(work);
        }
    }
    None
}

/// Deliveries of one event each, waiting for these endpoints.
async fn deliveries(world: &World, endpoint: &WebhookEndpoint, count: usize) {
    let fill = format!(
        "INSERT INTO webhook_deliveries (id, tenant_id, storefront_id, owner_id, endpoint_id, event_type,
                body, state, next_attempt_at, give_up_at, created_at)
         SELECT gen_random_uuid(), t.id, e.storefront_id, e.owner_id, e.id, 'tenant.created', '{{}}',
                'PENDING', now.at, now.at + '3 days', now.at
         FROM webhook_endpoints e JOIN tenants t ON t.storefront_id = e.storefront_id,
              generate_series(1, {count}),
              (SELECT timestamptz '{}' AS at) now
         WHERE e.id = '{}'",
        now(world),
        endpoint.id.0
    );
    world.database.sql(&fill).await;
}

fn now(world: &World) -> String {
    berth_model::Clock::now(&*world.database.clock).to_rfc3339()
}

fn outcome(world: &World, error: Option<&str>, wait: TimeDelta) -> WebhookOutcome {
    WebhookOutcome {
        duration: TimeDelta::milliseconds(12),
        status: error.map(|_| 500).or(Some(204)),
        error: error.map(str::to_owned),
        gone: false,
        retry_at: berth_model::Clock::now(&*world.database.clock) + wait,
    }
}

async fn record(world: &World, work: &WebhookWork, outcome: &WebhookOutcome) -> WebhookRecorded {
    let recorded = world.store().webhook_attempt_record(work, outcome).await;
    recorded.unwrap()
}

async fn get(world: &World, work: &WebhookWork) -> WebhookDelivery {
    let found = world
        .store()
        .webhook_delivery_get(&world.shop, work.id)
        .await;
    found.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_ends_with_its_lease_and_who_is_late_writes_nothing() {
    let world = World::new().await;
    let endpoint = world.endpoint(&world.shop, "*").await;
    deliveries(&world, &endpoint, 1).await;
    let first = claim_one(&world).await.unwrap();
    assert!(claim_one(&world).await.is_none(), "it is claimed");
    world.database.clock.advance(TimeDelta::seconds(61));
    let second = claim_one(&world).await.unwrap();
    assert_eq!(
        (second.id, second.attempt, &second.body),
        (first.id, 2, &first.body)
    );
    let good = outcome(&world, None, TimeDelta::zero());
    let late = world.store().webhook_attempt_record(&first, &good).await;
    assert_eq!(late.unwrap_err().code(), ErrorCode::ClaimLost);
    assert_eq!(record(&world, &second, &good).await.state, State::Delivered);
    let twice = world.store().webhook_attempt_record(&second, &good).await;
    assert_eq!(twice.unwrap_err().code(), ErrorCode::ClaimLost);
    let found = world
        .store()
        .webhook_attempt_by_delivery_ids(&world.shop, &[first.id])
        .await;
    let attempts = found.unwrap().remove(&first.id).unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (attempts[0].number, attempts[0].response_status),
        (2, Some(204))
    );
    assert_eq!((attempts[0].duration_ms, &attempts[0].error), (12, &None));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_endpoint_has_its_turn_and_its_limit() {
    let world = World::new().await;
    let flooded = world.endpoint(&world.shop, "*").await;
    let other = world.endpoint(&world.other_shop, "*").await;
    deliveries(&world, &flooded, 100).await;
    world.database.clock.advance(TimeDelta::seconds(1));
    deliveries(&world, &other, 1).await;
    let claimed = claim(&world, WebhookLane::Healthy, 2, 4).await;
    let ends: Vec<_> = claimed.iter().map(|work| work.endpoint_id).collect();
    assert_eq!(ends.len(), 2);
    assert!(ends.contains(&other.id), "behind a hundred it has its turn");
    let rest = claim(&world, WebhookLane::Healthy, 100, 4).await;
    assert_eq!(rest.len(), 3, "four at a time at one endpoint");
    assert!(claim(&world, WebhookLane::Healthy, 100, 4).await.is_empty());
    // One that fails changes into the other lane, so that it takes nobody's hands.
    let bad = outcome(&world, Some("It answered 500."), TimeDelta::seconds(10));
    record(&world, &rest[0], &bad).await;
    assert!(
        claim(&world, WebhookLane::Healthy, 100, 100)
            .await
            .is_empty()
    );
    assert!(
        claim(&world, WebhookLane::Failing, 100, 1).await.is_empty(),
        "three are on their way"
    );
    let good = outcome(&world, None, TimeDelta::zero());
    record(&world, &rest[1], &good).await;
    assert_eq!(
        claim(&world, WebhookLane::Healthy, 100, 4).await.len(),
        2,
        "it is back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn after_three_days_it_fails_and_the_endpoint_is_disabled() {
    let world = World::new().await;
    let store = world.store();
    let endpoint = world.endpoint(&world.shop, "*").await;
    deliveries(&world, &endpoint, 1).await;
    let mut attempts = 0;
    let last = loop {
        let work = claim_one(&world).await.expect("it is due");
        attempts += 1;
        let bad = outcome(&world, Some("It answered 500."), TimeDelta::hours(7));
        let recorded = record(&world, &work, &bad).await;
        if recorded.state == State::Failed {
            assert_eq!(recorded.disabled, Some(WebhookDisabledReason::Failing));
            break work;
        }
        assert_eq!(recorded.disabled, None);
        assert!(claim_one(&world).await.is_none());
        let next = get(&world, &work).await.next_attempt_at.unwrap();
        let wait = next - berth_model::Clock::now(&*world.database.clock);
        world.database.clock.advance(wait);
    };
    // Each 7 hours, and the last when the three days are over.
    assert_eq!(attempts, 12);
    let failed = get(&world, &last).await;
    assert_eq!(
        (failed.state, failed.next_attempt_at),
        (State::Failed, None)
    );
    assert_eq!(failed.finished_at, Some(failed.give_up_at));
    let disabled = store
        .webhook_endpoint_get(&world.shop, endpoint.id)
        .await
        .unwrap();
    assert_eq!(
        disabled.disabled_reason,
        Some(WebhookDisabledReason::Failing)
    );
    let refused = store.webhook_delivery_redeliver(&world.shop, last.id).await;
    assert_eq!(refused.unwrap_err().code(), ErrorCode::WrongState);
    let on = WebhookEndpointUpdate {
        id: endpoint.id,
        url: None,
        description: None,
        patterns: None,
        enabled: Some(true),
    };
    store
        .webhook_endpoint_update(&world.shop, on)
        .await
        .unwrap();
    let again = store
        .webhook_delivery_redeliver(&world.shop, last.id)
        .await
        .unwrap();
    assert_eq!((again.state, again.finished_at), (State::Pending, None));
    let work = claim_one(&world).await.unwrap();
    assert_eq!(
        (work.id, work.attempt, work.tries),
        (last.id, 13, 1),
        "pauses begin anew"
    );
    let bad = outcome(&world, Some("It answered 500."), TimeDelta::hours(7));
    assert_eq!(record(&world, &work, &bad).await.state, State::Pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_is_disabled_at_once() {
    let world = World::new().await;
    let endpoint = world.endpoint(&world.shop, "*").await;
    deliveries(&world, &endpoint, 2).await;
    let work = claim_one(&world).await.unwrap();
    let mut gone = outcome(
        &world,
        Some("It answered 410 Gone."),
        TimeDelta::seconds(10),
    );
    gone.gone = true;
    let recorded = record(&world, &work, &gone).await;
    assert_eq!(recorded.disabled, Some(WebhookDisabledReason::Gone));
    world.database.clock.advance(TimeDelta::hours(1));
    assert!(claim_one(&world).await.is_none());
    // What waits is given up when its time is over, and removed after a month.
    world.database.clock.advance(TimeDelta::hours(71));
    assert_eq!(world.store().webhook_purge(1).await.unwrap().given_up, 1);
    assert_eq!(world.store().webhook_purge(10).await.unwrap().given_up, 1);
    assert_eq!(get(&world, &work).await.state, State::Failed);
    world.database.clock.advance(TimeDelta::days(30));
    assert_eq!(world.store().webhook_purge(10).await.unwrap().deliveries, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_again_while_it_is_sent_is_sent_again_only_if_it_failed() {
    let world = World::new().await;
    let store = world.store();
    let endpoint = world.endpoint(&world.shop, "*").await;
    deliveries(&world, &endpoint, 1).await;
    let work = claim_one(&world).await.unwrap();
    store
        .webhook_delivery_redeliver(&world.shop, work.id)
        .await
        .unwrap();
    assert!(claim_one(&world).await.is_none(), "a courier has it");
    let bad = outcome(&world, Some("It answered 500."), TimeDelta::hours(7));
    record(&world, &work, &bad).await;
    let again = claim_one(&world)
        .await
        .expect("at once, not in seven hours");
    assert_eq!((again.attempt, again.tries), (2, 1));
    let good = outcome(&world, None, TimeDelta::zero());
    record(&world, &again, &good).await;
    assert!(claim_one(&world).await.is_none());
    // What was delivered can be told again, too.
    store
        .webhook_delivery_redeliver(&world.shop, work.id)
        .await
        .unwrap();
    assert_eq!(claim_one(&world).await.unwrap().id, work.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_attempts_the_newest_are_kept() {
    let world = World::new().await;
    let endpoint = world.endpoint(&world.shop, "*").await;
    deliveries(&world, &endpoint, 1).await;
    let mut last = None;
    for _ in 0..52 {
        let work = claim_one(&world).await.unwrap();
        let bad = outcome(&world, Some("It answered 500."), TimeDelta::zero());
        record(&world, &work, &bad).await;
        last = Some(work.id);
    }
    let id = last.unwrap();
    let found = world
        .store()
        .webhook_attempt_by_delivery_ids(&world.shop, &[id])
        .await;
    let numbers: Vec<i32> = found.unwrap()[&id]
        .iter()
        .map(|attempt| attempt.number)
        .collect();
    assert_eq!(numbers, (3..=52).collect::<Vec<_>>());
}
