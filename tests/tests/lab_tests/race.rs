//! More orders at once than there is room for.

use berth_tests::Worker;
use futures::future::join_all;
use serde_json::json;

use super::guest::{LIMIT, Site};

#[tokio::test(flavor = "multi_thread")]
async fn of_twelve_orders_for_room_for_three_exactly_three_run() {
    let site = Site::new(1, 120).await;
    let world = &site.world;
    let orders = join_all((0..12).map(|_| world.order(&world.catalogue.own, json!([])))).await;
    let workers = [(); 2].map(|()| {
        world.worker(Worker {
            concurrency: Some(6),
            ..Worker::default()
        })
    });
    let ends = orders
        .iter()
        .map(|(_, operation)| world.platform.operation_end(operation, LIMIT));
    let ends = join_all(ends).await;
    let of = |state: &str| ends.iter().filter(|end| end["state"] == state).count();
    assert_eq!((of("SUCCEEDED"), of("FAILED")), (3, 9), "{ends:#?}");
    for end in ends.iter().filter(|end| end["state"] == "FAILED") {
        assert_eq!(end["errorCode"], "NO_CAPACITY", "{end:#}");
    }
    for machine in site.lab.machines() {
        let listed = world.lister.list(&machine);
        assert_eq!(listed.guests.len(), 1, "{machine}: {listed:?}");
    }
    drop(workers);
    world.assert_counted("the race").await;

    let document = "query($id: ID!) { node(id: $id) { ... on Operation { placement { text } } } }";
    let refused = ends.iter().find(|end| end["state"] == "FAILED").unwrap();
    let variables = || json!({ "id": refused["id"] });
    let data = world.storefront.query(document, variables()).await;
    assert_eq!(
        data["node"]["placement"]["text"],
        "3 machines: too little room"
    );
    let data = world.platform.query(document, variables()).await;
    let text = data["node"]["placement"]["text"].as_str().unwrap();
    for machine in site.lab.machines() {
        assert!(
            text.contains(&format!("{machine}: 256 MiB of memory short")),
            "{text}"
        );
    }
}
