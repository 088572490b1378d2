//! Queries and mutations over HTTP.

use std::time::Duration;

use reqwest::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::token::{Tokens, causes};
use crate::{
    cli::Access,
    failure::{Exit, Failure},
    process::parts::user_name,
};

/// For a whole request; the API answers at once, since it only records what is wanted.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// A connection's page, as far as a reader of few things asks for it.
#[derive(Deserialize)]
pub(crate) struct Nodes<T> {
    pub(crate) nodes: Vec<T>,
}

/// A client of the API.
pub(crate) struct ApiClient {
    http: reqwest::Client,
    pub(super) tokens: Tokens,
    pub(super) url: String,
}

impl ApiClient {
    /// A client; connects with the first request.
    pub(crate) fn new(access: &Access) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .timeout(TIME_LIMIT)
            // The audit log keeps it: the token says which client, this which program and user.
            .user_agent(format!(
                "berth/{} (cli/{})",
                env!("CARGO_PKG_VERSION"),
                user_name()
            ))
            // A token endpoint that redirects would be given our secret to pass on.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|cause| causes(&cause))?;
        let url = access.url.trim_end_matches('/').to_owned();
        let tokens = Tokens::new(http.clone(), &url, &access.client_id, &access.client_secret)?;
        Ok(Self { http, tokens, url })
    }

    /// The `data` of a query's answer, as a type of the caller's.
    pub(crate) async fn query_as<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: Value,
    ) -> Result<T, Failure> {
        serde_json::from_value(self.query(document, variables).await?).map_err(|cause| {
            Failure::new(Exit::Refused, format!("the answer can't be read: {cause}"))
        })
    }

    /// The `data` of a query's answer.
    pub(crate) async fn query(&self, document: &str, variables: Value) -> Result<Value, Failure> {
        let (mut status, mut answer) = self.post(document, &variables).await?;
        if status == StatusCode::UNAUTHORIZED {
            // The token was taken back or the database is another one; a fresh one tells.
            self.tokens.forget().await;
            (status, answer) = self.post(document, &variables).await?;
        }
        if let Some(error) = answer["errors"].get(0) {
            let code = error["extensions"]["code"].as_str().unwrap_or("ERROR");
            let message = error["message"].as_str().unwrap_or("without a message");
            return Err(Failure::new(
                Exit::Refused,
                format!("the API refused ({code}): {message}"),
            ));
        }
        match answer.get_mut("data") {
            Some(data) if status.is_success() => Ok(data.take()),
            _ => Err(Failure::new(
                Exit::Refused,
                format!("the API answered {status}: {answer}"),
            )),
        }
    }

    /// The payload of a mutation, once its user errors are known to be none.
    ///
    /// `document` has one mutation field, whose name is `name`, and takes `$input`.
    pub(crate) async fn mutate(
        &self,
        name: &str,
        document: &str,
        input: Value,
    ) -> Result<Value, Failure> {
        let mut data = self.query(document, json!({ "input": input })).await?;
        let payload = data.get_mut(name).map(Value::take).unwrap_or_default();
        user_errors(name, &payload)?;
        Ok(payload)
    }

    async fn post(
        &self,
        document: &str,
        variables: &Value,
    ) -> Result<(StatusCode, Value), Failure> {
        let answer = self
            .http
            .post(format!("{}/graphql", self.url))
            .bearer_auth(self.tokens.get().await?)
            .json(&json!({ "query": document, "variables": variables }))
            .send()
            .await
            .map_err(|cause| unreachable(&self.url, &cause))?;
        let status = answer.status();
        let body = answer
            .text()
            .await
            .map_err(|cause| unreachable(&self.url, &cause))?;
        Ok((
            status,
            serde_json::from_str(&body).unwrap_or(Value::String(body)),
        ))
    }
}

fn unreachable(url: &str, cause: &reqwest::Error) -> Failure {
    let message = format!(
        "{url} can't be reached ({}); is `berth serve` running?",
        causes(cause)
    );
    Failure::new(Exit::Unreachable, message)
}

fn user_errors(name: &str, payload: &Value) -> Result<(), Failure> {
    let errors = payload["userErrors"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    if errors.is_empty() && !payload.is_null() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for error in errors {
        let code = error["code"].as_str().unwrap_or("ERROR");
        let message = error["message"].as_str().unwrap_or("without a message");
        let field: Vec<&str> = error["field"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let field = if field.is_empty() {
            String::new()
        } else {
            format!(" at {}", field.join("."))
        };
        lines.push(format!("{name} was refused ({code}{field}): {message}"));
    }
    if lines.is_empty() {
        lines.push(format!("{name} was answered with nothing"));
    }
    Err(Failure::new(Exit::Refused, lines.join("\n")))
}

/// A text in an answer, by a JSON pointer (RFC 6901); an error when the answer has another shape.
pub(crate) fn text_at(answer: &Value, pointer: &str) -> Result<String, Failure> {
    answer
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| {
            Failure::new(
                Exit::Refused,
                format!("the API's answer has no {pointer}: {answer}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_errors_become_lines_that_name_the_field() {
        let payload = json!({"deployment": null, "userErrors": [
            {"code": "ALREADY_EXISTS", "message": "Taken.", "field": ["input", "domainName"]},
            {"code": "WRONG_STATE", "message": "Stopped.", "field": null},
        ]});
        let failure = user_errors("deploymentCreate", &payload).unwrap_err();
        assert_eq!(failure.exit, Exit::Refused);
        assert_eq!(
            failure.message,
            "deploymentCreate was refused (ALREADY_EXISTS at input.domainName): Taken.\n\
             deploymentCreate was refused (WRONG_STATE): Stopped."
        );
        assert!(user_errors("x", &Value::Null).is_err());
        assert!(user_errors("x", &json!({"userErrors": []})).is_ok());
    }
}
