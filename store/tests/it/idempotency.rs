//! Idempotency keys: a repeated mutation makes nothing twice, and tells no secret twice.

use berth_model::{ClientCreate, ClientFor, ErrorCode};
use chrono::TimeDelta;

use crate::world::{World, tenant_input, with_key};

const COUNTS: &str = "
    SELECT (SELECT count(*) FROM tenants) || ' ' || (SELECT count(*) FROM deployments) || ' '
        || (SELECT count(*) FROM virtual_machines) || ' '
        || (SELECT count(*) FROM operations) || ' ' || (SELECT count(*) FROM audit_log) || ' '
        || (SELECT count(*) FROM idempotency_keys) AS line";

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_answers_the_same_and_makes_nothing() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&world.shop, "k");
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let first = store.deployment_create(&cx, order.clone()).await.unwrap();
    let tenant = store
        .tenant_create(&cx, tenant_input("Carla", "c"))
        .await
        .unwrap();
    let stopped = store.deployment_stop(&cx, first.0.id).await.unwrap();
    let counts = world.text(COUNTS).await;
    let again = store.deployment_create(&cx, order).await.unwrap();
    assert_eq!((again.0.id, again.1.id), (first.0.id, first.1.id));
    assert_eq!(again.0, stopped.0, "a replay shows what is now");
    assert_eq!(
        store
            .tenant_create(&cx, tenant_input("Carla", "c"))
            .await
            .unwrap(),
        tenant
    );
    let stopped_again = store.deployment_stop(&cx, first.0.id).await.unwrap();
    assert_eq!(stopped_again.1.id, stopped.1.id);
    assert_eq!(world.text(COUNTS).await, counts);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_variables_under_the_same_key_are_refused() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&world.shop, "k");
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (made, _) = store.deployment_create(&cx, order.clone()).await.unwrap();
    let mut other = order;
    other.name = "Another".to_owned();
    let error = store.deployment_create(&cx, other).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdempotencyKeyReused);
    assert_eq!(error.field(), Some("idempotencyKey"));
    store
        .deployment_delete(&cx, made.id, Some(1))
        .await
        .unwrap();
    let error = store
        .deployment_delete(&cx, made.id, Some(2))
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::IdempotencyKeyReused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_its_clients_and_its_mutations_own_and_ends_after_a_day() {
    let world = World::new().await;
    let store = world.store();
    let input = || tenant_input("Carla", "c");
    let first = store
        .tenant_create(&with_key(&world.shop, "k"), input())
        .await
        .unwrap();
    let other = store
        .tenant_create(&with_key(&world.other_shop, "k"), input())
        .await
        .unwrap();
    assert_ne!(first.id, other.id);
    world.database.clock.advance(TimeDelta::hours(24));
    let error = store
        .tenant_create(&with_key(&world.shop, "k"), input())
        .await
        .unwrap_err();
    assert_eq!(
        error.code(),
        ErrorCode::AlreadyExists,
        "after a day it is a new request"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_make_one() {
    let world = World::new().await;
    let store = world.store();
    let cx = with_key(&world.shop, "k");
    let order = || world.order(&world.tenant, &world.small, "a.example.org");
    let orders = (0..8).map(|_| store.deployment_create(&cx, order()));
    let made = futures::future::try_join_all(orders).await.unwrap();
    assert!(made.iter().all(|(deployment, operation)| {
        deployment.id == made[0].0.id && operation.id == made[0].1.id
    }));
    let tenants = (0..8).map(|_| store.tenant_create(&cx, tenant_input("Carla", "c")));
    let made = futures::future::try_join_all(tenants).await.unwrap();
    assert!(made.iter().all(|tenant| tenant.id == made[0].id));
    assert_eq!(
        world
            .text("SELECT count(*)::text AS line FROM deployments")
            .await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_stores_nothing() {
    let world = World::new().await;
    let store = world.store();
    let order = world.order(&world.tenant, &world.small, "a.example.org");
    let (made, _) = store
        .deployment_create(&world.shop, order.clone())
        .await
        .unwrap();
    let counts = world.text(COUNTS).await;
    let cx = with_key(&world.shop, "k");
    let error = store
        .deployment_create(&cx, order.clone())
        .await
        .unwrap_err();
    assert_eq!(error.code(), ErrorCode::AlreadyExists);
    assert_eq!(
        store
            .deployment_start(&cx, made.id)
            .await
            .unwrap_err()
            .code(),
        ErrorCode::WrongState
    );
    assert_eq!(world.text(COUNTS).await, counts);
    let mut corrected = order;
    corrected.domain_name = "b.example.org".parse().unwrap();
    store.deployment_create(&cx, corrected).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_never_repeats_a_secret() {
    let world = World::new().await;
    let cx = with_key(
        &crate::world::context(
            berth_model::Actor::platform().caller,
            world.shop.actor.client_id.unwrap(),
        ),
        "k",
    );
    let create = || {
        world
            .store()
            .client_create(&cx, ClientCreate::new("script", ClientFor::PROVIDER))
    };
    let (first, secret) = create().await.unwrap();
    assert!(secret.is_some());
    assert_eq!(create().await.unwrap(), (first, None));
}
