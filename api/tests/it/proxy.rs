//! Behind reverse proxies an address is the client's, wherever addresses count: for those that are trusted.

use std::net::{IpAddr, Ipv4Addr};

use berth_api::{Bucket, Limits};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    pages::{browser::Browser, shop::Shop},
    support::{Api, code},
    visitor::public_token,
    world::World,
};

/// The only one that is trusted. The tests' own requests come from another.
const PROXY: u8 = 2;

async fn world() -> World {
    let limits = Limits {
        visitor_bucket: Bucket {
            size: 6,
            restore_per_second: 1,
        },
        ..Limits::default()
    };
    World::over(Api::behind(&["127.0.0.2/32", "fd00::/8"], limits).await).await
}

/// A request from an address of this machine, with lines of `X-Forwarded-For`.
fn from(api: &Api, host: u8, lines: &[&str], token: &str) -> RequestBuilder {
    let address = IpAddr::from(Ipv4Addr::new(127, 0, 0, host));
    let http = Client::builder().local_address(address).build().unwrap();
    let request = http.post(format!("{}/graphql", api.url)).bearer_auth(token);
    lines.iter().fold(request, |request, line| {
        request.header("x-forwarded-for", *line)
    })
}

/// How a visitor's question ends that costs half of what its address has.
async fn visit(api: &Api, host: u8, lines: &[&str], token: &str) -> String {
    let body = json!({ "query": "{ viewer { kind storefront { name } } }" });
    let answer = from(api, host, lines, token).json(&body).send().await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    code(&answer).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_behind_a_trusted_proxy_have_a_budget_each() {
    let world = world().await;
    let (api, token) = (&world.api, public_token(&world.api, &world.shop_a).await);
    for lines in [
        &["203.0.113.7"] as &[&str],
        &["203.0.113.8", "fd00::1"],
        &["192.0.2.1, [2001:db8:0:1::7]:4711"],
        &[],
    ] {
        for expected in ["no error", "no error", "no error", "THROTTLED"] {
            assert_eq!(
                visit(api, PROXY, lines, &token).await,
                expected,
                "{lines:?}"
            );
        }
    }
    // What a client writes itself, and another address of its network, are no other client.
    for lines in [
        &["192.0.2.99, 203.0.113.7"] as &[&str],
        &["nonsense", "203.0.113.8"],
        &["2001:db8:0:1:ffff::1"],
        &["nonsense"],
    ] {
        assert_eq!(
            visit(api, PROXY, lines, &token).await,
            "THROTTLED",
            "{lines:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_trusted_proxy_is_one_address_whatever_it_writes() {
    let world = world().await;
    let (api, token) = (&world.api, public_token(&world.api, &world.shop_a).await);
    for (line, expected) in [
        ("203.0.113.1", "no error"),
        ("203.0.113.2, 127.0.0.2", "no error"),
        ("127.0.0.2", "no error"),
        ("203.0.113.3", "THROTTLED"),
    ] {
        assert_eq!(visit(api, 3, &[line], &token).await, expected, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_has_the_clients_address() {
    let world = world().await;
    for (index, (host, lines, expected)) in [
        (PROXY, &["203.0.113.7"] as &[&str], "203.0.113.7"),
        (PROXY, &["192.0.2.1, 2001:db8::7, 127.0.0.2"], "2001:db8::7"),
        (PROXY, &["x"], "127.0.0.2"),
        (3, &["203.0.113.9"], "127.0.0.3"),
    ]
    .into_iter()
    .enumerate()
    {
        let query = format!(
            "mutation {{ siteCreate(input: {{ idempotencyKey: \"{index}\", name: \"s{index}\" }}) \
             {{ userErrors {{ code }} }} }}"
        );
        let body = json!({ "query": query });
        let request = from(&world.api, host, lines, &world.platform).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(
            answer["data"]["siteCreate"]["userErrors"],
            json!([]),
            "{answer}"
        );
        let lines = format!(
            "SELECT count(*) AS number FROM audit_log
             WHERE action = 'siteCreate' AND host(remote::inet) = '{expected}'"
        );
        assert_eq!(world.api.database.number(&lines).await, 1, "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_from_one_client_keep_no_other_from_the_pages() {
    let proxies = ["127.0.0.1/32"];
    let shop = Shop::over(Api::behind(&proxies, Limits::default()).await, false).await;
    let at = format!("{}/sign-in", shop.base);
    let mut guesser = shop.browser();
    guesser.forwarded = Some("203.0.113.7");
    let guess = async |browser: &mut Browser, index: usize| {
        let email = format!("a{index}@mail.example");
        let fields = [("email", email.as_str()), ("password", "nonsense")];
        browser.submit(&at, &at, &fields).await.status
    };
    for index in 0..60 {
        assert_ne!(guess(&mut guesser, index).await, 429, "{index}");
    }
    assert_eq!(guess(&mut guesser, 60).await, 429);
    let mut other = shop.browser();
    other.forwarded = Some("203.0.113.7, 203.0.113.8");
    assert_ne!(guess(&mut other, 61).await, 429);
    guesser.forwarded = Some("203.0.113.9, 203.0.113.7");
    assert_eq!(guess(&mut guesser, 62).await, 429);
}
