//! A slow or dead endpoint delays nobody else.

use std::sync::Arc;

use berth_webhooks::CourierConfig;

use crate::{
    server::Server,
    world::{NoNames, World, development},
};

/// One hand in each lane. The endpoint that fails keeps the failing lane's; those that answer are
/// served meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_fails_holds_up_nobody_who_answers() {
    let world = World::new().await;
    let mut dead = Server::new(500).await;
    let mut good = Server::new(200).await;
    let (failing, _) = world
        .endpoint(&world.shop, &dead.url(), "tenant.created")
        .await;
    let (answering, _) = world
        .endpoint(&world.other_shop, &good.url(), "tenant.created")
        .await;
    let config = CourierConfig {
        concurrency: 1,
        ..development()
    };
    let courier = world.start_with(config, Arc::new(NoNames));
    world.tenant(&world.shop, "anna").await;
    dead.next().await;
    let failed = world.until_logged(failing.id, 1).await;
    // From now on it doesn't even answer.
    dead.hold();
    world.skip_to(&failed);
    dead.next().await;
    for name in ["berta", "carla", "dora"] {
        world.tenant(&world.other_shop, name).await;
        good.next().await;
    }
    let delivered = world.until_delivered(answering.id).await;
    assert_eq!(delivered.len(), 3);
    let waiting = world.until(failing.id, |_| true).await;
    assert_eq!(
        waiting[0].attempts, 2,
        "its second attempt is still on its way"
    );
    dead.release();
    courier.stopped().await;
}

/// Of a flood for one endpoint that hangs, no more than its limit is on its way at a time.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_hangs_has_no_more_hands_than_its_limit() {
    let world = World::new().await;
    let mut slow = Server::new(200).await;
    let mut good = Server::new(200).await;
    slow.hold();
    let (hanging, _) = world
        .endpoint(&world.shop, &slow.url(), "tenant.created")
        .await;
    world
        .endpoint(&world.other_shop, &good.url(), "tenant.created")
        .await;
    for index in 0..6 {
        world.tenant(&world.shop, &format!("n{index}")).await;
    }
    let config = CourierConfig {
        concurrency: 3,
        per_endpoint: 2,
        ..development()
    };
    let courier = world.start_with(config, Arc::new(NoNames));
    slow.next().await;
    slow.next().await;
    world.tenant(&world.other_shop, "berta").await;
    good.next().await;
    assert!(slow.is_quiet());
    slow.release();
    let delivered = world.until_delivered(hanging.id).await;
    assert_eq!(delivered.len(), 6);
    courier.stopped().await;
}
