//! The token endpoint, as RFC 6749 and RFC 8414 have it.

use berth_model::ClientFor;
use chrono::TimeDelta;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::{
    pages::flow::is_plain,
    support::{Api, code},
};

fn endpoint(api: &Api) -> RequestBuilder {
    at(api, "token")
}

fn at(api: &Api, name: &str) -> RequestBuilder {
    api.http.post(format!("{}/oauth/{name}", api.url))
}

/// What an endpoint answers to a client that sends this form.
async fn told(api: &Api, name: &str, client: &(String, String), form: &[(&str, &str)]) -> Value {
    let request = at(api, name).basic_auth(&client.0, Some(&client.1));
    let answer = request.form(form).send().await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    answer.json().await.unwrap()
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
    let (id, secret) = api.client(ClientFor::PROVIDER).await;
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
    let (id, secret) = api.client(ClientFor::PROVIDER).await;
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
    let token = api.token(ClientFor::PROVIDER).await;
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
    let (id, secret) = api.client(ClientFor::PROVIDER).await;
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
    let (id, secret) = api.client(ClientFor::PROVIDER).await;
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
    let (other, _) = api.client(ClientFor::PROVIDER).await;
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
    for name in ["token", "revocation", "introspection"] {
        let url = body[format!("{name}_endpoint")].as_str().unwrap();
        assert!(url.starts_with(&api.url), "{url}");
        let answer = api.http.post(url).form(&[("a", "b")]).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{url} is there and wants a client");
    }
    let scopes = body["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&json!("tenant:read")), "{scopes:?}");
    let grants = json!(["authorization_code", "client_credentials", "refresh_token"]);
    assert_eq!(body["grant_types_supported"], grants);
    let page = body["authorization_endpoint"].as_str().unwrap();
    let answer = api.http.get(page).send().await.unwrap();
    assert_eq!(answer.status(), 400, "{page} is there and wants a request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_says_its_scopes_and_opens_no_more() {
    let api = Api::new().await;
    let client = api.client(ClientFor::PROVIDER).await;
    let grant = ("grant_type", "client_credentials");
    let wide = told(&api, "token", &client, &[grant]).await;
    assert!(wide["scope"].as_str().unwrap().contains("fleet:admin"));
    let form = [grant, ("scope", "tenant:read fleet:read")];
    let narrow = told(&api, "token", &client, &form).await;
    assert_eq!(narrow["scope"], "fleet:read tenant:read");
    let token = narrow["access_token"].as_str().unwrap();
    let query = "{ tenants(first: 1) { edges { node { id } } } }";
    api.data(token, query, json!({})).await;
    let query = "{ clients(first: 1) { edges { node { id } } } }";
    assert_eq!(code(&api.ask(token, query, json!({})).await), "FORBIDDEN");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_ends_at_once() {
    let api = Api::new().await;
    let client = api.client(ClientFor::PROVIDER).await;
    let other = api.client(ClientFor::PROVIDER).await;
    let issued = told(
        &api,
        "token",
        &client,
        &[("grant_type", "client_credentials")],
    )
    .await;
    let token = issued["access_token"].as_str().unwrap();
    let form = [("token", token), ("token_type_hint", "refresh_token")];
    let refused = told(&api, "revoke", &other, &form).await;
    assert_eq!(refused["error"], "invalid_grant");
    api.data(token, "{ viewer { kind } }", json!({})).await;
    for _ in 0..2 {
        assert_eq!(told(&api, "revoke", &client, &form).await, json!({}));
        let answer = api.ask(token, "{ viewer { kind } }", json!({})).await;
        assert_eq!(code(&answer), "UNAUTHENTICATED");
    }
    let without = told(&api, "revoke", &client, &[("a", "b")]).await;
    assert_eq!(without["error"], "invalid_request");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_told_to_its_client_and_to_the_provider_alone() {
    let api = Api::new().await;
    let cx = crate::support::platform();
    let shop = api.store().storefront_create(&cx, "A".to_owned()).await;
    let shop = ClientFor::Storefront(shop.unwrap().id);
    let (provider, client, other) = (
        api.client(ClientFor::PROVIDER).await,
        api.client(shop).await,
        api.client(shop).await,
    );
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "tenant:read"),
    ];
    let issued = told(&api, "token", &client, &form).await;
    let form = [("token", issued["access_token"].as_str().unwrap())];
    let active = told(&api, "introspect", &client, &form).await;
    assert_eq!(active, told(&api, "introspect", &provider, &form).await);
    assert_eq!(active["active"], true);
    assert_eq!(active["client_id"], client.0);
    assert_eq!(active["scope"], "tenant:read");
    assert_eq!(active["kind"], "STOREFRONT");
    let (from, until) = (active["iat"].as_i64(), active["exp"].as_i64());
    assert_eq!(until.unwrap() - from.unwrap(), 3600);
    let nothing = json!({ "active": false });
    assert_eq!(told(&api, "introspect", &other, &form).await, nothing);
    let unknown = [("token", "bt_unknown")];
    assert_eq!(told(&api, "introspect", &provider, &unknown).await, nothing);
    api.database.clock.advance(TimeDelta::hours(1));
    assert_eq!(told(&api, "introspect", &client, &form).await, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_makes_storefronts_and_their_clients() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let make = async |mutation: &str, input: Value, fields: &str| {
        api.make(&token, mutation, input, fields).await
    };
    let input = json!({ "idempotencyKey": "1", "name": "Harbour" });
    let made = make("storefrontCreate", input, "storefront { id name }").await;
    let shop = &made["storefront"]["id"];
    let fields = "secret client { id kind scopes storefront { id } }";
    let input = json!({
        "idempotencyKey": "1", "name": "backend", "actsFor": { "storefront": shop },
        "scopes": ["TENANT_READ"],
    });
    let made = make("clientCreate", input.clone(), fields).await;
    let (client, first) = (&made["client"], made["secret"].as_str().unwrap());
    assert_eq!(client["storefront"]["id"], *shop);
    assert_eq!(client["scopes"], json!(["TENANT_READ"]));
    let again = make("clientCreate", input, fields).await;
    assert_eq!((&again["client"], &again["secret"]), (client, &Value::Null));

    let id = client["id"].as_str().unwrap().to_owned();
    let grant = [("grant_type", "client_credentials")];
    let before = told(&api, "token", &(id.clone(), first.to_owned()), &grant).await;
    let token_before = before["access_token"].as_str().unwrap();
    let input = json!({ "idempotencyKey": "2", "clientId": id });
    let made = make("clientSecretRotate", input, "secret").await;
    let second = made["secret"].as_str().unwrap().to_owned();
    let old = told(&api, "token", &(id.clone(), first.to_owned()), &grant).await;
    assert_eq!(old["error"], "invalid_client");
    let new = told(&api, "token", &(id.clone(), second), &grant).await;
    assert_eq!(new["scope"], "tenant:read");

    let input = json!({ "idempotencyKey": "3", "clientId": id });
    for _ in 0..2 {
        let gone = make("clientDelete", input.clone(), "clientId").await;
        assert_eq!(gone["clientId"], id);
    }
    let answer = api
        .ask(token_before, "{ viewer { kind } }", json!({}))
        .await;
    assert_eq!(code(&answer), "UNAUTHENTICATED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_in_the_letters_that_the_standard_allows() {
    let api = Api::new().await;
    let (id, secret) = api.client(ClientFor::PROVIDER).await;
    let form = [("grant_type", "client_credentials"), ("scope", "\"é\\\n")];
    let told = told(&api, "token", &(id, secret), &form).await;
    assert_eq!(told["error"], "invalid_scope");
    let description = told["error_description"].as_str().unwrap();
    assert!(is_plain(description), "{description}");
}
