//! From a change to a signed request, and everything that can go wrong on the way.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect},
};
use berth_model::{WebhookDeliveryState as State, WebhookDisabledReason};
use berth_webhooks::CourierConfig;
use chrono::TimeDelta;
use serde_json::Value;
use standardwebhooks::Webhook;

use crate::{
    server::{Received, Server},
    world::{NoNames, World, development},
};

/// By those who wrote the standard: signature, and a timestamp that is not old.
fn verify(secret: &str, received: &Received) -> bool {
    let library = Webhook::new(secret).unwrap();
    let headers: HeaderMap = received.headers.clone();
    library.verify(received.body.as_bytes(), &headers).is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_is_told_signed_and_logged() {
    let world = World::live().await;
    let mut server = Server::new(204).await;
    let (endpoint, secret) = world.endpoint(&world.shop, &server.url(), "tenant.*").await;
    let courier = world.start();
    let tenant = world.tenant(&world.shop, "anna").await;
    world.tenant(&world.other_shop, "berta").await;
    let received = server.next().await;
    assert!(verify(&secret, &received));
    let mut forged = received.clone();
    forged.body = forged.body.replace("anna", "emma");
    assert!(!verify(&secret, &forged));
    assert_eq!(received.header("content-type"), "application/json");
    let body: Value = serde_json::from_str(&received.body).unwrap();
    assert_eq!(body["type"], "tenant.created");
    assert_eq!(body["data"]["tenantId"], tenant.id.to_string());
    assert_eq!(body["data"]["tenantExternalId"], "anna");
    let delivered = world.until_delivered(endpoint.id).await;
    assert_eq!(
        delivered.len(),
        1,
        "of its own tenants alone, and what it chose"
    );
    assert_eq!(delivered[0].id.to_string(), received.header("webhook-id"));
    let log = world.log(&delivered[0]).await;
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].number, log[0].response_status), (1, Some(204)));
    assert_eq!(log[0].error, None);
    courier.stopped().await;
    assert!(server.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_old_and_the_new_secret_verify() {
    let world = World::live().await;
    let mut server = Server::new(200).await;
    let (endpoint, old) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let rotated = world
        .store
        .webhook_endpoint_secret_rotate(&world.shop, endpoint.id);
    let new = rotated.await.unwrap().1.unwrap();
    let courier = world.start();
    world.tenant(&world.shop, "anna").await;
    let received = server.next().await;
    assert_ne!(old, new);
    assert!(verify(&old, &received) && verify(&new, &received));
    assert!(!verify("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &received));
    courier.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_the_same_until_it_goes_well() {
    let world = World::new().await;
    let mut statuses = [500, 302, 429, 200].into_iter();
    let mut server = Server::answering(move |_| match statuses.next().unwrap() {
        302 => Redirect::to("http://127.0.0.1:1/elsewhere").into_response(),
        status => StatusCode::from_u16(status).unwrap().into_response(),
    })
    .await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let courier = world.start();
    world.tenant(&world.shop, "anna").await;
    let mut seen = Vec::new();
    for attempt in 1..=3 {
        let received = server.next().await;
        seen.push((received.header("webhook-id").to_owned(), received.body));
        let waiting = world.until_logged(endpoint.id, attempt).await;
        let wait =
            waiting.next_attempt_at.unwrap() - berth_model::Clock::now(&*world.database.clock);
        let most = TimeDelta::seconds(10 << (attempt - 1));
        assert!(wait <= most && wait >= most / 2, "{attempt}: {wait}");
        assert_eq!(waiting.state, State::Pending);
        world.skip_to(&waiting);
    }
    let received = server.next().await;
    seen.push((received.header("webhook-id").to_owned(), received.body));
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    let delivered = world.until_delivered(endpoint.id).await.remove(0);
    let log = world.log(&delivered).await;
    let told: Vec<String> = log
        .iter()
        .map(|one| {
            format!(
                "{:?} {}",
                one.response_status,
                one.error.clone().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "Some(500) It answered 500 Internal Server Error.",
            "Some(303) It answered 303 See Other. Redirects are not followed: give the URL that it \
             leads to.",
            "Some(429) It answered 429 Too Many Requests.",
            "Some(200) "
        ]
    );
    courier.stopped().await;
    assert!(
        server.is_quiet(),
        "the redirect was not followed, nor anything sent twice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_gone_is_told_nothing_more() {
    let world = World::new().await;
    let mut server = Server::new(410).await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let courier = world.start();
    world.tenant(&world.shop, "anna").await;
    server.next().await;
    world.until_logged(endpoint.id, 1).await;
    let disabled = world
        .store
        .webhook_endpoint_get(&world.shop, endpoint.id)
        .await
        .unwrap();
    assert_eq!(disabled.disabled_reason, Some(WebhookDisabledReason::Gone));
    world.tenant(&world.shop, "berta").await;
    courier.stopped().await;
    assert!(server.is_quiet());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_answer_is_cut_off_and_counts_by_its_status() {
    let world = World::new().await;
    let mut server = Server::answering(|_| {
        // More than anybody wants to read, as fast as it is taken.
        let part = || Ok::<_, Infallible>(Bytes::from_static(&[b'x'; 8192]));
        Body::from_stream(futures::stream::repeat_with(part)).into_response()
    })
    .await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let courier = world.start();
    world.tenant(&world.shop, "anna").await;
    server.next().await;
    world.until_delivered(endpoint.id).await;
    courier.stopped().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_left_after_the_time_limit() {
    let world = World::new().await;
    let mut server = Server::new(200).await;
    server.hold();
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let config = CourierConfig {
        time_limit: Duration::from_millis(200),
        ..development()
    };
    let courier = world.start_with(config, Arc::new(NoNames));
    world.tenant(&world.shop, "anna").await;
    server.next().await;
    let waiting = world.until_logged(endpoint.id, 1).await;
    let log = world.log(&waiting).await;
    assert_eq!(log[0].error.as_deref(), Some("It did not answer in time."));
    assert!(log[0].duration_ms >= 200, "{log:?}");
    courier.stopped().await;
}

/// Killed after the endpoint had answered and before that was written down: another courier sends
/// the same again, under the same id.
#[tokio::test(flavor = "multi_thread")]
async fn a_courier_that_dies_between_sending_and_writing_is_followed_by_another() {
    let world = World::new().await;
    let mut server = Server::new(200).await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    world.tenant(&world.shop, "anna").await;
    world.store.webhook_fan_out(100).await.unwrap();
    let first = world.start_and_kill(&mut server).await;
    // Nothing of it was written down, and nobody else may take it before the lease ends.
    let waiting = world
        .until(endpoint.id, |one| one.attempts == 1)
        .await
        .remove(0);
    assert_eq!(waiting.state, State::Pending);
    assert_eq!(world.log(&waiting).await, []);
    world.skip_to(&waiting);
    let courier = world.start();
    let second = server.next().await;
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    assert_eq!(second.body, first.body);
    let delivered = world.until_delivered(endpoint.id).await.remove(0);
    let log = world.log(&delivered).await;
    let numbers: Vec<i32> = log.iter().map(|attempt| attempt.number).collect();
    assert_eq!((delivered.attempts, numbers), (2, vec![2]));
    courier.stopped().await;
}
