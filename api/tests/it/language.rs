//! What is wrong is told in the reader's language; codes and fields are the same in all.

use berth_model::ClientFor;
use serde_json::{Value, json};

use crate::{
    languages::publish,
    pages::{browser::sign_up, shop::Shop},
    subscription::Socket,
    support::{Api, platform},
    world::World,
};

/// What a request asks for, and three beginnings: of a name that is only spaces, of an unknown storefront, and
/// of a missing token.
const LANGUAGES: [(&str, [&str; 3]); 5] = [
    ("en", ENGLISH),
    ("de-AT, en;q=0.5", GERMAN),
    ("fr", FRENCH),
    ("nl, fr;q=0.2, de;q=0.1", FRENCH),
    ("nl", ENGLISH),
];

const ENGLISH: [&str; 3] = [
    "Give 1 to 100 characters on one line",
    "There is no such deployment",
    "Send an access token",
];
const GERMAN: [&str; 3] = [
    "Geben Sie 1 bis 100 Zeichen in einer Zeile an",
    "Nicht gefunden: Installation.",
    "Senden Sie ein Zugriffstoken",
];
const FRENCH: [&str; 3] = [
    "Indiquez de 1 à 100 caractères sur une seule ligne",
    "Introuvable\u{a0}: installation.",
    "Envoyez un jeton d’accès",
];

/// Asks in a language; the answer.
async fn asked(api: &Api, token: &str, language: &str, query: &str, input: Value) -> Value {
    let body = json!({ "query": query, "variables": { "input": input } });
    let request = api.post(token).header("accept-language", language);
    let answer = request.json(&body).send().await.unwrap();
    answer.json().await.unwrap()
}

