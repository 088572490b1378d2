//! The API as a shop sees it: a token, and documents over HTTP.

use std::{sync::Arc, time::Duration};

use berth_model::{Ids, SystemClock};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::until;

/// A client of the API.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Api {
    /// Signs in with client credentials.
    pub async fn sign_in(url: &str, client_id: &str, secret: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        let answer: Value = http
            .post(format!("{url}/oauth/token"))
            .basic_auth(client_id, Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let token = answer["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("no token: {answer}"));
        Self {
            http,
            url: url.to_owned(),
            token: token.to_owned(),
        }
    }

    /// Where it is, without a path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The access token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Sends a document; the whole answer.
    pub async fn send(&self, document: &str, variables: Value) -> Value {
        self.http
            .post(format!("{}/graphql", self.url))
            .bearer_auth(&self.token)
            .json(&json!({ "query": document, "variables": variables }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    /// Sends a document that must answer without errors; its data.
    pub async fn query(&self, document: &str, variables: Value) -> Value {
        let mut answer = self.send(document, variables).await;
        assert!(answer.get("errors").is_none(), "{document}\n{answer:#}");
        answer["data"].take()
    }

    /// Calls a mutation with its input and a fresh idempotency key; the payload. `selection` is of the
    /// payload, without `userErrors`.
    pub async fn mutate(&self, mutation: &str, mut input: Value, selection: &str) -> Value {
        let mut name = mutation.to_owned();
        name[..1].make_ascii_uppercase();
        let document = format!(
            "mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ {selection} \
             userErrors {{ code message field }} }} }}"
        );
        input["idempotencyKey"] = json!(fresh_uuid().to_string());
        self.query(&document, json!({ "input": input })).await[mutation].take()
    }

    /// The same for one that must succeed.
    pub async fn done(&self, mutation: &str, input: Value, selection: &str) -> Value {
        let payload = self.mutate(mutation, input.clone(), selection).await;
        assert_eq!(payload["userErrors"], json!([]), "{mutation} {input}");
        payload
    }

    /// An operation as it is.
    pub async fn operation(&self, id: &str) -> Value {
        let document = "query($id: ID!) { node(id: $id) { ... on Operation {
            id kind state errorCode errorMessage consoleTail
            steps { name state message } } } }";
        self.query(document, json!({ "id": id })).await["node"].take()
    }

    /// A deployment's state.
    pub async fn deployment_state(&self, id: &str) -> String {
        let document = "query($id: ID!) { node(id: $id) { ... on Deployment { state } } }";
        let data = self.query(document, json!({ "id": id })).await;
        data["node"]["state"].as_str().unwrap().to_owned()
    }

    /// Waits until an operation has ended.
    pub async fn operation_end(&self, id: &str, limit: Duration) -> Value {
        let last = std::cell::RefCell::new(Value::Null);
        let look = || async {
            let operation = self.operation(id).await;
            let state = operation["state"].as_str().unwrap().to_owned();
            *last.borrow_mut() = operation.clone();
            ["SUCCEEDED", "FAILED", "CANCELLED"]
                .contains(&state.as_str())
                .then_some(operation)
        };
        until(limit, look, || format!("{:#}", last.borrow())).await
    }
}

/// The UUID in a global id.
#[must_use]
pub fn global_uuid(id: &Value) -> Uuid {
    let text = id.as_str().unwrap_or_else(|| panic!("no id: {id}"));
    text.rsplit('_').next().unwrap().parse().unwrap()
}

/// An id that nobody had before.
#[must_use]
pub fn fresh_uuid() -> Uuid {
    Ids::new(Arc::new(SystemClock)).uuid()
}
