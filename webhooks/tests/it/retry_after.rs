//! An endpoint that asks to be left alone for a while is.

use axum::{http::StatusCode, response::IntoResponse};
use berth_model::Clock;
use chrono::TimeDelta;

use crate::{server::Server, world::World};

/// The tests' clock begins at 2026-01-02T03:04:05Z.
const IN_AN_HOUR: &str = "Fri, 02 Jan 2026 04:04:05 GMT";

#[tokio::test(flavor = "multi_thread")]
async fn the_next_attempt_waits_as_long_as_an_endpoint_asks_for() {
    let world = World::new().await;
    let answers = [
        (429, "3600", 3600..=3600),
        (503, IN_AN_HOUR, 3600..=3600),
        // No longer than the longest pause.
        (503, "999999999", 21_600..=21_600),
        // Sooner than the pause is no reason to hurry.
        (503, "0", 5..=10),
        // A failure of another kind says nothing about when it is over.
        (500, "3600", 5..=10),
    ];
    for (number, (status, asked, wait)) in answers.into_iter().enumerate() {
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::answering(move |_| (status, [("retry-after", asked)]).into_response());
        let server = server.await;
        let (endpoint, _) = world
            .endpoint(&world.shop, &server.url(), "tenant.created")
            .await;
        let courier = world.start();
        world.tenant(&world.shop, &format!("anna{number}")).await;
        let told = world.until_logged(endpoint.id, 1).await;
        let next = told.next_attempt_at.unwrap() - world.database.clock.now();
        let seconds = (next + TimeDelta::milliseconds(999)).num_seconds();
        assert!(wait.contains(&seconds), "{status} {asked}: {seconds} s");
        courier.stopped().await;
        world
            .store
            .webhook_endpoint_delete(&world.shop, endpoint.id)
            .await
            .unwrap();
    }
}
