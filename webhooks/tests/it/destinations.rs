//! Where webhooks may go: looked at when a URL is saved, and again for each connection.

use std::sync::Arc;

use berth_model::{Reach, WebhookDeliveryState as State, WebhookDestinations};
use berth_webhooks::{Bounds, CourierConfig, Destinations};
use tokio::net::TcpListener;

use crate::{
    server::Server,
    world::{NoNames, Script, World, development},
};

const PUBLIC: &str = "93.184.215.14";

#[tokio::test]
async fn names_are_looked_up_when_a_url_is_saved() {
    let reach = Reach::Public;
    for (addresses, good) in [
        (&[PUBLIC][..], true),
        (&[PUBLIC, "2606:4700::6810:84e5"], true),
        (&["127.0.0.1"], false),
        (&["10.0.0.5"], false),
        (&["169.254.169.254"], false),
        (&["::ffff:192.168.0.1"], false),
        (&["fd00::1"], false),
        (&[PUBLIC, "127.0.0.1"], false),
        (&[], false),
    ] {
        let names = Script::new("shop.example", &[addresses]);
        let checked = Destinations::new(names, reach)
            .check("https://shop.example/x")
            .await;
        assert_eq!(checked.is_ok(), good, "{addresses:?}");
        if let Err(error) = checked {
            assert_eq!(error.field(), Some("url"));
        }
    }
    let nobody = Destinations::new(Arc::new(NoNames), reach);
    let error = nobody.check("https://shop.example/x").await.unwrap_err();
    assert!(error.message().contains("can't be resolved"), "{error}");
    // An address is no name: nobody is asked for it.
    assert!(nobody.check(&format!("https://{PUBLIC}/x")).await.is_ok());
    assert!(nobody.check("https://127.0.0.1/x").await.is_err());
}

/// The name is public when it is saved, and leads into our own network when it is connected to.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_changes_its_mind_is_not_connected_to() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let names = Script::new("shop.example", &[&[PUBLIC], &["127.0.0.1"]]);
    let url = format!("https://shop.example:{port}/hook");
    let destinations = Destinations::new(names.clone(), Reach::Public);
    let saved = destinations.check(&url).await.unwrap();
    let (endpoint, _) = world
        .endpoint(&world.shop, saved.as_str(), "tenant.created")
        .await;
    let config = CourierConfig {
        bounds: Reach::Public.into(),
        ..development()
    };
    let courier = world.start_with(config, names);
    world.tenant(&world.shop, "anna").await;
    let refused = world.until_logged(endpoint.id, 1).await;
    let log = world.log(&refused).await;
    assert_eq!(
        log[0].error.as_deref(),
        Some("The host's name leads to an address that is not public.")
    );
    assert_eq!(
        (log[0].response_status, refused.state),
        (None, State::Pending)
    );
    courier.stopped().await;
    // Nobody knocked.
    let listener = listener.into_std().unwrap();
    let knocked = listener.accept().unwrap_err();
    assert_eq!(knocked.kind(), std::io::ErrorKind::WouldBlock);
}

/// Saved while the reach was wider, or put into the database by hand.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_looked_at_for_each_attempt() {
    let world = World::new().await;
    let mut server = Server::new(200).await;
    let (endpoint, _) = world
        .endpoint(&world.shop, &server.url(), "tenant.created")
        .await;
    let port = server.address.port();
    let config = CourierConfig {
        bounds: Reach::Public.into(),
        ..development()
    };
    let courier = world.start_with(config, Arc::new(NoNames));
    world.tenant(&world.shop, "anna").await;
    let told = world.until_logged(endpoint.id, 1).await;
    let plain = world.log(&told).await.remove(0).error.unwrap();
    assert_eq!(plain, "Give a URL that begins with https://.");
    let private = format!("UPDATE webhook_endpoints SET url = 'https://127.0.0.1:{port}/'");
    world.database.sql(&private).await;
    world.skip_to(&told);
    let told = world.until_logged(endpoint.id, 2).await;
    let error = world.log(&told).await.remove(1).error.unwrap();
    assert!(error.contains("not public"), "{error}");
    courier.stopped().await;
    assert!(server.is_quiet());
}

/// Public, and the provider's own: refused when it is saved, and when a name leads there later.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_provider_denies_is_refused_when_saved_and_not_connected_to() {
    let bounds = Bounds {
        reach: Reach::Development,
        denied: vec![
            "93.184.215.0/24".parse().unwrap(),
            "127.0.0.1/32".parse().unwrap(),
        ],
    };
    let names = Script::new("shop.example", &[&[PUBLIC], &["93.184.214.1"]]);
    let destinations = Destinations::new(names, bounds.clone());
    let by_name = destinations.check("https://shop.example/x").await;
    let by_address = destinations.check(&format!("https://{PUBLIC}/x")).await;
    for refused in [by_name, by_address] {
        let error = refused.unwrap_err();
        assert_eq!(error.field(), Some("url"));
        assert!(error.message().contains("keeps webhooks from"), "{error}");
    }
    assert!(destinations.check("https://shop.example/x").await.is_ok());

    let world = World::new().await;
    let mut server = Server::new(200).await;
    let port = server.address.port();
    let (named, _) = world
        .endpoint(
            &world.shop,
            &format!("http://shop.example:{port}/x"),
            "tenant.*",
        )
        .await;
    let (literal, _) = world.endpoint(&world.shop, &server.url(), "tenant.*").await;
    let config = CourierConfig {
        bounds,
        ..development()
    };
    let courier = world.start_with(config, Script::new("shop.example", &[&["127.0.0.1"]]));
    world.tenant(&world.shop, "anna").await;
    for endpoint in [named, literal] {
        let refused = world.until_logged(endpoint.id, 1).await;
        let error = world.log(&refused).await.remove(0).error.unwrap();
        assert!(error.contains("an address that the provider"), "{error}");
    }
    courier.stopped().await;
    assert!(server.is_quiet());
}

/// The client connects to what was checked, not to what the machine's own resolver says.
#[tokio::test(flavor = "multi_thread")]
async fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let world = World::new().await;
    let mut server = Server::new(200).await;
    let url = format!("http://nowhere.invalid:{}/hook", server.address.port());
    let names = Script::new("nowhere.invalid", &[&["127.0.0.1"]]);
    let (endpoint, _) = world.endpoint(&world.shop, &url, "tenant.created").await;
    let courier = world.start_with(development(), names);
    world.tenant(&world.shop, "anna").await;
    let received = server.next().await;
    let host = format!("nowhere.invalid:{}", server.address.port());
    assert_eq!(received.header("host"), host);
    world.until_delivered(endpoint.id).await;
    courier.stopped().await;
}
