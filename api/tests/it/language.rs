//! What is wrong is told in the reader's language; codes and fields are the same in all.

use berth_model::ClientFor;
use serde_json::{Value, json};

use crate::{
    subscription::Socket,
    support::{Api, platform},
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
