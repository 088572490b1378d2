//! Tokens and answers that prove nothing, by an issuer that forges them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::parts::{back, create, leave};
use crate::{npm::Program, pages::shop::Shop, support::code};

struct Forger {
    program: Program,
    issuer: String,
    id: String,
    callback: String,
}

impl Forger {
    async fn join(shop: &Shop) -> Self {
        let mut program = Program::start("forging_issuer.mjs", &[]);
        let told = program.told().await.unwrap();
        let issuer = told["issuer"].as_str().unwrap().to_owned();
        let (id, path) = create(shop, "Forger", &issuer).await;
        let callback = format!("{}{path}", shop.api.url);
        Self {
            program,
            issuer,
            id,
            callback,
        }
    }

    /// Signs in with an answer that is forged in this way. `NONCE` stands for the right one.
    async fn try_out(&mut self, shop: &Shop, forged: &Value, more: &str) -> (StatusCode, String) {
        let mut browser = shop.browser();
        let url = leave(&mut browser, shop, &self.id, "").await;
        let query = url.split_once('?').unwrap().1;
        let asked: std::collections::BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        assert_eq!(asked["code_challenge_method"], "S256");
        let forged = forged.to_string().replace("NONCE", &asked["nonce"]);
        self.program
            .order(serde_json::from_str(&forged).unwrap())
            .await;
        self.program.told().await.unwrap();
        let answer = format!("{}?code=c&state={}{more}", self.callback, asked["state"]);
        let page = back(&mut browser, shop, &answer).await;
        (page.status, page.text)
    }
}

fn claims(more: Value) -> Value {
    let mut claims = json!({
        "sub": "anna", "nonce": "NONCE", "email": "anna@mail.example", "email_verified": true,
    });
    for (name, value) in more.as_object().unwrap() {
        claims[name] = value.clone();
    }
    json!({ "claims": claims, "sign": "good" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_token_signs_nobody_in() {
    let shop = Shop::federated().await;
    let mut forger = Forger::join(&shop).await;
    let good = claims(json!({}));
    let (status, text) = forger.try_out(&shop, &good, "").await;
    assert_eq!(status, 200, "the good one is taken: {text}");
    let signed = |how: &str| {
        let mut forged = good.clone();
        forged["sign"] = json!(how);
        forged
    };
    for (what, forged) in [
        (
            "another audience",
            claims(json!({ "aud": "somebody-else" })),
        ),
        (
            "more audiences",
            claims(json!({ "aud": ["berth", "somebody-else"] })),
        ),
        (
            "for another party",
            claims(json!({ "azp": "somebody-else" })),
        ),
        (
            "another nonce",
            claims(json!({ "nonce": "of-an-earlier-token" })),
        ),
        ("no nonce", claims(json!({ "nonce": null }))),
        (
            "another issuer",
            claims(json!({ "iss": "https://id.example.org" })),
        ),
        (
            "expired",
            claims(json!({ "iat": 1_000_000_000, "exp": 1_000_000_300 })),
        ),
        (
            "another access token's",
            claims(json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" })),
        ),
        ("no subject", claims(json!({ "sub": "" }))),
        ("a long subject", claims(json!({ "sub": "x".repeat(256) }))),
        ("another key", signed("other")),
        ("unsigned", signed("none")),
        ("by the client's secret", signed("secret")),
    ] {
        let (status, text) = forger.try_out(&shop, &forged, "").await;
        assert!(
            status == 400 && text.contains("proves nothing"),
            "{what}: {text}"
        );
    }
    for more in ["&iss=https%3A%2F%2Fid.example.org", "&iss=x"] {
        let (status, text) = forger.try_out(&shop, &good, more).await;
        assert!(
            status == 400 && text.contains("proves nothing"),
            "{more}: {text}"
        );
    }
    let more = format!(
        "&iss={}",
        forger.issuer.replace(':', "%3A").replace('/', "%2F")
    );
    let (status, text) = forger.try_out(&shop, &good, &more).await;
    assert_eq!(status, 200, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_address_is_believed_that_is_not_said_to_be_verified() {
    let shop = Shop::federated().await;
    let mut forger = Forger::join(&shop).await;
    for more in [
        json!({ "email_verified": false }),
        json!({ "email": null, "email_verified": null }),
        json!({ "email_verified": null }),
        json!({ "email": "no address" }),
    ] {
        let (status, text) = forger.try_out(&shop, &claims(more.clone()), "").await;
        assert!(
            status == 400 && text.contains("vouches for no"),
            "{more}: {text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_endless_or_leads_elsewhere_is_given_up() {
    let shop = Shop::federated().await;
    let mut forger = Forger::join(&shop).await;
    let mut long = claims(json!({}));
    long["long"] = json!(300 << 10);
    let mut elsewhere = claims(json!({}));
    elsewhere["redirect"] = json!(format!("{}/token?", forger.issuer));
    for forged in [long, elsewhere] {
        let (status, text) = forger.try_out(&shop, &forged, "").await;
        assert!(
            status.as_u16() >= 400 && text.contains("other provider"),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_is_no_door_into_the_providers_network() {
    let shop = Shop::federated().await;
    let token = shop
        .api
        .token(berth_model::ClientFor::Storefront(shop.id))
        .await;
    let mut forger = Forger::join(&shop).await;
    // Its own documents may not lead there either.
    let says = json!({ "says": { "issuer": "http://127.0.0.1:1" } });
    forger.program.order(says).await;
    forger.program.told().await.unwrap();
    for (number, issuer) in [
        "http://10.0.0.1",
        "https://169.254.169.254",
        "http://[fd00::1]/",
        "http://127.0.0.1:1",
        "ftp://id.example.org",
        "https://anna@id.example.org",
        &forger.issuer,
    ]
    .into_iter()
    .enumerate()
    {
        let input = json!({
            "idempotencyKey": number.to_string(), "name": "X", "issuer": issuer, "clientId": "x",
            "clientSecret": "x",
        });
        let made = shop
            .api
            .try_make(
                &token,
                "identityProviderCreate",
                input,
                "identityProvider { id }",
            )
            .await;
        let error = &made["userErrors"][0];
        assert_eq!(error["code"], "INVALID_INPUT", "{issuer}: {made}");
        assert_eq!(error["field"], json!(["input", "issuer"]), "{issuer}");
    }
    let query = "{ identityProviders { nodes { id } } }";
    let answer = shop.api.ask("bt_none", query, json!({})).await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_issuer_names_is_checked_when_it_is_asked() {
    let shop = Shop::federated().await;
    let mut forger = Forger::join(&shop).await;
    let input = json!({ "says": { "userinfo_endpoint": "http://10.0.0.1/me",
                                  "token_endpoint": "http://10.0.0.1/token" } });
    forger.program.order(input).await;
    forger.program.told().await.unwrap();
    // What was kept of it is over after ten minutes; another storefront's pages ask anew.
    let other = Shop::federated().await;
    let (id, path) = create(&other, "Forger", &forger.issuer).await;
    let mut browser = other.browser();
    let url = leave(&mut browser, &other, &id, "").await;
    let state = url
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let answer = format!("{}{path}?code=c&state={state}", other.api.url);
    let page = back(&mut browser, &other, &answer).await;
    assert!(
        page.status == 503 && page.says("doesn&#39;t answer now"),
        "{}",
        page.text
    );
}
