//! The token endpoint, as RFC 6749 and RFC 8414 have it.

use berth_model::ClientFor;
use chrono::TimeDelta;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::support::{Api, code};

fn endpoint(api: &Api) -> RequestBuilder {
    api.http.post(format!("{}/oauth/token", api.url))
}

async fn refused(request: RequestBuilder) -> (StatusCode, String) {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert_eq!(
        answer.headers().contains_key("www-authenticate"),
        status == 401
    );
    let body: Value = answer.json().await.unwrap();
    assert!(body["error_description"].is_string(), "{body}");
    (status, body["error"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_a_token_by_basic_and_by_body() {
    let api = Api::new().await;
    let (id, secret) = api.client(ClientFor::Platform).await;
    let grant = [("grant_type", "client_credentials")];
    let in_body = [
        ("grant_type", "client_credentials"),
        ("client_id", &id),
        ("client_secret", &secret),
    ];
    for request in [
        endpoint(&api).basic_auth(&id, Some(&secret)).form(&grant),
        endpoint(&api).form(&in_body),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["pragma"], "no-cache");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(
            (&body["token_type"], &body["expires_in"]),
            (&json!("Bearer"), &json!(3600))
        );
        let token = body["access_token"].as_str().unwrap();
        let data = api.data(token, "{ viewer { kind } }", json!({})).await;
        assert_eq!(data["viewer"]["kind"], "PLATFORM");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_the_rfcs_codes() {
    let api = Api::new().await;
    let (id, secret) = api.client(ClientFor::Platform).await;
    let grant = ("grant_type", "client_credentials");
    let basic = || endpoint(&api).basic_auth(&id, Some(&secret));
    let unknown = id.replace(|c: char| c.is_ascii_digit(), "0");
    let cases = [
        (basic().form(&[("a", "b")]), 400, "invalid_request"),
        (basic().form(&[grant, grant]), 400, "invalid_request"),
        (
            basic().form(&[("grant_type", "password")]),
            400,
            "unsupported_grant_type",
        ),
        (
            basic().form(&[grant, ("scope", "all")]),
            400,
            "invalid_scope",
        ),
        (
            basic().form(&[grant, ("client_secret", secret.as_str())]),
            400,
            "invalid_request",
        ),
        (basic().json(&json!({})), 400, "invalid_request"),
        (
            basic().form(&[grant, ("x", &"x".repeat(20_000))]),
            413,
            "invalid_request",
        ),
        (endpoint(&api).form(&[grant]), 401, "invalid_client"),
        (
            endpoint(&api).bearer_auth("x").form(&[grant]),
            401,
            "invalid_client",
        ),
        (
            endpoint(&api)
                .basic_auth(&id, Some("bs_wrong"))
                .form(&[grant]),
            401,
            "invalid_client",
        ),
        (
            endpoint(&api)
                .basic_auth(&unknown, Some(&secret))
                .form(&[grant]),
            401,
            "invalid_client",
        ),
        (
            endpoint(&api)
                .basic_auth("anna", Some(&secret))
                .form(&[grant]),
            401,
            "invalid_client",
        ),
    ];
    for (index, (request, status, error)) in cases.into_iter().enumerate() {
        let found = refused(request).await;
        assert_eq!(
            (found.0.as_u16(), found.1.as_str()),
            (status, error),
            "case {index}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends() {
    let api = Api::new().await;
    let token = api.token(ClientFor::Platform).await;
    api.database.clock.advance(TimeDelta::minutes(59));
    assert_eq!(
        code(&api.ask(&token, "{ viewer { kind } }", json!({})).await),
        "no error"
    );
    api.database.clock.advance(TimeDelta::minutes(1));
    let answer = api
        .post(&token)
        .json(&json!({ "query": "{ viewer { kind } }" }))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 401);
    assert!(
        answer.headers()["www-authenticate"]
            .to_str()
            .unwrap()
            .starts_with("Bearer")
    );
    assert_eq!(code(&answer.json().await.unwrap()), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_not_given_without_end() {
    let api = Api::new().await;
    let (id, secret) = api.client(ClientFor::Platform).await;
    let grant = [("grant_type", "client_credentials")];
    for _ in 0..60 {
        let request = endpoint(&api).basic_auth(&id, Some(&secret)).form(&grant);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    let request = endpoint(&api).basic_auth(&id, Some(&secret)).form(&grant);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secrets_are_slowed_down_and_the_right_one_goes_on_working() {
    let api = Api::new().await;
    let (id, secret) = api.client(ClientFor::Platform).await;
    let unknown = id.replace(|c: char| c.is_ascii_digit(), "0");
    let grant = [("grant_type", "client_credentials")];
    let with = |id: &str, secret: &str| endpoint(&api).basic_auth(id, Some(secret)).form(&grant);
    // A client that isn't there is answered as one that is.
    for id in [&id, &unknown] {
        for _ in 0..10 {
            let found = refused(with(id, "bs_wrong")).await;
            assert_eq!(
                (found.0.as_u16(), found.1.as_str()),
                (401, "invalid_client")
            );
        }
        for _ in 0..3 {
            let answer = with(id, "bs_wrong").send().await.unwrap();
            assert_eq!(answer.headers()["retry-after"], "1");
            let found = refused(with(id, "bs_wrong")).await;
            assert_eq!((found.0.as_u16(), found.1.as_str()), (429, "slow_down"));
        }
    }
    let answer = with(&id, &secret).send().await.unwrap();
    assert_eq!(answer.status(), 200, "the client itself isn't kept out");
    let (other, _) = api.client(ClientFor::Platform).await;
    assert_eq!(refused(with(&other, "bs_wrong")).await.0, 401);
    api.database.clock.advance(TimeDelta::seconds(1));
    assert_eq!(refused(with(&id, "bs_wrong")).await.0, 401);
    assert_eq!(refused(with(&id, "bs_wrong")).await.0, 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_is_found() {
    let api = Api::new().await;
    let url = format!("{}/.well-known/oauth-authorization-server", api.url);
    let body: Value = api
        .http
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(body["issuer"], api.url);
    assert_eq!(body["token_endpoint"], format!("{}/oauth/token", api.url));
    assert_eq!(body["grant_types_supported"], json!(["client_credentials"]));
}