fn begins(message: &Value, beginning: &str) {
    let message = message.as_str().unwrap();
    assert!(
        message.starts_with(beginning),
        "{message} is not {beginning}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn user_errors_and_errors_are_in_the_language_that_a_request_asks_for() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let create = "mutation($input: TenantCreateInput!) {
        tenantCreate(input: $input) { userErrors { code message field } } }";
    let stop = "mutation($input: DeploymentStopInput!) {
        deploymentStop(input: $input) { userErrors { code message field } } }";
    for (language, [name, unknown, token_missing]) in LANGUAGES {
        let input = json!({
            "idempotencyKey": "k", "name": "  ", "ownerName": "A", "ownerEmail": "a@example.org",
        });
        let answer = asked(&api, &token, language, create, input).await;
        let error = &answer["data"]["tenantCreate"]["userErrors"][0];
        begins(&error["message"], name);
        assert_eq!(error["code"], "INVALID_INPUT");
        assert_eq!(error["field"], json!(["input", "name"]));

        let id = format!("dep_{}", "0".repeat(32));
        let input = json!({ "idempotencyKey": "k", "deploymentId": id });
        let answer = asked(&api, &token, language, stop, input).await;
        let error = &answer["data"]["deploymentStop"]["userErrors"][0];
        begins(&error["message"], unknown);
        assert_eq!(error["code"], "NOT_FOUND");

        let query = json!({ "query": "{ viewer { kind } }" });
        let request = api.http.post(format!("{}/graphql", api.url)).json(&query);
        let request = request.header("accept-language", language);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        begins(&answer["errors"][0]["message"], token_missing);
        let extensions = json!({ "code": "UNAUTHENTICATED" });
        assert_eq!(answer["errors"][0]["extensions"], extensions);
    }
    let made = api
        .store()
        .storefront_create(&platform(), " ".to_owned())
        .await;
    begins(&json!(made.unwrap_err().to_string()), ENGLISH[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_resolvers_are_in_the_language_too() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    for (language, beginning) in [
        ("en", "Give first or last"),
        ("de", "Geben Sie first oder last"),
        ("fr", "Indiquez first ou last"),
    ] {
        let query = "{ tenants(first: 1, last: 1) { nodes { id } } }";
        let answer = asked(&api, &token, language, query, json!({})).await;
        begins(&answer["errors"][0]["message"], beginning);
        assert_eq!(answer["errors"][0]["extensions"]["field"], "last");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_the_language_of_its_beginning() {
    let api = Api::new().await;
    let token = api.token(ClientFor::PROVIDER).await;
    let said = json!({ "accessToken": token, "acceptLanguage": "fr" });
    let unsaid = json!({ "accessToken": token });
    for (init, [_, unknown, _]) in [(said, FRENCH), (unsaid, GERMAN)] {
        let mut socket = Socket::open_in(&api, "de", init).await;
        let query = format!(
            "mutation {{ deploymentStop(input: {{ idempotencyKey: \"k\", deploymentId: \"dep_{}\" }}) \
             {{ userErrors {{ message }} }} }}",
            "0".repeat(32)
        );
        socket.subscribe("1", &query).await;
        let next = socket.next().await;
        let payload = &next["payload"]["data"]["deploymentStop"];
        begins(&payload["userErrors"][0]["message"], unknown);
    }
}

/// Somebody who reads a language here, and the token of a client that they let act for their account.
async fn reader(shop: &Shop, locale: &str) -> String {
    let mut browser = shop.browser();
    let email = format!("{locale}@mail.example");
    sign_up(&mut browser, shop.api.store(), &shop.base, &email).await;
    let account = format!("{}/account", shop.base);
    let fields = [("name", "Anna"), ("locale", locale)];
    browser
        .submit(&account, &format!("{account}/profile"), &fields)
        .await;
    let (_, tokens) = shop.redeem(&shop.code(&mut browser, "none").await).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_is_told_in_the_language_of_their_account() {
    let shop = Shop::new().await;
    let token = reader(&shop, "de").await;
    let wrong = "{ tenants(first: 1, last: 1) { nodes { id } } }";
    for (language, beginning) in [
        ("", "Geben Sie first oder last"),
        ("nl", "Geben Sie first oder last"),
        ("fr", "Indiquez first ou last"),
        ("en", "Give first or last"),
    ] {
        let answer = asked(&shop.api, &token, language, wrong, json!({})).await;
        begins(&answer["errors"][0]["message"], beginning);
    }
    // Also before anything is looked for, and on a WebSocket.
    let huge = "{ tenants(first: 100) { nodes {
        members(first: 100) { nodes { id } } deployments(first: 100) { nodes { id } } } } }";
    let answer = asked(&shop.api, &token, "", huge, json!({})).await;
    begins(&answer["errors"][0]["message"], "Diese Anfrage kostet");
    let mut socket = Socket::open_in(&shop.api, "", json!({ "accessToken": token })).await;
    socket.subscribe("1", wrong).await;
    let next = socket.next().await;
    let errors = next["payload"]["errors"].as_array();
    let errors = errors.or_else(|| next["payload"].as_array()).unwrap();
    begins(&errors[0]["message"], "Geben Sie first oder last");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebodys_own_language_comes_before_the_storefronts() {
    let world = World::new().await;
    publish(&world).await;
    let storefront = &world.ids["Storefront"];
    // It is in French, and has no terms to accept.
    let input = json!({
        "idempotencyKey": "FR", "storefrontId": storefront, "locale": "FR", "termsUrl": null,
        "termsVersion": null,
    });
    let mutation = "storefrontUpdate";
    world.api.make(&world.shop_a, mutation, input, "").await;
    let id = storefront.parse().unwrap();
    let shop = Shop::of(world.api, id).await;
    let token = reader(&shop, "de").await;
    let query = "{ applications { nodes { summary } } }";
    for (language, summary) in [("", "Unterhaltungen."), ("en", "Chat.")] {
        let answer = asked(&shop.api, &token, language, query, json!({})).await;
        let found = &answer["data"]["applications"]["nodes"][0]["summary"];
        assert_eq!(found, summary, "{language}");
    }
}

/// What a client of OAuth is told is for its developer, in ASCII (RFC 6749, section 5.2).
#[tokio::test(flavor = "multi_thread")]
async fn what_oauth_tells_is_english_whatever_is_asked_for() {
    let api = Api::new().await;
    let form = [("grant_type", "client_credentials"), ("client_id", "x")];
    let request = api
        .http
        .post(format!("{}/oauth/token", api.url))
        .form(&form);
    let request = request.header("accept-language", "de");
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        answer["error_description"],
        "The client id or its secret is wrong."
    );
}
